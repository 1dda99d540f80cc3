"""The command `bench/peers/from-file`: from a CSV file of numbers to a saved model, as whole processes.

Each engine is a fresh process that reads the file, trains and saves: `ramet train`, or the usual Python script with
pandas or Arrow. Measured are the wall clock and the peak memory of the process, start of the interpreter included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peers import datasets, machine
from peers.engines import ramet
from peers.prepare import DEFAULT_CACHE, parse_size

READERS = {
    "pandas": "import pandas\ntable = pandas.read_csv({path!r})",
    "arrow": "import pyarrow.csv\ntable = pyarrow.csv.read_csv({path!r}).to_pandas()",
}
TRAINERS = {
    "lightgbm": """
import lightgbm
model = lightgbm.train({{'objective': 'binary', 'learning_rate': .1, 'max_depth': {depth}, 'num_leaves': 1 << {depth},
                        'min_data_in_leaf': 1, 'min_sum_hessian_in_leaf': 1, 'lambda_l2': 1, 'num_threads': {threads},
                        'verbose': -1}}, lightgbm.Dataset(x, y), {rounds})
model.save_model({model!r})
""",
    "xgboost": """
import xgboost
model = xgboost.train({{'objective': 'binary:logistic', 'eta': .1, 'max_depth': {depth}, 'tree_method': 'hist',
                       'max_bin': 255, 'nthread': {threads}}},
                      xgboost.QuantileDMatrix(x, y, max_bin=255, nthread={threads}), {rounds})
model.save_model({model!r} + '.ubj')
""",
}
COLUMNS = "\nx, y = table.drop(columns={target!r}), table[{target!r}]\n"


def commands(options: argparse.Namespace, train: Path, target: str, model: str) -> dict[str, list[str]]:
    """The command of each engine and reader."""
    threads, rounds, depth = str(options.threads), str(options.rounds), str(options.depth)
    all_commands = {
        "ramet": [ramet.command(), "train", "--data", str(train), "--target", target, "--model", model]
        + ["--objective", "binary:logistic", "--num-round", rounds, "--eta", "0.1", "--max-depth", depth]
        + ["--min-data-in-leaf", "1", "--threads", threads]
    }
    for engine, trainer in TRAINERS.items():
        for reader, code in READERS.items():
            script = (code + COLUMNS + trainer).format(
                path=str(train), target=target, depth=depth, threads=threads, rounds=rounds, model=model
            )
            all_commands[f"{engine}, {reader}"] = [sys.executable, "-c", script]
    return all_commands


def run(command: list[str]) -> tuple[float, float]:
    """Seconds of the process, and its peak memory in MiB."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} failed with exit code {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/from-file", description=__doc__)
    parser.add_argument("--generate", metavar="ROWSxCOLUMNS", type=parse_size, default=(1_000_000, 28))
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2, help="runs of each, interleaved (default: 2)")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where the data goes (default: %(default)s)")
    parser.add_argument("--ramet", type=Path, help="the command to measure (default: the release build)")
    parser.add_argument("--json", type=Path, help="file to write the result to")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    ramet.use(options.ramet)
    folder = Path(datasets.generate(*options.generate, options.cache, 0))
    target = json.loads((folder / "task.json").read_text())["target"]
    runs: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for _ in range(options.repeats):
            for name, command in commands(options, folder / "train.csv", target, f"{temporary}/model").items():
                runs.setdefault(name, []).append(run(command))
                print(f"{name}: {runs[name][-1][0]:.2f} s, {runs[name][-1][1]:.0f} MiB", flush=True)
    seconds = {name: statistics.median(s for s, _ in of_name) for name, of_name in runs.items()}
    for name, value in seconds.items():
        print(f"| {name} | {value:.2f} s | {max(m for _, m in runs[name]):.0f} MiB | {value / seconds['ramet']:.2f} |")
    if options.json is not None:
        result = {"machine": machine.describe(), "rounds": options.rounds, "depth": options.depth, "runs": runs}
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
