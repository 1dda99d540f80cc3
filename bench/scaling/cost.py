"""What a point will probably cost, from what the one before has cost, and what of it fits into the time left."""

from __future__ import annotations

import math
from dataclasses import dataclass

from peers import engines
from peers.settings import Settings

from scaling.axes import Point


def work(point: Point, settings: Settings) -> float:
    """In units without a name: rows go through every level, and every node's bins are searched."""
    leaves = settings.leaves if settings.growth == "leafwise" else 2**settings.depth
    shape = point.shape
    search = shape.columns * max(point.max_bin, shape.categories) * leaves
    return shape.outputs * (shape.rows * shape.columns * math.log2(max(leaves, 2)) + search)


@dataclass(frozen=True)
class Cost:
    """Of one run that was measured."""

    start_s: float  # starting and ending a process: does not grow with the data
    inside_s: float  # loading, binning, training
    work: float

    def predicted_s(self, other_work: float) -> float:
        return self.start_s + self.inside_s * other_work / self.work


@dataclass(frozen=True)
class Plan:
    engines: tuple[str, ...]
    repeats: int
    left_out: dict[str, str]  # engine -> why


def plan(predicted: dict[str, float], repeats: int, remaining_s: float) -> Plan | None:
    """Fewer repeats first, then without the slowest peers. None: not even Ramet and one peer fit.

    `predicted` has the seconds of one run of each engine, 0 where nothing is known yet.
    """
    kept = dict(predicted)
    left_out: dict[str, str] = {}
    fewest = min(2, len(kept))
    while sum(kept.values()) > remaining_s:
        peers = [engine for engine in kept if engine != engines.RAMET]
        if len(kept) <= fewest or not peers:
            return None
        slowest = max(peers, key=kept.__getitem__)
        seconds = kept.pop(slowest)
        left_out[slowest] = f"a run would take about {seconds:.0f} s of the {remaining_s:.0f} s left"
    once = sum(kept.values())
    affordable = int(min(repeats, remaining_s / once)) if once > 0 else repeats
    return Plan(tuple(kept), max(affordable, 1), left_out)
