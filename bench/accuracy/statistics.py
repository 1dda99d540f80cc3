"""What the table says of one set, and of all."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

RATIO_LIMIT = 1.02
MEAN_LIMIT = 1.003


@dataclass(frozen=True)
class Comparison:
    """One set, one peer: losses of the seeds that both engines have, in the order of the seeds."""

    set_name: str
    loss: str
    peer: list[float]
    ramet: list[float]

    @property
    def peer_mean(self) -> float:
        return mean(self.peer)

    @property
    def ramet_mean(self) -> float:
        return mean(self.ramet)

    @property
    def ratio(self) -> float:
        return self.ramet_mean / self.peer_mean

    @property
    def peer_error(self) -> float:
        """Standard error of the peer's mean over the seeds, relative to the mean; 0 for one seed."""
        return standard_error(self.peer) / self.peer_mean

    @property
    def ratio_error(self) -> float:
        """Standard error of the mean of the seeds' own ratios: the splits' share cancels."""
        return standard_error([r / p for r, p in zip(self.ramet, self.peer, strict=True)])

    @property
    def limit(self) -> float:
        return max(RATIO_LIMIT, 1 + 2 * self.peer_error)

    @property
    def within(self) -> bool:
        return self.ratio <= self.limit

    def to_dict(self) -> dict:
        shown = ("peer_mean", "ramet_mean", "ratio", "peer_error", "ratio_error", "limit", "within")
        return {**asdict(self), **{name: getattr(self, name) for name in shown}}


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def standard_error(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    centre = mean(values)
    variance = math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def geometric_mean(comparisons: list[Comparison]) -> float:
    return math.exp(mean([math.log(c.ratio) for c in comparisons]))
