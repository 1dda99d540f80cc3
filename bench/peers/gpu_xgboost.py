#!/usr/bin/env python3
"""Trains XGBoost on the GPU on a file that `ramet bench --save-data` wrote, and reports times as `ramet bench` does.

The file is an .npy matrix of float32, one row a line, with the label in the last column. The first training, which
loads kernels, is not counted. Needs numpy and xgboost alone.
"""

import argparse
import json
import time

import numpy as np
import xgboost


class RoundTimes(xgboost.callback.TrainingCallback):
    """Seconds at the end of every round."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def after_iteration(self, model, epoch, evals_log) -> bool:
        self.ends.append(time.perf_counter())
        return False


def parameters(options: argparse.Namespace) -> dict:
    return {
        "objective": options.objective,
        "tree_method": "hist",
        "device": options.device,
        "grow_policy": options.grow_policy,
        "max_depth": options.max_depth,
        "max_leaves": options.max_leaves,
        "max_bin": options.max_bin,
        "eta": options.eta,
        "lambda": 1.0,
        "min_child_weight": 1.0,
        "verbosity": 1,
    }


def train(options: argparse.Namespace, x: np.ndarray, y: np.ndarray, rounds: int) -> dict:
    began = time.perf_counter()
    data = xgboost.QuantileDMatrix(x, label=y, max_bin=options.max_bin)
    binned = time.perf_counter()
    times = RoundTimes()
    model = xgboost.train(parameters(options), data, num_boost_round=rounds, callbacks=[times])
    trained = time.perf_counter()
    several = len(times.ends) > 1
    steady = (times.ends[-1] - times.ends[0]) / (rounds - 1) if several else trained - binned
    return {
        "bin_s": binned - began,
        "total_s": trained - binned,
        "ms_per_tree": 1000 * steady,
        "trees": model.num_boosted_rounds(),
    }


def log_loss(options: argparse.Namespace, x: np.ndarray, y: np.ndarray) -> float:
    """Of the training rows: that both learn as much."""
    data = xgboost.QuantileDMatrix(x, label=y, max_bin=options.max_bin)
    result: dict = {}
    xgboost.train(
        {**parameters(options), "eval_metric": "logloss"}, data, num_boost_round=options.rounds,
        evals=[(data, "train")], evals_result=result, verbose_eval=False,
    )  # fmt: skip
    return result["train"]["logloss"][-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--report", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--objective", default="binary:logistic")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--grow-policy", default="depthwise")
    parser.add_argument("--max-depth", type=int, default=8)
    parser.add_argument("--max-leaves", type=int, default=0)
    parser.add_argument("--max-bin", type=int, default=255)
    parser.add_argument("--eta", type=float, default=0.1)
    options = parser.parse_args()
    table = np.load(options.data, mmap_mode="r")
    x = np.ascontiguousarray(table[:, :-1])
    y = np.ascontiguousarray(table[:, -1])
    train(options, x[:10_000], y[:10_000], 2)
    outcome = {
        "engine": "xgboost",
        "version": xgboost.__version__,
        "rows": len(y),
        "features": x.shape[1],
        "parameters": parameters(options),
        **train(options, x, y, options.rounds),
    }
    if options.objective == "binary:logistic":
        outcome["train_logloss"] = log_loss(options, x, y)
    with open(options.report, "w") as file:
        json.dump(outcome, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
