"""Reads a task's CSV files the way Ramet does: text columns are categories, the same marks are missing.

The peers get what suits them best: a contiguous float32 matrix where all columns are numbers, otherwise a
pandas frame whose text columns have the dtype `category` (with the categories of the training file).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from peers.settings import Task

MISSING_MARKS = ["", "NA", "NaN", "null", "NULL", "?"]
ONE_BLOCK = (1 << 31) - 1


@dataclass
class Table:
    features: np.ndarray | pd.DataFrame
    labels: np.ndarray  # float64; the class index for classification
    margin: np.ndarray | None  # initial margin of each row (poisson with exposure)


@dataclass
class Schema:
    """What the training file fixes for the test file."""

    columns: list[str]
    categories: dict[str, pd.Index]
    classes: list[str]  # as text, in the order of the class index; empty for other tasks
    log_rate: float  # poisson with exposure: log(sum of labels / sum of exposures)


def read_frame(path: str) -> pd.DataFrame:
    """The whole file. Types come from the first block, or from the whole file where that was not enough."""
    convert = pyarrow.csv.ConvertOptions(null_values=MISSING_MARKS, strings_can_be_null=True)
    try:
        table = pyarrow.csv.read_csv(path, convert_options=convert)
    except pa.ArrowInvalid:
        read = pyarrow.csv.ReadOptions(block_size=ONE_BLOCK)
        table = pyarrow.csv.read_csv(path, read_options=read, convert_options=convert)
    for i, field in enumerate(table.schema):
        if plain_type(field.type) != field.type:
            table = table.set_column(i, field.name, table.column(i).cast(plain_type(field.type)))
    return table.to_pandas(split_blocks=True, self_destruct=True)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Only numbers and text: true and false are 1 and 0, dates and times are text, an empty column is numbers."""
    if pa.types.is_boolean(kind):
        return pa.uint8()
    if pa.types.is_null(kind):
        return pa.float64()
    return pa.string() if pa.types.is_temporal(kind) else kind


def read_text(path: str | Path) -> pd.DataFrame:
    """Every cell as the text it is, to write it again unchanged."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def is_text(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column)


def class_names(target: pd.Series) -> list[str]:
    """Numbers in numeric order, text in byte order."""
    values = target.dropna().unique()
    if is_text(target):
        return sorted((str(v) for v in values), key=lambda v: v.encode())
    return [class_text(v) for v in sorted(values)]


def class_text(value: object) -> str:
    """A class as text: 3.0 and 3 are the same class."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def read_train(task: Task) -> tuple[Table, Schema]:
    frame = read_frame(task.train)
    left_out = {task.target, task.exposure, *task.ignore}
    columns = [c for c in frame.columns if c not in left_out]
    categories = {
        c: frame[c].dropna().drop_duplicates().sort_values()
        for c in columns
        if c in task.categorical or is_text(frame[c])
    }
    classification = task.kind in ("binary", "multiclass")
    schema = Schema(
        columns=columns,
        categories={c: pd.Index(v) for c, v in categories.items()},
        classes=class_names(frame[task.target]) if classification else [],
        log_rate=float(np.log(frame[task.target].sum() / frame[task.exposure].sum())) if task.exposure else 0.0,
    )
    return to_table(frame, task, schema), schema


def read_test(task: Task, schema: Schema) -> Table:
    return to_table(read_frame(task.test), task, schema)


def to_table(frame: pd.DataFrame, task: Task, schema: Schema) -> Table:
    return Table(
        features=feature_block(frame, schema),
        labels=label_values(frame[task.target], schema),
        margin=margins(frame, task, schema),
    )


def feature_block(frame: pd.DataFrame, schema: Schema) -> np.ndarray | pd.DataFrame:
    if not schema.categories:
        block = np.empty((len(frame), len(schema.columns)), dtype=np.float32)
        for i, name in enumerate(schema.columns):
            block[:, i] = frame[name]
        return block
    block = frame[schema.columns].copy()
    for name in schema.columns:
        if name in schema.categories:
            codes = schema.categories[name].get_indexer(block[name])  # -1: missing, or not in the training file
            block[name] = pd.Categorical.from_codes(codes, categories=schema.categories[name])
        else:
            block[name] = block[name].astype(np.float32)
    return block


def label_values(target: pd.Series, schema: Schema) -> np.ndarray:
    if not schema.classes:
        return target.to_numpy(dtype=np.float64)
    index = {name: float(i) for i, name in enumerate(schema.classes)}
    labels = target.map(lambda v: index.get(class_text(v), np.nan)).to_numpy(dtype=np.float64)
    if np.isnan(labels).any():
        row = int(np.flatnonzero(np.isnan(labels))[0])
        raise ValueError(f"{target.name} = {target.iloc[row]} in row {row}: not a class of the training file")
    return labels


def margins(frame: pd.DataFrame, task: Task, schema: Schema) -> np.ndarray | None:
    """log(exposure x mean rate of the training file): every engine then starts from the same point."""
    if not task.exposure:
        return None
    return np.log(frame[task.exposure].to_numpy(dtype=np.float64)) + schema.log_rate
