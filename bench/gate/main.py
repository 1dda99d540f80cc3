"""The command `bench/gate/run`: fails if Ramet has lost more than 15 % of its speed relative to LightGBM's."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from peers import machine
from peers.compare import RESULTS
from peers.engines import ramet
from peers.prepare import DEFAULT_CACHE
from peers.runs import EngineFailed

from gate import decision, processor
from gate.decision import Verdict
from gate.measure import CASES, LEAST_REPEATS, Case, Times, measure

ATTEMPTS = 2  # the second only for what failed in the first: noise seldom comes twice
RECORDED = 3  # measurements of which the lowest ratio is recorded: what noise alone can make of it


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/gate/run", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write this processor's ratios to the file")
    parser.add_argument("--file", type=Path, default=RESULTS / "gate.json", help="recorded ratios")
    parser.add_argument("--allowed", type=float, default=0.15, help="share that may be lost (default: 0.15)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each engine at most (default: 5)")
    parser.add_argument("--budget-seconds", type=float, default=90.0, help="of measuring (default: 90)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ramet", type=Path, help="the command (default: $RAMET, else build/release/bin/ramet)")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="prepared files (default: %(default)s)")
    options = parser.parse_args(argv)
    if not 0 <= options.allowed < 1:
        parser.error(f"--allowed {options.allowed}: must be from 0 to below 1")
    if options.repeats < LEAST_REPEATS:
        parser.error(f"--repeats {options.repeats}: must be at least {LEAST_REPEATS}")
    return options


def times_of(case: Case, options: argparse.Namespace) -> Times:
    limit_s = options.budget_seconds / (ATTEMPTS * len(CASES))
    times = measure(case, options.cache, options.threads, options.repeats, limit_s)
    print(f"{case.name}: {times.to_dict()}", file=sys.stderr, flush=True)
    return times


def record(options: argparse.Namespace) -> None:
    measured = {
        case: min((times_of(case, options) for _ in range(RECORDED)), key=lambda times: times.ratio)
        for case in CASES
    }
    entries = decision.read(options.file)
    entries[processor.key()] = {
        "machine": machine.describe(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": next(iter(measured.values())).versions,
        "cases": {
            case.name: {**times.to_dict(), "settings": case.described(options.threads)}
            for case, times in measured.items()
        },
    }
    decision.write(options.file, entries)
    shown = ", ".join(f"{case.name} {times.ratio:.2f}" for case, times in measured.items())
    print(f"gate: recorded for {processor.key()}: {shown}")


def judge(case: Case, entries: decision.Entries, options: argparse.Namespace) -> Verdict | str:
    """The verdict, or why there is none. What fails is measured once more, and the better ratio counts."""
    reference = decision.reference(entries, processor.key(), case.name, case.described(options.threads))
    if reference is None:
        return f"{case.name}: nothing recorded with {case.described(options.threads)}: bench/gate/run --record"
    if not reference.is_own:
        print(
            f"gate: {case.name}: nothing recorded for {processor.key()}; compared with the lowest, "
            f"{reference.ratio:.2f} of {reference.processor}"
        )
    best = 0.0
    for _ in range(ATTEMPTS):
        best = max(best, times_of(case, options).ratio)
        verdict = Verdict(case.name, best, reference, options.allowed)
        if verdict.passed:
            break
    return verdict


def check(options: argparse.Namespace) -> int:
    entries = decision.read(options.file)
    verdicts = [judge(case, entries, options) for case in CASES]
    failures = [v if isinstance(v, str) else v.line() for v in verdicts if isinstance(v, str) or not v.passed]
    if failures:
        print(f"gate: FAILED ({options.allowed:.0%} is allowed): {'; '.join(failures)}")
        return 1
    print(f"gate: passed: {'; '.join(v.line() for v in verdicts if isinstance(v, Verdict))}")
    return 0


def main(argv: list[str]) -> int:
    options = arguments(argv)
    ramet.use(options.ramet)
    try:
        if options.record:
            record(options)
            return 0
        return check(options)
    except EngineFailed as failure:
        print(f"gate: FAILED: {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
