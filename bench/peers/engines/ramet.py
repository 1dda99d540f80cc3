"""Ramet through its command: `ramet train --report`, then `ramet predict`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from peers.settings import Settings, Task
from peers.table import read_text

REPOSITORY = Path(__file__).resolve().parents[3]
OBJECTIVES = {
    "binary": "binary:logistic",
    "multiclass": "multi:softprob",
    "regression": "reg:squarederror",
    "poisson": "count:poisson",
}
MARGIN_COLUMN = "log_exposure_rate"


class CommandFailed(Exception):
    """The command's own error line."""


def command() -> str:
    """$RAMET, or the release build of this repository."""
    return os.environ.get("RAMET", str(REPOSITORY / "build" / "release" / "bin" / "ramet"))


def use(path: Path | None) -> None:
    """Takes the option `--ramet` and checks early that there is a command to run; None keeps `command()`."""
    if path is not None:
        os.environ["RAMET"] = str(path.resolve())
    if shutil.which(command()) is None:
        raise SystemExit(f"--ramet {command()}: no such program; build it first or give its path")


def call(arguments: list[str]) -> str:
    done = subprocess.run([command(), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"ramet {arguments[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def version() -> str:
    return call(["--version"]).strip().removeprefix("ramet").strip()


def growth(settings: Settings) -> dict:
    if settings.growth == "leafwise":
        return {"grow-policy": "lossguide", "max-depth": 0, "max-leaves": settings.leaves}
    return {"grow-policy": settings.growth, "max-depth": settings.depth, "max-leaves": 0}


def parameters(settings: Settings, kind: str) -> dict:
    return {
        "objective": OBJECTIVES[kind],
        "num-round": settings.rounds,
        "eta": settings.eta,
        "max-bin": settings.max_bin,
        "lambda": settings.reg_lambda,
        "min-child-weight": settings.min_child_weight,
        "min-data-in-leaf": 1,
        "threads": settings.threads,
        "seed": settings.seed,
        **growth(settings),
    }


def with_margin(task: Task, folder: Path) -> tuple[Path, Path]:
    """The task's files with a column of initial margins, as the peers compute it (see `table.margins`)."""
    train, test = read_text(task.train), read_text(task.test)
    log_rate = np.log(train[task.target].astype(float).sum() / train[task.exposure].astype(float).sum())
    files = (folder / "train-margin.csv", folder / "test-margin.csv")
    for frame, file in zip((train, test), files, strict=True):
        frame[MARGIN_COLUMN] = np.log(frame[task.exposure].astype(float)) + log_rate
        frame.to_csv(file, index=False)
    return files


def role_options(task: Task) -> list[str]:
    options = ["--target", task.target]
    ignored = [*task.ignore, *([task.exposure] if task.exposure else [])]
    if ignored:
        options += ["--ignore", ",".join(ignored)]
    if task.categorical:
        options += ["--categorical", ",".join(task.categorical)]
    return options


def run(task: Task, settings: Settings, folder: Path) -> tuple[dict, np.ndarray]:
    """Trains and predicts the test file; `folder` keeps the model, the report and the predictions."""
    train_file, test_file = Path(task.train), Path(task.test)
    margin_options: list[str] = []
    if task.exposure:
        train_file, test_file = with_margin(task, folder)
        margin_options = ["--base-margin", MARGIN_COLUMN]
    model, report, output = folder / "model.ramet", folder / "report.json", folder / "predictions.csv"
    chosen = parameters(settings, task.kind)
    parameter_options = [text for name, value in chosen.items() for text in (f"--{name}", str(value))]
    parameter_options += [text for option in settings.ramet_options for text in ("--set", option)]
    call(
        ["train", "--data", str(train_file), *role_options(task), *margin_options, *parameter_options]
        + ["--model", str(model), "--report", str(report)]
    )
    call(
        ["predict", "--model", str(model), "--data", str(test_file), *margin_options]
        + ["--output", str(output), "--threads", str(settings.threads)]
    )
    chosen.update(option.split("=", 1) for option in settings.ramet_options)
    return outcome(json.loads(report.read_text()), chosen), read_predictions(output, task)


def outcome(report: dict, chosen: dict) -> dict:
    timing = report["timing"]
    return {
        "version": version(),
        "parameters": chosen,
        "load_s": timing["load_s"],
        "bin_s": timing["bin_s"],
        "train_s": timing["train_s"],
        "phases": timing.get("phases", {}),
        "start_memory_bytes": 0,
        "train_memory_bytes": 0,
        "peak_memory_bytes": report["peak_memory_bytes"],
    }


def read_predictions(output: Path, task: Task) -> np.ndarray:
    """One column, or one a class: the columns are put in the order of `table.class_names`."""
    frame = pd.read_csv(output)
    if task.kind != "multiclass":
        return frame.iloc[:, 0].to_numpy()
    return frame[in_class_order(list(frame.columns))].to_numpy()


def in_class_order(names: list[str]) -> list[str]:
    """By value if all are numbers, else by bytes."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names, key=str.encode)
