"""The command `bench/scaling/preparation`: from a float32 matrix in memory to ready bins, on real data sets.

Takes folders that `bench/peers/datasets` made. Text becomes the number of its category, for all engines alike. Each run
is a fresh process; engines take turns; the figures are medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from peers import machine
from peers.engines import RAMET
from peers.prepare import DEFAULT_CACHE, names
from peers.settings import Settings, Task
from peers.table import Table, read_train

from scaling import runs
from scaling.data import Shape
from scaling.processes import Limits, physical_memory

ENGINES = (RAMET, "xgboost", "lightgbm", "catboost")  # hessboost makes its bins while it trains
LONGEST_S = 600


def matrix(table: Table) -> np.ndarray:
    """Features, and the label in the last column; missing is NaN."""
    columns = table.features
    if isinstance(columns, pd.DataFrame):
        codes = {c: columns[c].cat.codes.replace(-1, np.nan) for c in columns.select_dtypes("category")}
        columns = columns.assign(**codes).to_numpy(dtype=np.float32)
    return np.ascontiguousarray(np.column_stack([columns, table.labels.astype(np.float32)]))


def shape_of(values: np.ndarray, task: Task) -> Shape:
    classes = int(values[:, -1].max()) + 1 if task.kind == "multiclass" else 2
    return Shape(rows=len(values), columns=values.shape[1] - 1, kind=task.kind, classes=classes)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of each engine's runs."""
    task = Task.from_folder(folder)
    values = matrix(read_train(task)[0])
    # The trees are not looked at: one split.
    settings = Settings(rounds=1, depth=1, threads=options.threads)
    limits = Limits(physical_memory(), LONGEST_S)
    seconds: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    with tempfile.TemporaryDirectory(prefix="ramet-preparation-") as temporary:
        file = Path(temporary) / "matrix.npy"
        np.save(file, values)
        shape = shape_of(values, task)
        del values
        for _ in range(options.repeats):
            for engine in ENGINES:
                run, _ = runs.run(engine, file, shape, settings, limits)
                seconds[engine].append(run.bin_s)
    return seconds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/scaling/preparation", description=__doc__)
    parser.add_argument("--sets", type=names, required=True, help="names, by commas")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where the sets are (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each, interleaved (default: 5)")
    parser.add_argument("--program", type=Path, help="scaling_bench (default: the release build's)")
    parser.add_argument("--json", type=Path, help="file to write the result to")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    runs.use(options.program)
    results = {}
    print(f"| set | {' | '.join(ENGINES)} | fastest peer / Ramet |")
    for name in options.sets:
        results[name] = measure(options.cache / name / "seed-0", options)
        medians = {engine: statistics.median(of_engine) for engine, of_engine in results[name].items()}
        fastest_peer = min(value for engine, value in medians.items() if engine != RAMET)
        times = " | ".join(f"{value:.3f}" for value in medians.values())
        print(f"| {name} | {times} | {fastest_peer / medians[RAMET]:.2f} |", flush=True)
    if options.json is not None:
        result = {"machine": machine.describe(), "threads": options.threads, "bin_s": results}
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
