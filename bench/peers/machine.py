"""The machine a result was made on, and file names that carry it."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def describe() -> dict:
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def slug() -> str:
    """`amd-epyc-2-cores`: for file names in bench/results."""
    machine = describe()
    words = re.sub(r"\((r|tm)\)|processor|cpu|@.*", "", machine["cpu"].lower())
    return "-".join(re.findall(r"[a-z0-9]+", words)) + f"-{machine['cores']}-cores"


def memory_bytes(field: str) -> int:
    """A field of /proc/self/status: `VmRSS` (memory now) or `VmHWM` (its peak)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def restart_memory_peak() -> int:
    """The peak so far; from here on it is measured anew where the system allows that (Linux)."""
    peak = memory_bytes("VmHWM")
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass
    return peak
