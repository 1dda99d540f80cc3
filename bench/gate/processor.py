"""The key of a recorded ratio: who made the processor, and its widest SIMD instructions."""

from __future__ import annotations

import platform
from pathlib import Path

# Highway's targets of these names need all of the flags.
SIMD = (
    ("avx512", {"avx512f", "avx512vl", "avx512dq", "avx512bw", "avx512cd"}),
    ("avx2", {"avx2", "fma", "bmi1", "bmi2"}),
    ("sse4", {"sse4_1", "sse4_2"}),
    ("sve", {"sve"}),
    ("neon", {"asimd"}),
)
MAKERS = {"GenuineIntel": "intel", "AuthenticAMD": "amd"}


def field(cpuinfo: str, name: str) -> str:
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def key_of(cpuinfo: str, machine: str) -> str:
    """`amd-avx2`, from the text of /proc/cpuinfo; processors without a maker there are named by architecture."""
    maker = field(cpuinfo, "vendor_id")
    flags = set((field(cpuinfo, "flags") or field(cpuinfo, "Features")).split())
    widest = next((name for name, needed in SIMD if needed <= flags), "scalar")
    return f"{MAKERS.get(maker, maker.lower() or machine)}-{widest}"


def key() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    return key_of(cpuinfo.read_text() if cpuinfo.exists() else "", platform.machine())
