"""The command `bench/scaling/run`: time of all engines along chosen axes, as tables, JSON and figures."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from peers import compare, engines, machine
from peers.prepare import DEFAULT_CACHE, names
from peers.runs import Run
from peers.settings import GROWTHS, Settings, Unsupported

from scaling import axes, cost, data, plots, results, runs
from scaling.axes import Axis, Point
from scaling.cost import Cost
from scaling.processes import GIB, EngineFailed, LimitExceeded, Limits, physical_memory

DOCUMENTS = runs.ramet.REPOSITORY / "docs" / "scaling"
SHARE_OF_MEMORY = 0.92  # the rest is the system's
SHORTEST_LIMIT_S = 30.0
SHARE_OF_BUDGET = 0.5  # of what is left, for one run: a first one has no prediction


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/scaling/run", description=__doc__)
    what = parser.add_argument_group("what is measured")
    what.add_argument("--axes", type=names, default=tuple(axes.BY_NAME), help=f"of {','.join(axes.BY_NAME)}")
    what.add_argument("--points", help="values by commas, 1e5,1e6, in place of the axis's own; needs one axis")
    what.add_argument("--engines", type=names, default=engines.NAMES, help=f"of {','.join(engines.NAMES)}")
    what.add_argument("--repeats", type=int, default=3, help="runs of each engine, interleaved (default: 3)")
    settings = parser.add_argument_group("settings, the same for all engines")
    settings.add_argument("--growth", choices=GROWTHS, default="depthwise")
    settings.add_argument("--depth", type=int, default=8, help="depthwise and symmetric (default: 8)")
    settings.add_argument("--leaves", type=int, default=255, help="leafwise (default: 255)")
    settings.add_argument("--rounds", type=int, default=20)
    settings.add_argument("--eta", type=float, default=0.1)
    settings.add_argument("--seed", type=int, default=0)
    settings.add_argument("--threads", type=int, default=2)
    settings.add_argument("--ramet-option", metavar="NAME=VALUE", action="append", default=[])
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--max-rows", type=lambda text: int(float(text)), default=30_000_000, help="rows at most (default: 3e7)"
    )
    limits.add_argument("--max-memory", type=float, default=24.0, help="GiB that a run may take (default: 24)")
    limits.add_argument("--budget-seconds", type=float, default=3600.0, help="for an axis (default: 3600)")
    places = parser.add_argument_group("places")
    places.add_argument(
        "--program", type=Path, help="scaling_bench (default: build/release/bin, or $SCALING_BENCH)"
    )
    places.add_argument(
        "--cache", type=Path, default=DEFAULT_CACHE / "scaling", help="data (default: %(default)s)"
    )
    places.add_argument("--drop-data", action="store_true", help="delete each data set after its point")
    places.add_argument("--results", type=Path, default=compare.RESULTS, help="JSON (default: bench/results)")
    places.add_argument("--plots", type=Path, default=DOCUMENTS, help="figures (default: docs/scaling)")
    places.add_argument("--plot-only", action="store_true", help="draw and print what is in --results")
    options = parser.parse_args(argv)
    check(parser, options)
    return options


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    for option, known in (("axes", axes.BY_NAME), ("engines", engines.NAMES)):
        for name in getattr(options, option):
            if name not in known:
                parser.error(f"--{option} {name}: must be one of {', '.join(known)}")
    if options.points is not None:
        if len(options.axes) != 1:
            parser.error("--points: needs --axes with one axis")
        try:
            options.points = axes.BY_NAME[options.axes[0]].parse(options.points)
        except ValueError as wrong:
            parser.error(f"--points: {wrong}")
    for name in ("repeats", "rounds", "threads", "max_rows", "max_memory", "budget_seconds"):
        if getattr(options, name) <= 0:
            parser.error(f"--{name.replace('_', '-')} {getattr(options, name)}: must be above 0")


def settings_of(options: argparse.Namespace) -> Settings:
    fields = ("growth", "depth", "leaves", "rounds", "eta", "seed", "threads")
    return Settings(ramet_options=tuple(options.ramet_option), **{name: getattr(options, name) for name in fields})


def memory_limit(options: argparse.Namespace) -> int:
    return int(min(options.max_memory * GIB, SHARE_OF_MEMORY * physical_memory()))


class Measurement:
    """One axis: what has been measured, what it cost, and who is out for the rest."""

    def __init__(self, axis: Axis, options: argparse.Namespace, command: str) -> None:
        self.axis = axis
        self.options = options
        self.settings = settings_of(options)
        self.began = time.monotonic()
        self.costs: dict[str, Cost] = {}
        self.out: dict[str, str] = {}  # who met a limit: larger points would do so, too
        self.result: dict = {
            "machine": machine.describe(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
            "axis": axis.name,
            "engines": list(options.engines),
            "settings": self.settings.to_dict(),
            "points": [],
            "left_out_points": [],
        }

    def remaining_s(self) -> float:
        return self.options.budget_seconds - (time.monotonic() - self.began)

    def leave_out(self, point: Point, reason: str) -> None:
        self.result["left_out_points"].append({"value": point.value, "reason": reason})
        say(f"{self.axis.name} {self.axis.shown(point.value)}: left out ({reason})")

    def problem(self, point: Point) -> str:
        """Why the point cannot be measured at all; empty if it can."""
        if point.shape.rows > self.options.max_rows:
            return f"--max-rows {self.options.max_rows}"
        size = point.shape.file_bytes
        if size > memory_limit(self.options):
            return f"the matrix alone takes {size / GIB:.1f} GiB"
        self.options.cache.mkdir(parents=True, exist_ok=True)
        file = self.options.cache / point.shape.name(self.options.seed)
        if not file.exists() and size > 0.9 * shutil.disk_usage(self.options.cache).free:
            return f"the data take {size / GIB:.1f} GiB on disk"
        return ""

    def plan(self, point: Point) -> cost.Plan | None:
        work = cost.work(point, self.settings)
        wanted = [engine for engine in self.options.engines if engine not in self.out]
        predicted = {e: self.costs[e].predicted_s(work) if e in self.costs else 0.0 for e in wanted}
        return cost.plan(predicted, self.options.repeats, self.remaining_s()) if wanted else None

    def measure(self, point: Point) -> None:
        problem = self.problem(point)
        chosen = None if problem else self.plan(point)
        if chosen is None:
            self.leave_out(point, problem or f"does not fit into the {max(self.remaining_s(), 0):.0f} s left")
            return
        if chosen.repeats < self.options.repeats:
            say(
                f"{self.axis.name} {self.axis.shown(point.value)}: {chosen.repeats} repeats fit into the time left"
            )
        file = data.prepare(point.shape, self.options.cache, self.options.seed)
        left_out = {**self.out, **chosen.left_out}
        done: dict[str, list[Run]] = {}
        for engine in compare.interleaved(chosen.engines, chosen.repeats):
            if engine not in left_out:
                self.run_once(engine, point, file, done, left_out)
        if self.options.drop_data:
            file.unlink()
        ordered = {engine: done[engine] for engine in self.options.engines if engine in done}
        self.result["points"].append(results.point_json(point, ordered, left_out, self.settings))

    def run_once(
        self, engine: str, point: Point, file: Path, done: dict[str, list[Run]], left_out: dict[str, str]
    ) -> None:
        settings = replace(self.settings, max_bin=point.max_bin)
        limits = Limits(memory_limit(self.options), max(SHARE_OF_BUDGET * self.remaining_s(), SHORTEST_LIMIT_S))
        shown = f"{self.axis.name} {self.axis.shown(point.value)}: {engine}"
        try:
            run, seconds = runs.run(engine, file, point.shape, settings, limits)
        except (Unsupported, EngineFailed) as reason:
            say(f"{shown}: left out ({reason})")
            left_out[engine] = str(reason)
            done.pop(engine, None)
            if isinstance(reason, (Unsupported, LimitExceeded)):
                self.out[engine] = str(reason)
            return
        done.setdefault(engine, []).append(run)
        inside = run.load_s + run.bin_s + run.train_s
        self.costs[engine] = Cost(max(seconds - inside, 0.0), inside, cost.work(point, self.settings))
        say(f"{shown}: bin {run.bin_s:.3f} s, train {run.train_s:.3f} s")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def shown_command(argv: list[str]) -> str:
    return "bench/scaling/run" + compare.shown_command(argv).removeprefix("bench/peers/run")


def measure_axis(axis: Axis, options: argparse.Namespace, command: str) -> dict:
    """The file is written after every point, so that an interrupted run leaves what it has."""
    measurement = Measurement(axis, options, command)
    for value in options.points or axis.values:
        measurement.measure(axis.point(value, options.max_rows))
        results.write(measurement.result, results.file_of(axis, options.results))
    return measurement.result


def main(argv: list[str]) -> int:
    options = arguments(argv)
    if engines.RAMET in options.engines and not options.plot_only:
        runs.use(options.program)
    failed = False
    for axis in (axes.BY_NAME[name] for name in options.axes):
        if options.plot_only:
            result = json.loads(results.find(axis, options.results).read_text())
        else:
            result = measure_axis(axis, options, shown_command(argv))
        print(results.markdown(axis, result), flush=True)
        if any(point["engines"] for point in result["points"]):
            say(f"figure: {plots.write(axis, result, options.plots)}")
        failed |= engines.RAMET in result["engines"] and not any(
            engines.RAMET in p["engines"] for p in result["points"]
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
