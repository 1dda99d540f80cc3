"""Runs one engine once, in a fresh process, and judges its predictions; the same code for every engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from peers import engines, metrics
from peers.engines import ramet
from peers.settings import Settings, Task, Unsupported
from peers.table import read_test, read_train

BENCH = Path(__file__).resolve().parents[1]


class EngineFailed(Exception):
    """What the engine's process said before it ended."""


@dataclass(frozen=True)
class Run:
    engine: str
    version: str
    load_s: float
    bin_s: float
    train_s: float
    peak_memory_bytes: int  # of the whole process, loading included
    train_memory_bytes: int  # the peak while binning and training, the loaded table included; 0: not known
    start_memory_bytes: int  # of the process before it loads: interpreter and libraries
    metrics: dict[str, float]
    parameters: dict
    phases: dict

    def to_dict(self) -> dict:
        return asdict(self)


def test_labels(task: Task) -> np.ndarray:
    _, schema = read_train(task)
    return read_test(task, schema).labels


def run(engine: str, task: Task, settings: Settings, labels: np.ndarray) -> Run:
    """Raises Unsupported, or EngineFailed with the engine's message."""
    with tempfile.TemporaryDirectory(prefix="ramet-bench-") as folder:
        if engine == engines.RAMET:
            outcome, predictions = run_ramet(task, settings, Path(folder))
        else:
            outcome, predictions = run_peer(engine, task, settings, Path(folder))
    return Run(
        engine=engine,
        version=outcome["version"],
        load_s=outcome["load_s"],
        bin_s=outcome["bin_s"],
        train_s=outcome["train_s"],
        peak_memory_bytes=outcome["peak_memory_bytes"],
        train_memory_bytes=outcome["train_memory_bytes"],
        start_memory_bytes=outcome["start_memory_bytes"],
        metrics=metrics.evaluate(task.kind, labels, predictions),
        parameters=outcome["parameters"],
        phases=outcome.get("phases", {}),
    )


def run_ramet(task: Task, settings: Settings, folder: Path) -> tuple[dict, np.ndarray]:
    try:
        return ramet.run(task, settings, folder)
    except ramet.CommandFailed as failure:
        raise EngineFailed(str(failure)) from None


def run_peer(engine: str, task: Task, settings: Settings, folder: Path) -> tuple[dict, np.ndarray]:
    engines.peer(engine).parameters(settings, task.kind, 3)  # raises Unsupported before a process is started
    job = {
        "engine": engine,
        "task": asdict(task),
        "settings": settings.to_dict(),
        "predictions": str(folder / "predictions.npy"),
        "outcome": str(folder / "outcome.json"),
    }
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(job))
    environment = {**os.environ, "PYTHONPATH": str(BENCH), "OMP_NUM_THREADS": str(settings.threads)}
    done = subprocess.run(
        [sys.executable, "-m", "peers.worker", str(job_file)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise EngineFailed(f"{engine}: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return json.loads(Path(job["outcome"]).read_text()), np.load(job["predictions"])


__all__ = ["EngineFailed", "Run", "Unsupported", "run", "test_labels"]
