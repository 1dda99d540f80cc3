"""Generated data: a float32 matrix in an .npy file, one row a line, the label in the last column.

`scaling_bench` reads such a file as it is, and so does `read_table` for the peers. Written and read in blocks, so
that no more than the matrix itself is ever in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from peers.table import Table

LEAST_COLUMNS = 6
BLOCK_CELLS = 1 << 23
MOST_TERMS = 24  # columns that the label depends on


@dataclass(frozen=True)
class Shape:
    """One data set. The first `categorical` columns hold codes from 0 to `categories` - 1, mostly low ones."""

    rows: int
    columns: int
    kind: str = "binary"  # or multiclass
    classes: int = 2
    missing: float = 0.0  # share of the values that are NaN
    zeros: float = 0.0  # share of the values that are set to 0
    categorical: int = 0
    categories: int = 0

    @property
    def outputs(self) -> int:
        """Trees a round, as most engines grow them."""
        return self.classes if self.kind == "multiclass" else 1

    @property
    def file_bytes(self) -> int:
        return 4 * self.rows * (self.columns + 1)

    def name(self, seed: int) -> str:
        """Of its file: every field that is not at its default."""
        parts = [f"{self.rows}x{self.columns}"]
        if self.kind == "multiclass":
            parts.append(f"classes-{self.classes}")
        if self.categorical:
            parts.append(f"categorical-{self.categorical}-of-{self.categories}")
        parts += [
            f"{name}-{share:g}" for name, share in (("missing", self.missing), ("zeros", self.zeros)) if share
        ]
        return "_".join([*parts, f"seed-{seed}"]) + ".npy"

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Recipe:
    """What the columns and the label are made of, drawn once for all blocks."""

    derived: np.ndarray  # derived x 2: hypotenuses of these columns, as Higgs' invariant masses; the last columns
    first: np.ndarray  # terms: columns of numbers
    second: np.ndarray
    weights: np.ndarray  # 3 x terms x outputs: of the column, of its product with the second, of a threshold
    effects: np.ndarray  # categorical x categories x outputs

    @staticmethod
    def draw(shape: Shape, seed: int) -> Recipe:
        random = np.random.default_rng([seed, 0])
        numbers = shape.columns - shape.categorical
        plain = numbers - numbers // 3
        pairs = np.array([random.choice(plain, 2, replace=False) for _ in range(numbers // 3)], dtype=np.int64)
        terms = min(max(numbers // 3, 1), MOST_TERMS)
        first = random.choice(numbers, terms, replace=False)
        second = random.integers(numbers, size=terms)
        scale = 0.4 * np.sqrt(9 / terms) * np.array([1.0, 1.0, 2.0])  # as much signal whatever the number of terms
        weights = random.standard_normal((3, terms, shape.outputs)) * scale[:, None, None]
        effects = 0.5 * random.standard_normal((shape.categorical, shape.categories, shape.outputs))
        offset = shape.categorical
        return Recipe(
            derived=pairs.reshape(-1, 2) + offset,
            first=first + offset,
            second=second + offset,
            weights=weights.astype(np.float32),
            effects=effects.astype(np.float32),
        )


def features(shape: Shape, recipe: Recipe, rows: int, random: np.random.Generator) -> np.ndarray:
    x = random.standard_normal((rows, shape.columns), dtype=np.float32)
    start = shape.columns - len(recipe.derived)
    for i, (a, b) in enumerate(recipe.derived, start):
        x[:, i] = np.hypot(x[:, a], x[:, b]) + np.float32(0.1) * x[:, i]
    skewed = shape.categorical
    x[:, skewed] = np.exp(x[:, skewed] / 2)
    for i in range(shape.categorical):
        x[:, i] = np.floor(shape.categories * random.random(rows, dtype=np.float32) ** 2)
    # float32 rounds up to 1 now and then.
    np.minimum(x[:, : shape.categorical], shape.categories - 1, out=x[:, : shape.categorical])
    return x


def scores(x: np.ndarray, recipe: Recipe) -> np.ndarray:
    """rows x outputs: log-odds, or those of each class up to a constant."""
    first, second = x[:, recipe.first], x[:, recipe.second]
    parts = (first, first * second, ((first > 0.5) & (second < 0.3)).astype(np.float32))
    total = sum(part @ weights for part, weights in zip(parts, recipe.weights, strict=True))
    for i, effects in enumerate(recipe.effects):
        total = total + effects[x[:, i].astype(np.int64)]
    return total


def labels(score: np.ndarray, middle: float, random: np.random.Generator) -> np.ndarray:
    if score.shape[1] == 1:
        return random.random(len(score)) < 1 / (1 + np.exp(middle - score[:, 0].astype(np.float64)))
    return np.argmax(score + random.gumbel(size=score.shape), axis=1)  # a draw from the softmax


def blocks(shape: Shape, seed: int) -> Iterator[np.ndarray]:
    """The matrix in blocks of rows; each has its own random stream."""
    recipe = Recipe.draw(shape, seed)
    at_once = max(BLOCK_CELLS // shape.columns, 1)
    middle = None
    for number, start in enumerate(range(0, shape.rows, at_once)):
        random = np.random.default_rng([seed, 1, number])
        block = np.empty((min(at_once, shape.rows - start), shape.columns + 1), dtype=np.float32)
        x = features(shape, recipe, len(block), random)
        score = scores(x, recipe)
        middle = float(np.median(score)) if middle is None else middle  # of the first block: as many of each label
        block[:, -1] = labels(score, middle, random)
        for share, value in ((shape.zeros, 0), (shape.missing, np.nan)):
            if share:
                x[random.random(x.shape, dtype=np.float32) < share] = value
        block[:, :-1] = x
        yield block


def prepare(shape: Shape, folder: Path, seed: int) -> Path:
    """The data set's file, made on the first call; complete or absent."""
    file = folder / shape.name(seed)
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    header = {"descr": "<f4", "fortran_order": False, "shape": (shape.rows, shape.columns + 1)}
    with partial.open("wb") as out:
        np.lib.format.write_array_header_1_0(out, header)
        for block in blocks(shape, seed):
            block.tofile(out)
    partial.replace(file)
    return file


def read_blocks(file: Path) -> Iterator[np.ndarray]:
    with file.open("rb") as source:
        np.lib.format.read_magic(source)
        (rows, width), _, dtype = np.lib.format.read_array_header_1_0(source)
        at_once = max(BLOCK_CELLS // width, 1)
        for start in range(0, rows, at_once):
            count = min(at_once, rows - start)
            yield np.fromfile(source, dtype=dtype, count=count * width).reshape(count, width)


def read_table(file: Path, shape: Shape) -> Table:
    """What the peers start from: a float32 matrix, or a frame whose columns of codes are categories."""
    x = np.empty((shape.rows, shape.columns), dtype=np.float32)
    y = np.empty(shape.rows)
    start = 0
    for block in read_blocks(file):
        x[start : start + len(block)] = block[:, :-1]
        y[start : start + len(block)] = block[:, -1]
        start += len(block)
    return Table(features=frame(x, shape) if shape.categorical else x, labels=y, margin=None)


def frame(x: np.ndarray, shape: Shape) -> pd.DataFrame:
    dtype = pd.CategoricalDtype(range(shape.categories))
    columns: dict[str, object] = {}
    for i in range(shape.columns):
        if i < shape.categorical:
            codes = np.where(np.isnan(x[:, i]), -1, x[:, i]).astype(np.int32)
            columns[f"f{i}"] = pd.Categorical.from_codes(codes, dtype=dtype)
        else:
            columns[f"f{i}"] = x[:, i].copy()
    return pd.DataFrame(columns)
