"""Runs one peer once, in a process of its own: `python -m peers.worker job.json`.

The job names the engine, task, settings and two files to write: the predictions (.npy) and the outcome (JSON).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from peers import engines, machine
from peers.settings import Settings, Task
from peers.table import Schema, Table, read_test, read_train


class Stopwatch:
    """Seconds since it was last read."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        return seconds


def run(engine: str, task: Task, settings: Settings) -> tuple[dict, np.ndarray]:
    """Loads, prepares, trains, predicts the test file. Memory is read after training, as Ramet reports it."""
    peer = engines.peer(engine)
    pa.set_cpu_count(settings.threads)
    start_memory = machine.memory_bytes("VmRSS")
    watch = Stopwatch()
    table, schema = read_train(task)
    load_s = watch.lap()
    pa.default_memory_pool().release_unused()  # what is left of the file's table, or it would count as training's
    load_peak = machine.restart_memory_peak()
    chosen = peer.parameters(settings, task.kind, len(schema.classes))
    watch.lap()
    data = peer.prepare(table, chosen, settings)
    bin_s = watch.lap()
    model = peer.train(data, chosen, settings)
    train_s = watch.lap()
    outcome = {
        "version": peer.version(),
        "parameters": chosen,
        "load_s": load_s,
        "bin_s": bin_s,
        "train_s": train_s,
        "start_memory_bytes": start_memory,
        "train_memory_bytes": machine.memory_bytes("VmHWM"),
        "peak_memory_bytes": max(load_peak, machine.memory_bytes("VmHWM")),
    }
    return outcome, predictions(peer, model, task, schema)


def predictions(peer: engines.ModuleType, model: object, task: Task, schema: Schema) -> np.ndarray:
    test: Table = read_test(task, schema)
    return np.asarray(peer.predict(model, test, task.kind))


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    outcome, predicted = run(job["engine"], Task.from_dict(job["task"]), Settings(**job["settings"]))
    np.save(job["predictions"], predicted)
    Path(job["outcome"]).write_text(json.dumps(outcome))


if __name__ == "__main__":
    main()
