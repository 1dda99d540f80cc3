"""Trains one peer once, in a process of its own: `python -m scaling.worker job.json`.

The job names the engine, its settings, the data, and the file that the outcome goes to as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

from peers import engines, machine
from peers.settings import Settings
from peers.worker import Stopwatch

from scaling.data import Shape, read_table

CATBOOST_BORDERS = 254  # bench/peers keeps CatBoost to a byte a value; along `bins` it gets what the others get


def parameters(engine: str, settings: Settings, shape: Shape) -> dict:
    chosen = engines.peer(engine).parameters(settings, shape.kind, shape.classes)
    if engine == "catboost" and settings.max_bin - 1 > CATBOOST_BORDERS:
        chosen["border_count"] = settings.max_bin - 1
    return chosen


def run(peer: ModuleType, chosen: dict, file: Path, shape: Shape, settings: Settings) -> dict:
    start_memory = machine.memory_bytes("VmRSS")
    watch = Stopwatch()
    table = read_table(file, shape)
    load_s = watch.lap()
    load_peak = machine.restart_memory_peak()
    watch.lap()
    data = peer.prepare(table, chosen, settings)
    bin_s = watch.lap()
    peer.train(data, chosen, settings)
    train_s = watch.lap()
    train_peak = machine.memory_bytes("VmHWM")
    return {
        "version": peer.version(),
        "parameters": chosen,
        "load_s": load_s,
        "bin_s": bin_s,
        "train_s": train_s,
        "start_memory_bytes": start_memory,
        "train_memory_bytes": train_peak,
        "peak_memory_bytes": max(load_peak, train_peak),
    }


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    settings, shape = Settings(**job["settings"]), Shape(**job["shape"])
    chosen = parameters(job["engine"], settings, shape)
    outcome = run(engines.peer(job["engine"]), chosen, Path(job["data"]), shape, settings)
    Path(job["outcome"]).write_text(json.dumps(outcome))


if __name__ == "__main__":
    main()
