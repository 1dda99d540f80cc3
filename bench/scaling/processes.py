"""A process that is ended when it takes too much memory or time, rather than the machine with it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from peers.runs import EngineFailed

POLL_S = 0.1
GIB = 1 << 30


@dataclass(frozen=True)
class Limits:
    memory_bytes: int
    seconds: float


class LimitExceeded(EngineFailed):
    """Larger data would take even more."""


def physical_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def resident_bytes(process: int) -> int:
    """0 when it has just ended."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def watch(child: subprocess.Popen, limits: Limits) -> None:
    """Returns when the process has ended."""
    end = time.monotonic() + limits.seconds
    while True:
        try:
            child.wait(POLL_S)
            return
        except subprocess.TimeoutExpired:
            if resident_bytes(child.pid) > limits.memory_bytes:
                raise LimitExceeded(f"takes more than {limits.memory_bytes / GIB:.1f} GiB") from None
            if time.monotonic() > end:
                raise LimitExceeded(f"takes more than {limits.seconds:.0f} s") from None


def run(command: list[str], environment: dict[str, str], limits: Limits) -> str:
    """What the command printed. Raises EngineFailed with the last line of its errors, or LimitExceeded."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=output, stderr=errors, env=environment, text=True)
        try:
            watch(child, limits)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        output.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            raise EngineFailed(failure(child.returncode, errors.read()))
        return output.read()


def failure(code: int, errors: str) -> str:
    if code < 0:
        return f"ended by signal {-code}" + (" (out of memory?)" if code == -9 else "")
    lines = errors.strip().splitlines()
    return lines[-1] if lines else f"exit code {code}"
