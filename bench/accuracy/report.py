"""Writes docs/accuracy.md and the JSON with the same numbers."""

from __future__ import annotations

from accuracy.statistics import MEAN_LIMIT, RATIO_LIMIT, Comparison, geometric_mean

INTRODUCTION = f"""# Accuracy

Test loss of Ramet against XGBoost growing depth-wise to depth 8, and against LightGBM growing leaf-wise to 255
leaves. 100 rounds (mnist: 20), eta 0.1, lambda 1, minimum child weight 1, 255 bins, no sampling; everything else
at Ramet's defaults, the peers' parameters matched to it as [bench/peers](../bench/README.md) tells. Text
columns are categories, handled by each engine natively. Every engine's predictions are judged by the same code.

The figures are means over 5 seeds (mnist: one). Sets without a test file are shuffled and split 80/20 anew for
each seed; adult and higgs_7k keep their test files, and each seed trains on another random 90 % of the training
rows. *Ratio* is Ramet's mean loss over the peer's: below 1, Ramet is better. *Peer's error* is the standard error
of the peer's mean over the seeds, *ratio's error* that of the seeds' own ratios. Wanted: a geometric mean of at
most {MEAN_LIMIT}, and no ratio above {RATIO_LIMIT} or 1 + 2 peer's errors, whichever is larger.
"""

HEADER = """| set | loss | {peer} | Ramet | ratio | ratio's error | peer's error | limit | within |
|---|---|---:|---:|---:|---:|---:|---:|---|
"""


def row(comparison: Comparison) -> str:
    return (
        f"| {comparison.set_name} | {comparison.loss} | {comparison.peer_mean:.6g} | {comparison.ramet_mean:.6g} "
        f"| {comparison.ratio:.4f} | {comparison.ratio_error:.4f} | {comparison.peer_error:.4f} "
        f"| {comparison.limit:.4f} | {'yes' if comparison.within else '**no**'} |\n"
    )


def section(title: str, comparisons: list[Comparison]) -> str:
    rows = "".join(row(comparison) for comparison in comparisons)
    return (
        f"## {title}\n\n"
        + HEADER.format(peer=title.split(",")[0])
        + rows
        + f"\nGeometric mean of the ratios: **{geometric_mean(comparisons):.4f}**.\n"
    )


def markdown(sections: dict[str, list[Comparison]], versions: dict[str, str], machine: dict, command: str) -> str:
    made_with = ", ".join(f"{name} {version}" for name, version in versions.items())
    parts = [INTRODUCTION]
    parts += [section(title, comparisons) for title, comparisons in sections.items() if comparisons]
    parts.append(
        "## How these tables were made\n\n"
        f"With {made_with} on {machine['cpu']} ({machine['cores']} cores), by\n\n"
        f"```\n{command}\n```\n\n"
        "`DATA` is a folder with the source files named in `bench/peers/datasets.py`. The peers' losses are kept "
        "in `bench/results/accuracy-peers.json` by version, parameters and data, and run only where they are not "
        "there. The losses of every seed are in `bench/results/accuracy-*.json`.\n"
    )
    return "\n".join(parts)


def explained(existing: str) -> str:
    """The hand-written part of docs/accuracy.md: everything from its heading on, kept when tables are renewed."""
    heading = "## Notes"
    return existing[existing.index(heading) :] if heading in existing else ""
