"""Runs of an axis as JSON, and the JSON as Markdown tables."""

from __future__ import annotations

import json
from pathlib import Path

from peers import machine, summary
from peers.runs import Run
from peers.settings import Settings

from scaling.axes import Axis, Point

FIGURES = ("ms_per_round", "bin_s")
NOT_MEASURED = "-"


def title_of(figure: str, axis: Axis) -> str:
    if figure == "bin_s":
        return "data preparation, s"
    return "ms a round (a tree for each class)" if axis.name == "classes" else "ms a tree"


def summarised(runs: list[Run], settings: Settings) -> dict:
    """As in bench/peers, without what predictions tell."""
    found = summary.of_runs(runs)
    for name in ("metrics", "same_metrics_each_time"):
        del found[name]
    return {**found, "ms_per_round": 1000 * found["train_s"] / settings.rounds}


def point_json(point: Point, runs: dict[str, list[Run]], left_out: dict[str, str], settings: Settings) -> dict:
    return {
        "value": point.value,
        "data": point.shape.to_dict(),
        "max_bin": point.max_bin,
        "engines": {engine: summarised(engine_runs, settings) for engine, engine_runs in runs.items()},
        "left_out": left_out,
        "runs": [run.to_dict() for engine_runs in runs.values() for run in engine_runs],
    }


def file_of(axis: Axis, folder: Path) -> Path:
    return folder / f"scaling-{axis.name}-{machine.slug()}.json"


def find(axis: Axis, folder: Path) -> Path:
    """This machine's results, or the only ones there are."""
    if file_of(axis, folder).exists():
        return file_of(axis, folder)
    found = sorted(folder.glob(f"scaling-{axis.name}-*.json"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise SystemExit(f"--plot-only: {folder} must have one file of the axis {axis.name}; there is: {names}")
    return found[0]


def write(result: dict, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(result, indent=1) + "\n")
    partial.replace(file)


def cell(point: dict, engine: str, figure: str) -> str:
    """`12.3 (2.50)`: the figure, and how many times Ramet's it is."""
    found = point["engines"]
    if engine not in found:
        return NOT_MEASURED
    text = f"{found[engine][figure]:.4g}"
    reference = found.get(summary.REFERENCE)
    if engine == summary.REFERENCE or reference is None:
        return text
    return f"{text} ({summary.ratio(found[engine], reference, figure)})"


def table(axis: Axis, result: dict, figure: str) -> str:
    names = result["engines"]
    lines = [
        [axis.shown(point["value"]), *(cell(point, name, figure) for name in names)] for point in result["points"]
    ]
    return summary.aligned([[axis.title, *names], *lines], text_columns=0)


def left_out_lines(axis: Axis, result: dict) -> list[str]:
    lines = [
        f"- {axis.title} {axis.shown(point['value'])}: without {engine} ({reason})"
        for point in result["points"]
        for engine, reason in point["left_out"].items()
    ]
    return lines + [
        f"- {axis.title} {axis.shown(point['value'])}: left out ({point['reason']})"
        for point in result["left_out_points"]
    ]


def markdown(axis: Axis, result: dict) -> str:
    cpu, cores = result["machine"]["cpu"], result["machine"]["cores"]
    settings = result["settings"]
    size = f"{settings['leaves']} leaves" if settings["growth"] == "leafwise" else f"depth {settings['depth']}"
    parts = [
        f"## {axis.name}",
        "",
        f"{settings['growth']}, {size}, {settings['rounds']} rounds, {settings['threads']} threads; {cpu}, "
        f"{cores} cores, {result['date']}. In parentheses: times Ramet's.",
    ]
    if result["points"]:
        for figure in FIGURES:
            parts += ["", f"{title_of(figure, axis)}:", "", table(axis, result, figure)]
    if "hessboost" in result["engines"]:
        parts += ["", "hessboost makes its bins while it trains."]
    lines = left_out_lines(axis, result)
    return "\n".join([*parts, *(["", *lines] if lines else [])]) + "\n"
