"""The command `bench/accuracy/run`: see accuracy/report.py for what is compared."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accuracy import cache, report, statistics
from peers import datasets, engines, machine, metrics, runs
from peers.datasets import DataSet
from peers.prepare import DEFAULT_CACHE
from peers.settings import Settings, Task

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "bench" / "results"
DOCUMENT = REPOSITORY / "docs" / "accuracy.md"


@dataclass(frozen=True)
class Contest:
    title: str
    peer: str
    settings: dict


CONTESTS = (
    Contest("XGBoost, depth-wise to depth 8", "xgboost", {"growth": "depthwise", "depth": 8}),
    Contest("LightGBM, leaf-wise to 255 leaves", "lightgbm", {"growth": "leafwise", "leaves": 255}),
)


class Losses:
    """Losses of engines on prepared sets; the peers' come from the cache where it has them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._cache = cache.Cache(options.peer_results)
        self.versions: dict[str, str] = {}

    def peer(self, contest: Contest, task: Task, settings: Settings, labels: np.ndarray) -> float:
        module = engines.peer(contest.peer)
        self.versions[contest.peer] = module.version()
        chosen = module.parameters(settings, task.kind, int(labels.max()) + 1)
        entry = cache.key(contest.peer, module.version(), chosen, settings, task)
        found = self._cache.get(entry)
        if found is None:
            found = runs.run(contest.peer, task, settings, labels).metrics
            self._cache.put(entry, found)
        return found[metrics.loss_name(task.kind)]

    def ramet(self, task: Task, settings: Settings, labels: np.ndarray) -> float:
        run = runs.run(engines.RAMET, task, settings, labels)
        self.versions[engines.RAMET] = run.version
        return run.metrics[metrics.loss_name(task.kind)]


def compare(contest: Contest, data_set: DataSet, losses: Losses, options: argparse.Namespace) -> statistics.Comparison:
    """All seeds of one set in one contest."""
    peer, ramet = [], []
    for seed in range(min(data_set.seeds, options.seeds)):
        folder = datasets.prepare(data_set, options.data_root, options.cache, seed)
        task = Task.from_folder(folder)
        labels = runs.test_labels(task)
        settings = Settings(rounds=data_set.rounds, threads=options.threads, seed=seed, **contest.settings)
        peer.append(losses.peer(contest, task, settings, labels))
        if not options.peers_only:
            ramet.append(losses.ramet(task, settings, labels))
        print(f"{data_set.name} seed {seed}: {contest.peer} {peer[-1]:.6g}", *ramet[-1:], flush=True)
    return statistics.Comparison(data_set.name, metrics.loss_name(data_set.kind), peer, ramet)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/accuracy/run", description="Writes docs/accuracy.md.")
    parser.add_argument("--data-root", type=Path, required=True, help="folder with the source files")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="prepared files (default: %(default)s)")
    parser.add_argument("--sets", default=",".join(datasets.BY_NAME), help="names, by commas (default: all)")
    parser.add_argument("--seeds", type=int, default=5, help="at most this many seeds a set")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peers-only", action="store_true", help="only fill the cache of the peers' results")
    parser.add_argument("--peer-results", type=Path, default=RESULTS / "accuracy-peers.json")
    parser.add_argument("--no-document", action="store_true", help="print the tables, write no file")
    return parser.parse_args()


def write(sections: dict[str, list[statistics.Comparison]], versions: dict[str, str], command: str) -> None:
    result = {
        "machine": machine.describe(),
        "versions": versions,
        "command": command,
        "contests": {title: [c.to_dict() for c in comparisons] for title, comparisons in sections.items()},
        "geometric_means": {title: statistics.geometric_mean(c) for title, c in sections.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"accuracy-{machine.slug()}.json").write_text(json.dumps(result, indent=1) + "\n")
    notes = report.explained(DOCUMENT.read_text()) if DOCUMENT.exists() else ""
    text = report.markdown(sections, versions, result["machine"], command)
    DOCUMENT.write_text(text + ("\n" + notes if notes else ""))


def main() -> None:
    options = arguments()
    losses = Losses(options)
    sections: dict[str, list[statistics.Comparison]] = {contest.title: [] for contest in CONTESTS}
    for name in options.sets.split(","):
        for contest in CONTESTS:
            sections[contest.title].append(compare(contest, datasets.BY_NAME[name], losses, options))
    if options.peers_only:
        return
    for title, comparisons in sections.items():
        print(report.section(title, comparisons))
    if not options.no_document:
        write(sections, losses.versions, f"bench/accuracy/run --data-root DATA --threads {options.threads}")


if __name__ == "__main__":
    main()
