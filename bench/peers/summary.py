"""Repeated runs to one line an engine, and the lines to a Markdown table."""

from __future__ import annotations

from statistics import median

from peers.runs import Run

MIB = 1 << 20
REFERENCE = "ramet"
TIMES = ("load_s", "bin_s", "train_s")


def of_runs(runs: list[Run]) -> dict:
    """Medians of the times, the highest peak of memory, the accuracy of the first run and whether all agree on it."""
    return {
        "version": runs[0].version,
        "repeats": len(runs),
        **{name: median(getattr(run, name) for run in runs) for name in TIMES},
        "bin_and_train_s": median(run.bin_s + run.train_s for run in runs),
        "train_s_least": min(run.train_s for run in runs),
        "train_s_most": max(run.train_s for run in runs),
        "peak_memory_bytes": max(run.peak_memory_bytes for run in runs),
        "train_memory_bytes": max(run.train_memory_bytes for run in runs),
        "start_memory_bytes": max(run.start_memory_bytes for run in runs),
        "metrics": runs[0].metrics,
        "same_metrics_each_time": all(run.metrics == runs[0].metrics for run in runs),
        "parameters": runs[0].parameters,
        "phases": runs[0].phases,
    }


def ratio(engine: dict, reference: dict | None, field: str) -> str:
    """How many times the reference's value; empty without a reference."""
    if not reference or not reference[field]:
        return ""
    return f"{engine[field] / reference[field]:.2f}"


def line(name: str, engine: dict, reference: dict | None) -> list[str]:
    memory = engine["train_memory_bytes"]
    return [
        name,
        engine["version"].split(" ")[0],
        *(f"{engine[field]:.3f}" for field in (*TIMES, "bin_and_train_s")),
        ratio(engine, reference, "train_s"),
        ratio(engine, reference, "bin_and_train_s"),
        f"{engine['peak_memory_bytes'] / MIB:.0f}",
        f"{memory / MIB:.0f}" if memory else "",
        *(f"{value:.6g}" for value in engine["metrics"].values()),
    ]


def header(metrics: list[str]) -> list[str]:
    times = ["load s", "bin s", "train s", "bin+train s", "train ratio", "bin+train ratio"]
    return ["engine", "version", *times, "peak MiB", "bin+train MiB", *metrics]


def aligned(rows: list[list[str]], text_columns: int) -> str:
    """A Markdown table that reads well as plain text, too."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]

    def padded(row: list[str]) -> str:
        cells = (
            c.ljust(w) if i < text_columns else c.rjust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        return "| " + " | ".join(cells) + " |"

    rule = ["-" * w if i < text_columns else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([padded(rows[0]), "| " + " | ".join(rule) + " |", *map(padded, rows[1:])])


def text(result: dict) -> str:
    """What `bench/peers/run` prints. Ratios are the engine's time over Ramet's: above 1, Ramet is faster."""
    found, machine, settings = result["engines"], result["machine"], result["settings"]
    reference = found.get(REFERENCE)
    parts = [
        f"{result['task']['name']} ({result['task']['kind']}), {machine['cpu']}, {machine['cores']} cores, "
        f"{result['date']}",
        ", ".join(f"{name} {value}" for name, value in settings.items() if value != ()),
        "",
    ]
    if found:
        metrics = list(next(iter(found.values()))["metrics"])
        lines = [line(name, engine, reference) for name, engine in found.items()]
        parts.append(aligned([header(metrics), *lines], text_columns=2))
    parts += [f"{name}: left out ({reason})" for name, reason in result["left_out"].items()]
    return "\n".join(parts)
