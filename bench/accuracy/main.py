"""The command `bench/accuracy/run`: see accuracy/report.py for what is compared."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from peers import datasets, engines, machine, metrics, runs
from peers.datasets import DataSet
from peers.engines import ramet
from peers.prepare import DEFAULT_CACHE, names
from peers.settings import Settings, Task

import accuracy
from accuracy import cache, report, statistics

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "bench" / "results"
DOCUMENT = REPOSITORY / "docs" / "accuracy.md"


@dataclass(frozen=True)
class Contest:
    title: str
    peer: str
    settings: dict


# By peer, as `--contests` names them.
CONTESTS = {
    "xgboost": Contest("XGBoost, depth-wise to depth 8", "xgboost", {"growth": "depthwise", "depth": 8}),
    "lightgbm": Contest("LightGBM, leaf-wise to 255 leaves", "lightgbm", {"growth": "leafwise", "leaves": 255}),
}
FULL_SEEDS = 5

Sections = dict[str, list[statistics.Comparison]]


class Losses:
    """Losses of engines on prepared sets; the peers' come from the cache where it has them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._cache = cache.Cache(options.peer_results)
        self.versions: dict[str, str] = {}
        self.used: set[str] = set()  # keys of the cache

    def prune(self) -> None:
        """Forgets peers' results of other versions, parameters or data than this run's."""
        self._cache.keep_only(self.used)

    def peer(self, contest: Contest, task: Task, settings: Settings, labels: np.ndarray) -> float:
        module = engines.peer(contest.peer)
        self.versions[contest.peer] = module.version()
        chosen = module.parameters(settings, task.kind, int(labels.max()) + 1)
        entry = cache.key(contest.peer, module.version(), chosen, settings, task)
        self.used.add(entry)
        found = self._cache.get(entry)
        if found is None:
            found = runs.run(contest.peer, task, settings, labels).metrics
            self._cache.put(entry, found)
        return found[metrics.loss_name(task.kind)]

    def ramet(self, task: Task, settings: Settings, labels: np.ndarray) -> float:
        run = runs.run(engines.RAMET, task, settings, labels)
        self.versions[engines.RAMET] = run.version
        return run.metrics[metrics.loss_name(task.kind)]


def compare(
    contest: Contest, data_set: DataSet, losses: Losses, options: argparse.Namespace
) -> statistics.Comparison:
    """All seeds of one set in one contest."""
    peer, ramet_losses = [], []
    for seed in range(min(data_set.seeds, options.seeds)):
        folder = datasets.prepare(data_set, options.data_root, options.cache, seed)
        task = Task.from_folder(folder)
        labels = runs.test_labels(task)
        settings = Settings(
            rounds=data_set.rounds,
            threads=options.threads,
            seed=seed,
            ramet_options=tuple(options.ramet_option),
            **contest.settings,
        )
        peer.append(losses.peer(contest, task, settings, labels))
        progress = f"{data_set.name} seed {seed}: {contest.peer} {peer[-1]:.6g}"
        if not options.peers_only:
            start = time.perf_counter()
            ramet_losses.append(losses.ramet(task, settings, labels))
            progress += f", ramet {ramet_losses[-1]:.6g} ({time.perf_counter() - start:.1f} s)"
        print(progress, file=sys.stderr, flush=True)
    return statistics.Comparison(data_set.name, metrics.loss_name(data_set.kind), peer, ramet_losses)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/accuracy/run", description=accuracy.__doc__)
    parser.add_argument("--data-root", type=Path, required=True, help="folder with the source files")
    parser.add_argument("--ramet", type=Path, help="the command (default: $RAMET, else build/release/bin/ramet)")
    parser.add_argument(
        "--sets", type=names, default=tuple(datasets.BY_NAME), help="names, by commas (default: all)"
    )
    parser.add_argument("--seeds", type=int, default=FULL_SEEDS, help="at most this many seeds a set (default: 5)")
    parser.add_argument("--contests", type=names, default=tuple(CONTESTS), help=f"of {','.join(CONTESTS)}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--ramet-option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="another parameter for Ramet; prints only",
    )
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="prepared files (default: %(default)s)")
    parser.add_argument("--peers-only", action="store_true", help="only fill the cache of the peers' results")
    parser.add_argument("--peer-results", type=Path, default=RESULTS / "accuracy-peers.json")
    parser.add_argument(
        "--prune", action="store_true", help="drop the peers' results that a full run does not use"
    )
    options = parser.parse_args(argv)
    for chosen, known in ((options.sets, datasets.BY_NAME), (options.contests, CONTESTS)):
        for name in chosen:
            if name not in known:
                parser.error(f"{name}: must be one of {', '.join(known)}")
    if options.seeds < 1:
        parser.error(f"--seeds {options.seeds}: must be at least 1")
    if options.prune and not is_full(options):
        parser.error("--prune: only with all sets, seeds and contests")
    return options


def is_full(options: argparse.Namespace) -> bool:
    """Only a full run as users would run Ramet may write the document and its results; others print."""
    everything = set(options.sets) == set(datasets.BY_NAME) and set(options.contests) == set(CONTESTS)
    return everything and options.seeds >= FULL_SEEDS and not options.ramet_option


def results_json(sections: Sections, versions: dict[str, str], command: str) -> dict:
    return {
        "machine": machine.describe(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "command": command,
        "contests": {title: [c.to_dict() for c in comparisons] for title, comparisons in sections.items()},
        "geometric_means": {title: statistics.geometric_mean(c) for title, c in sections.items()},
    }


def write(sections: Sections, versions: dict[str, str], command: str) -> None:
    """Renews the result file of this machine and the tables of the document; its notes stay."""
    result = results_json(sections, versions, command)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"accuracy-{machine.slug()}.json").write_text(json.dumps(result, indent=1) + "\n")
    notes = report.explained(DOCUMENT.read_text()) if DOCUMENT.exists() else ""
    text = report.markdown(sections, versions, result["machine"], command)
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(text + ("\n" + notes if notes else ""))


def run_all(losses: Losses, options: argparse.Namespace) -> tuple[Sections, list[str]]:
    """Comparisons by contest title, and what failed: a failure costs its own row, not the run."""
    sections: Sections = {CONTESTS[name].title: [] for name in options.contests}
    failures = []
    for set_name in options.sets:
        for contest in (CONTESTS[name] for name in options.contests):
            try:
                comparison = compare(contest, datasets.BY_NAME[set_name], losses, options)
            except runs.EngineFailed as failure:
                failures.append(f"{set_name}, {contest.title}: {failure}")
                print(failures[-1], file=sys.stderr, flush=True)
                continue
            sections[contest.title].append(comparison)
    return sections, failures


def main(argv: list[str]) -> int:
    options = arguments(argv)
    if not options.peers_only:
        ramet.use(options.ramet)
    losses = Losses(options)
    sections, failures = run_all(losses, options)
    if options.prune and not failures:
        losses.prune()
    if not options.peers_only:
        for title, comparisons in sections.items():
            if comparisons:
                print(report.section(title, comparisons))
        if is_full(options) and not failures:
            write(sections, losses.versions, f"bench/accuracy/run --data-root DATA --threads {options.threads}")
    print("".join(f"failed: {failure}\n" for failure in failures), end="", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
