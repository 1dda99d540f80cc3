"""One engine trained once on one data set, in a fresh process."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from peers import engines
from peers.engines import ramet
from peers.runs import BENCH, Run
from peers.settings import Settings

from scaling import processes
from scaling.data import Shape
from scaling.processes import Limits

PROGRAM = ramet.REPOSITORY / "build" / "release" / "bin" / "scaling_bench"
FIELDS = ("version", "load_s", "bin_s", "train_s", "peak_memory_bytes", "train_memory_bytes", "start_memory_bytes")


def program() -> str:
    """Ramet on a matrix in memory: $SCALING_BENCH, or that of the release build (`native/`)."""
    return os.environ.get("SCALING_BENCH", str(PROGRAM))


def use(path: Path | None) -> None:
    """Takes the option `--program` and checks early that it can be run; None keeps `program()`."""
    if path is not None:
        os.environ["SCALING_BENCH"] = str(path.resolve())
    if shutil.which(program()) is None:
        raise SystemExit(
            f"--program {program()}: no such program. Build the target scaling_bench (-DRAMET_BUILD_BENCH=ON), "
            "or leave Ramet out by --engines"
        )


def ramet_command(file: Path, shape: Shape, settings: Settings) -> list[str]:
    chosen = ramet.parameters(settings, shape.kind)
    if shape.kind == "multiclass":
        chosen["num-class"] = shape.classes
    chosen.update(option.split("=", 1) for option in settings.ramet_options)
    command = [program(), "--data", str(file)]
    if shape.categorical:
        command += ["--categorical", ",".join(str(i) for i in range(shape.categorical))]
    return command + [text for name, value in chosen.items() for text in (f"--{name}", str(value))]


def run_ramet(file: Path, shape: Shape, settings: Settings, limits: Limits) -> dict:
    return json.loads(processes.run(ramet_command(file, shape, settings), dict(os.environ), limits))


def run_peer(engine: str, file: Path, shape: Shape, settings: Settings, limits: Limits) -> dict:
    engines.peer(engine).parameters(settings, shape.kind, shape.classes)  # raises Unsupported, and early
    environment = {**os.environ, "PYTHONPATH": str(BENCH), "OMP_NUM_THREADS": str(settings.threads)}
    with tempfile.TemporaryDirectory(prefix="ramet-scaling-") as name:
        folder = Path(name)
        job = {
            "engine": engine,
            "settings": settings.to_dict(),
            "shape": shape.to_dict(),
            "data": str(file),
            "outcome": str(folder / "outcome.json"),
        }
        (folder / "job.json").write_text(json.dumps(job))
        processes.run([sys.executable, "-m", "scaling.worker", str(folder / "job.json")], environment, limits)
        return json.loads((folder / "outcome.json").read_text())


def run(engine: str, file: Path, shape: Shape, settings: Settings, limits: Limits) -> tuple[Run, float]:
    """The run, and the seconds that its process took. Raises Unsupported, EngineFailed, LimitExceeded."""
    began = time.monotonic()
    if engine == engines.RAMET:
        outcome = run_ramet(file, shape, settings, limits)
    else:
        outcome = run_peer(engine, file, shape, settings, limits)
    seconds = time.monotonic() - began
    found = {name: outcome[name] for name in FIELDS}
    # Nothing is predicted here: that quality is the same is what bench/peers and bench/accuracy look at.
    return Run(
        engine=engine,
        metrics={},
        parameters=outcome["parameters"],
        phases=outcome.get("phases", {}),
        **found,
    ), seconds
