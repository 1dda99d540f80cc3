"""The real sets: which file, which roles, how rows are split. Each becomes pairs of plain CSV files.

A set with a test file keeps it; seed s then trains on a random 90 % of the training rows, so that the engines'
spread can be seen. The others are shuffled and split 80/20, anew for every seed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from peers.table import read_text

TEST_SHARE = 0.2
SUBSAMPLE = 0.9


@dataclass(frozen=True)
class DataSet:
    name: str
    kind: str
    target: str
    train: str  # below the data root
    test: str = ""  # empty: split `train`
    clean: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame
    exposure: str = ""
    ignore: tuple[str, ...] = ()
    rounds: int = 100
    seeds: int = 5


def normal_or_not(frame: pd.DataFrame) -> pd.DataFrame:
    frame["label"] = np.where(frame["label"] == "normal.", "0", "1")
    return frame


def landed(frame: pd.DataFrame) -> pd.DataFrame:
    """Flights that arrived, late by over 15 minutes or not. dep_time = 60 hour + minute: `minute` goes with it."""
    frame = frame[frame["arr_delay"] != ""]
    late = (frame["arr_delay"].astype(float) > 15).astype(int)
    leaks = ["arr_delay", "dep_delay", "air_time", "arr_time", "dep_time", "minute"]
    return frame.drop(columns=leaks).assign(late=late)


def blank_is_missing(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda column: column.str.strip())


ALL = (
    DataSet("adult", "binary", "income", "adult/train.csv.gz", "adult/test.csv.gz"),
    DataSet("higgs_7k", "binary", "label", "higgs_7k/train.csv.gz", "higgs_7k/test.csv.gz"),
    DataSet("covertype", "multiclass", "Cover_Type", "covertype/ramp_93k_scaled.csv.gz"),
    DataSet("kddcup99", "binary", "label", "kddcup99_10pct/train.csv.gz", clean=normal_or_not),
    DataSet("freMTPL2", "poisson", "ClaimNb", "freMTPL2/freq.csv.gz", exposure="Exposure", ignore=("IDpol",)),
    DataSet("mnist", "multiclass", "label", "mnist/train.csv.gz", "mnist/test.csv.gz", rounds=20, seeds=1),
    DataSet("letter", "multiclass", "target", "letter/letter.csv.gz"),
    DataSet("california_housing", "regression", "median_house_value", "california_housing/housing.csv.gz"),
    DataSet("diamonds", "regression", "price", "diamonds/diamonds.csv.gz"),
    DataSet("nycflights13", "binary", "late", "nycflights13/flights.csv.gz", clean=landed),
    DataSet(
        "telco", "binary", "Churn", "telco_churn/telco.csv.gz", clean=blank_is_missing, ignore=("customerID",)
    ),
)
BY_NAME = {data_set.name: data_set for data_set in ALL}


def split(data_set: DataSet, root: Path, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = data_set.clean(read_text(root / data_set.train))
    order = np.random.default_rng(seed).permutation(len(frame))
    if data_set.test:
        kept = len(frame) if data_set.seeds == 1 else int(len(frame) * SUBSAMPLE)
        return frame.iloc[order[:kept]], data_set.clean(read_text(root / data_set.test))
    cut = int(len(frame) * TEST_SHARE)
    return frame.iloc[order[cut:]], frame.iloc[order[:cut]]


def prepare(data_set: DataSet, root: Path, cache: Path, seed: int) -> Path:
    """The folder with train.csv, test.csv and task.json of one seed; made on the first call."""
    folder = cache / data_set.name / f"seed-{seed}"
    if (folder / "task.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    train, test = split(data_set, root, seed)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    write_task(folder, data_set)
    return folder


def write_task(folder: Path, data_set: DataSet) -> None:
    task = {
        "name": data_set.name,
        "train": "train.csv",
        "test": "test.csv",
        "target": data_set.target,
        "kind": data_set.kind,
        "exposure": data_set.exposure,
        "ignore": list(data_set.ignore),
    }
    (folder / "task.json").write_text(json.dumps(task, indent=2) + "\n")


def generate(rows: int, columns: int, cache: Path, seed: int) -> Path:
    """A binary set like Higgs: normal features, some of them products or sums of squares of hidden ones.

    The label's log-odds mix linear, product and threshold terms of a third of the features; 10 % of the rows
    are the test file. Values are written with 7 significant digits.
    """
    folder = cache / f"generated-{rows}x{columns}" / f"seed-{seed}"
    if (folder / "task.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    features, labels = generated(rows, columns, np.random.default_rng(seed))
    frame = pd.DataFrame(features, columns=[f"f{i}" for i in range(columns)])
    frame.insert(0, "label", labels)
    cut = rows - rows // 10
    frame[:cut].to_csv(folder / "train.csv", index=False, float_format="%.7g")
    frame[cut:].to_csv(folder / "test.csv", index=False, float_format="%.7g")
    write_task(folder, DataSet(f"generated-{rows}x{columns}", "binary", "label", ""))
    return folder


def generated(rows: int, columns: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if columns < 6:
        raise ValueError(f"columns = {columns}: must be at least 6")
    x = random.standard_normal((rows, columns), dtype=np.float32)
    informative = columns // 3
    # The last third is derived, as the invariant masses of Higgs are: hypotenuses of pairs of features.
    for i in range(columns - informative, columns):
        a, b = random.choice(columns - informative, 2, replace=False)
        x[:, i] = np.hypot(x[:, a], x[:, b]) + np.float32(0.1) * x[:, i]
    x[:, 0] = np.exp(x[:, 0] / 2)  # one skewed column
    log_odds = np.zeros(rows)
    for i in random.choice(columns, informative, replace=False):
        j = int(random.integers(columns))
        log_odds += random.normal() * 0.4 * x[:, i]
        log_odds += random.normal() * 0.4 * x[:, i] * x[:, j]
        log_odds += random.normal() * 0.8 * ((x[:, i] > 0.5) & (x[:, j] < 0.3))
    log_odds -= np.median(log_odds)
    return x, (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
