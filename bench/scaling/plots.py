"""One SVG an axis: time a tree on the left, data preparation on the right. The same JSON gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scaling.axes import Axis
from scaling.results import FIGURES, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour (Okabe and Ito's, told apart by everyone) and marker.
STYLES = {
    "ramet": ("#d55e00", "o"),
    "xgboost": ("#0072b2", "s"),
    "lightgbm": ("#009e73", "^"),
    "lightgbm-quantized": ("#56b4e9", "v"),
    "catboost": ("#e69f00", "D"),
    "hessboost": ("#cc79a7", "P"),
}
SIZE = (8.4, 3.6)  # inches
MOST_MARKS = 8
SETTINGS = {
    "svg.hashsalt": "ramet",  # names inside the file are drawn from it
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def line(result: dict, engine: str, figure: str) -> tuple[list[float], list[float]]:
    measured = [point for point in result["points"] if engine in point["engines"]]
    return [p["value"] for p in measured], [p["engines"][engine][figure] for p in measured]


def draw_panel(panel: Axes, axis: Axis, result: dict, figure: str) -> None:
    for engine in result["engines"]:
        values, times = line(result, engine, figure)
        if not values:
            continue
        colour, marker = STYLES[engine]
        width = 2.2 if engine == "ramet" else 1.3
        panel.plot(values, times, color=colour, marker=marker, markersize=4, linewidth=width, label=engine)
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter(lambda time, _: f"{time:g}")
    panel.set_xlabel(axis.title)
    panel.set_title(title_of(figure, axis))
    panel.grid(True, which="major", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)
    if axis.whole:
        panel.set_xscale("log")
        if len(result["points"]) <= MOST_MARKS:
            mark_values(panel, axis, [point["value"] for point in result["points"]])


def mark_values(panel: Axes, axis: Axis, values: list[float]) -> None:
    """A mark at each value that was measured, and none at others."""
    panel.set_xticks(values, labels=[short(value) for value in values])
    panel.xaxis.minorticks_off()


def short(value: float) -> str:
    """10000 -> 10k, 3000000 -> 3M, 1024 -> 1024."""
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= unit and value % unit == 0:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def figure_of(axis: Axis, result: dict) -> Figure:
    from matplotlib.figure import Figure

    drawing = Figure(figsize=SIZE, layout="constrained")
    panels = drawing.subplots(1, 2)
    for panel, figure in zip(panels, FIGURES, strict=True):
        draw_panel(panel, axis, result, figure)
    handles, names = panels[0].get_legend_handles_labels()
    drawing.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    return drawing


def write(axis: Axis, result: dict, folder: Path) -> Path:
    """Raises SystemExit where there is no matplotlib: an environment from before it was needed."""
    try:
        import matplotlib
    except ImportError:
        raise SystemExit(
            "the plots need matplotlib: bench/peers/environment --upgrade, then --plot-only"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{axis.name}.svg"
    with matplotlib.rc_context(SETTINGS):
        figure_of(axis, result).savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file
