"""Two small trainings of Ramet and LightGBM in turn, long enough to tell and short enough for every change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
from peers import compare, datasets, engines, runs
from peers.engines import ramet
from peers.settings import Settings, Task

REFERENCE = "lightgbm"
ENGINES = (engines.RAMET, REFERENCE)
LEAST_REPEATS = 3
DATA = ramet.REPOSITORY / "data"


@dataclass(frozen=True)
class Case:
    name: str
    prepare: Callable[[Path], Path]  # the folder of the files, below a cache
    rounds: int
    depth: int = 8

    def settings(self, threads: int) -> Settings:
        return Settings(growth="depthwise", depth=self.depth, rounds=self.rounds, threads=threads)

    def described(self, threads: int) -> str:
        """What a recorded ratio holds for."""
        return f"depthwise, depth {self.depth}, {self.rounds} rounds, {threads} threads"


def generated(cache: Path) -> Path:
    return datasets.generate(200_000, 28, cache, seed=0)


def letter(cache: Path) -> Path:
    return datasets.prepare(datasets.BY_NAME["letter"], DATA, cache, seed=0)


CASES = (
    Case("generated-200000x28", generated, rounds=100),
    Case("letter", letter, rounds=20),  # 26 trees a round
)


@dataclass
class Times:
    """Training seconds of one case, by engine."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, run: runs.Run) -> None:
        self.seconds.setdefault(run.engine, []).append(run.train_s)
        self.versions[run.engine] = run.version

    @property
    def repeats(self) -> int:
        return len(self.seconds[engines.RAMET])

    @property
    def ratio(self) -> float:
        """LightGBM's median over Ramet's: how many times as fast Ramet is."""
        return median(self.seconds[REFERENCE]) / median(self.seconds[engines.RAMET])

    def to_dict(self) -> dict:
        medians = {f"{engine}_s": median(seconds) for engine, seconds in self.seconds.items()}
        return {"ratio": self.ratio, **medians, "repeats": self.repeats}


Runner = Callable[[str, Task, Settings, np.ndarray], runs.Run]


def measure(
    case: Case, cache: Path, threads: int, repeats: int, limit_s: float, runner: Runner = runs.run
) -> Times:
    """`repeats` of each engine, or fewer (three at least) where another would go past the limit."""
    task = Task.from_folder(case.prepare(cache))
    settings, labels = case.settings(threads), runs.test_labels(task)
    times = Times()
    began = time.monotonic()
    for repeat in range(repeats):
        spent = time.monotonic() - began
        if repeat >= LEAST_REPEATS and spent * (repeat + 1) / repeat > limit_s:
            break
        for engine in in_turn(repeat):
            times.add(runner(engine, task, settings, labels))
    return times


def in_turn(repeat: int) -> list[str]:
    """Each repeat starts with another engine."""
    return compare.interleaved(ENGINES, repeat + 1)[-len(ENGINES) :]
