"""What is recorded, what it is compared with, and the verdict. A ratio is LightGBM's time over Ramet's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

# processor -> {"cases": {case -> {"ratio", "settings", ...}}, ...}
Entries = dict[str, dict]


@dataclass(frozen=True)
class Reference:
    ratio: float
    processor: str
    is_own: bool  # recorded on a processor like this one


@dataclass(frozen=True)
class Verdict:
    case: str
    ratio: float  # the best that was measured
    reference: Reference
    allowed: float  # share by which it may be lower

    @property
    def fallen(self) -> float:
        """Share; negative if it has risen."""
        return 1 - self.ratio / self.reference.ratio

    @property
    def passed(self) -> bool:
        return self.fallen <= self.allowed

    def line(self) -> str:
        change = f"{abs(self.fallen):.0%} {'lower' if self.fallen > 0 else 'higher'}"
        return (
            f"{self.case}: LightGBM/Ramet {self.ratio:.2f}, {change} than {self.reference.ratio:.2f} "
            f"({self.reference.processor})"
        )


def read(file: Path) -> Entries:
    return json.loads(file.read_text())["entries"] if file.exists() else {}


def write(file: Path, entries: Entries) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps({"entries": dict(sorted(entries.items()))}, indent=1) + "\n")
    partial.replace(file)


def reference(entries: Entries, processor: str, case: str, settings: str) -> Reference | None:
    """This processor's record, or the lowest of the others'; None if there is none with these settings."""
    found = {
        name: entry["cases"][case]["ratio"]
        for name, entry in entries.items()
        if case in entry["cases"] and entry["cases"][case]["settings"] == settings
    }
    if not found:
        return None
    chosen = processor if processor in found else min(found, key=found.__getitem__)
    return Reference(found[chosen], chosen, chosen == processor)
