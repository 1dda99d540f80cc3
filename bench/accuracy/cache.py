"""Peers' results by what they are a function of: engine version, its parameters, the data set's files, seed."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from peers.settings import Settings, Task

SPEED_ONLY = ("nthread", "num_threads", "thread_count", "threads")


@cache
def file_digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def key(engine: str, version: str, parameters: dict, settings: Settings, task: Task) -> str:
    """Readable up to the digest. Threads are left out: they change the time, not the task."""
    shown = {name: value for name, value in parameters.items() if name not in SPEED_ONLY}
    content = [
        {**shown, "rounds": settings.rounds},
        [task.target, task.kind, task.exposure, task.categorical, task.ignore],
        [file_digest(task.train), file_digest(task.test)],
    ]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    return f"{engine} {version} | {task.name} | seed {settings.seed} | {digest}"


class Cache:
    """A JSON file of metrics by key; written after every addition, so that an interrupted run goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._metrics: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, entry: str) -> dict[str, float] | None:
        return self._metrics.get(entry)

    def put(self, entry: str, metrics: dict[str, float]) -> None:
        self._metrics[entry] = metrics
        self._write()

    def keep_only(self, entries: set[str]) -> None:
        self._metrics = {entry: metrics for entry, metrics in self._metrics.items() if entry in entries}
        self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(dict(sorted(self._metrics.items())), indent=1) + "\n")
        partial.replace(self._path)
