"""What varies, from where to where, and which data set belongs to a value. All else stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scaling.data import LEAST_COLUMNS, Shape

BASE_ROWS = 500_000
BASE_COLUMNS = 28
BASE_BINS = 255
CELLS = BASE_ROWS * BASE_COLUMNS  # along `columns` the rows become fewer, so that rows x columns stays the same
MOST_ROWS_OF_COLUMNS = 1_000_000
CLASS_ROWS = 50_000  # a round grows a tree for each class
CATEGORY_ROWS = 200_000
CATEGORICAL_COLUMNS = 8  # and as many of numbers


@dataclass(frozen=True)
class Point:
    value: float
    shape: Shape
    max_bin: int = BASE_BINS


@dataclass(frozen=True)
class Axis:
    name: str
    title: str  # of the figure's axis
    values: tuple[float, ...]
    least: float
    most: float
    shape: Callable[[float, int], Shape]  # of a value and the most rows allowed
    whole: bool = True  # values are whole numbers, drawn on a logarithmic axis; else shares from 0 to 1
    sets_bins: bool = False

    def point(self, value: float, most_rows: int) -> Point:
        bins = int(value) if self.sets_bins else BASE_BINS
        return Point(value, self.shape(value, most_rows), bins)

    def parse(self, text: str) -> tuple[float, ...]:
        """`1e4,1e5`, in ascending order; ValueError names the value that is not allowed."""
        values = sorted(self.parse_one(word) for word in text.split(",") if word)
        if not values:
            raise ValueError("no value is given")
        return tuple(values)

    def parse_one(self, word: str) -> float:
        value = float(word)
        if not self.least <= value <= self.most or (self.whole and not value.is_integer()):
            kind = "a whole number" if self.whole else "a number"
            raise ValueError(f"{self.name} = {word}: must be {kind} from {self.least:g} to {self.most:g}")
        return int(value) if self.whole else value

    def shown(self, value: float) -> str:
        return f"{value:,}" if self.whole else f"{value:g}"


def base(most_rows: int, **changes) -> Shape:
    return Shape(rows=min(BASE_ROWS, most_rows), columns=BASE_COLUMNS, **changes)


def rows(value: float, most_rows: int) -> Shape:
    """Not cut to `most_rows`: such points are left out."""
    return Shape(rows=int(value), columns=BASE_COLUMNS)


def columns(value: float, most_rows: int) -> Shape:
    return Shape(rows=min(CELLS // int(value), MOST_ROWS_OF_COLUMNS, most_rows), columns=int(value))


def classes(value: float, most_rows: int) -> Shape:
    return Shape(min(CLASS_ROWS, most_rows), BASE_COLUMNS, kind="multiclass", classes=int(value))


def bins(value: float, most_rows: int) -> Shape:
    return base(most_rows)


def missing(value: float, most_rows: int) -> Shape:
    return base(most_rows, missing=value)


def categories(value: float, most_rows: int) -> Shape:
    return Shape(
        rows=min(CATEGORY_ROWS, most_rows),
        columns=2 * CATEGORICAL_COLUMNS,
        categorical=CATEGORICAL_COLUMNS,
        categories=int(value),
    )


def sparsity(value: float, most_rows: int) -> Shape:
    return base(most_rows, zeros=value)


ALL = (
    Axis("rows", "rows", (10_000, 100_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000), 100, 1e9, rows),
    Axis("columns", "columns", (10, 30, 100, 300, 1_000, 4_000), LEAST_COLUMNS, 1e5, columns),
    Axis("classes", "classes", (2, 5, 10, 30, 100), 2, 1_000, classes),
    Axis("bins", "bins", (16, 32, 64, 128, 255, 512, 1_024), 2, 65_535, bins, sets_bins=True),
    Axis("missing", "share of missing values", (0.0, 0.1, 0.3, 0.5, 0.7, 0.9), 0, 1, missing, whole=False),
    Axis("categories", "categories of a categorical column", (2, 10, 100, 1_000, 10_000), 2, 1e6, categories),
    Axis("sparsity", "share of zeros", (0.0, 0.3, 0.6, 0.9, 0.99), 0, 1, sparsity, whole=False),
)
BY_NAME = {axis.name: axis for axis in ALL}
