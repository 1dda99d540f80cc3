"""What is trained (`Task`) and how (`Settings`), in Ramet's own terms; each engine maps them to its names."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

KINDS = ("binary", "multiclass", "regression", "poisson")
GROWTHS = ("depthwise", "leafwise", "symmetric")


@dataclass(frozen=True)
class Task:
    """A pair of CSV files with a header line, and the roles of their columns."""

    train: str
    test: str
    target: str
    kind: str
    name: str = ""
    exposure: str = ""  # poisson only: a positive column; its logarithm starts the margin
    categorical: tuple[str, ...] = ()  # number columns to take as categories; text columns always are
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"task = {self.kind}: must be one of {', '.join(KINDS)}")
        if self.exposure and self.kind != "poisson":
            raise ValueError(f"exposure = {self.exposure}: only the task poisson has an exposure")

    @staticmethod
    def from_folder(folder: Path) -> Task:
        """Reads the `task.json` that `bench/peers/datasets` writes; file names are relative to it."""
        fields = json.loads((folder / "task.json").read_text())
        for file in ("train", "test"):
            fields[file] = str(folder / fields[file])
        return Task.from_dict(fields)

    @staticmethod
    def from_dict(fields: dict) -> Task:
        return Task(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


@dataclass(frozen=True)
class Settings:
    """One configuration for all engines. README.md has the table of how each engine is told."""

    rounds: int = 100
    eta: float = 0.1
    growth: str = "depthwise"
    depth: int = 8  # depthwise and symmetric
    leaves: int = 255  # leafwise
    max_bin: int = 255
    threads: int = 1
    min_child_weight: float = 1.0
    reg_lambda: float = 1.0
    seed: int = 0
    ramet_options: tuple[str, ...] = ()  # `name=value` for Ramet alone, to try something out

    def __post_init__(self) -> None:
        if self.growth not in GROWTHS:
            raise ValueError(f"growth = {self.growth}: must be one of {', '.join(GROWTHS)}")

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)


class Unsupported(Exception):
    """The engine has no counterpart of a setting; it is left out of the comparison, with this message."""
