"""The command `bench/peers/run`: all engines on one pair of files, interleaved, as a table and as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from peers import datasets, engines, machine, runs, summary
from peers.engines import ramet
from peers.prepare import DEFAULT_CACHE, names, parse_size
from peers.settings import GROWTHS, KINDS, Settings, Task, Unsupported

RESULTS = Path(__file__).resolve().parents[1] / "results"


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__)
    data = parser.add_argument_group("data: --folder, --generate, or --train and --test")
    data.add_argument("--folder", type=Path, help="what bench/peers/datasets made: train.csv, test.csv, task.json")
    data.add_argument(
        "--generate", metavar="ROWSxCOLUMNS", type=parse_size, help="a generated binary set; 10 %% are test"
    )
    data.add_argument("--train", type=Path, help="CSV with a header line")
    data.add_argument("--test", type=Path, help="CSV with the same columns")
    data.add_argument("--target", default="", help="column to learn")
    data.add_argument("--task", choices=KINDS, default="binary")
    data.add_argument("--categorical", type=names, default=(), help="number columns to take as categories")
    data.add_argument("--ignore", type=names, default=(), help="columns to leave out")
    data.add_argument("--exposure", default="", help="poisson: column of exposures")
    data.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="generated files (default: %(default)s)")
    settings = parser.add_argument_group("settings, the same for all engines")
    settings.add_argument("--growth", choices=GROWTHS, default="depthwise")
    settings.add_argument("--depth", type=int, default=8, help="depthwise and symmetric (default: 8)")
    settings.add_argument("--leaves", type=int, default=255, help="leafwise (default: 255)")
    settings.add_argument("--rounds", type=int, default=100)
    settings.add_argument("--eta", type=float, default=0.1)
    settings.add_argument("--lambda", dest="reg_lambda", type=float, default=1.0)
    settings.add_argument("--min-child-weight", type=float, default=1.0)
    settings.add_argument("--max-bin", type=int, default=255)
    settings.add_argument("--seed", type=int, default=0)
    settings.add_argument("--threads", type=int, default=2)
    run = parser.add_argument_group("run")
    run.add_argument("--engines", type=names, default=engines.NAMES, help=f"of {','.join(engines.NAMES)}")
    run.add_argument("--repeats", type=int, default=3, help="runs of each engine, interleaved (default: 3)")
    run.add_argument("--ramet", type=Path, help="the command (default: $RAMET, else build/release/bin/ramet)")
    run.add_argument(
        "--ramet-option", metavar="NAME=VALUE", action="append", default=[], help="another parameter for Ramet"
    )
    run.add_argument("--json", type=Path, help="where the JSON goes; - prints it (default: bench/results)")
    options = parser.parse_args(argv)
    check(parser, options)
    return options


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    pair = options.train is not None and options.test is not None and bool(options.target)
    if [options.folder is not None, options.generate is not None, pair].count(True) != 1:
        parser.error("give one of: --folder; --generate; --train, --test and --target")
    for path in (options.train, options.test, options.folder and options.folder / "task.json"):
        if path is not None and not path.exists():
            parser.error(f"{path}: no such file")
    for engine in options.engines:
        if engine not in engines.NAMES:
            parser.error(f"--engines {engine}: must be one of {', '.join(engines.NAMES)}")
    if options.repeats < 1:
        parser.error(f"--repeats {options.repeats}: must be at least 1")


def task_of(options: argparse.Namespace) -> Task:
    if options.generate:
        return Task.from_folder(datasets.generate(*options.generate, options.cache, options.seed))
    if options.folder:
        return Task.from_folder(options.folder)
    return Task(
        train=str(options.train),
        test=str(options.test),
        target=options.target,
        kind=options.task,
        name=options.train.stem,
        exposure=options.exposure,
        categorical=options.categorical,
        ignore=options.ignore,
    )


def settings_of(options: argparse.Namespace) -> Settings:
    fields = ("growth", "depth", "leaves", "rounds", "eta", "reg_lambda", "min_child_weight", "max_bin", "seed")
    chosen = {name: getattr(options, name) for name in fields}
    return Settings(threads=options.threads, ramet_options=tuple(options.ramet_option), **chosen)


def interleaved(wanted: tuple[str, ...], repeats: int) -> list[str]:
    """Each repeat runs every engine once and starts with another one: slow spells of a machine hit all alike."""
    return [wanted[(i + repeat) % len(wanted)] for repeat in range(repeats) for i in range(len(wanted))]


def measure(
    task: Task, settings: Settings, options: argparse.Namespace
) -> tuple[dict[str, list[runs.Run]], dict[str, str]]:
    """Runs by engine, and why engines are left out. Who fails once is not tried again."""
    labels = runs.test_labels(task)
    done: dict[str, list[runs.Run]] = {}
    left_out: dict[str, str] = {}
    for engine in interleaved(options.engines, options.repeats):
        if engine in left_out:
            continue
        try:
            run = runs.run(engine, task, settings, labels)
        except (Unsupported, runs.EngineFailed) as reason:
            left_out[engine] = str(reason)
            done.pop(engine, None)
            continue
        done.setdefault(engine, []).append(run)
        print(f"{engine}: bin {run.bin_s:.2f} s, train {run.train_s:.2f} s", file=sys.stderr, flush=True)
    return done, left_out


def shown_command(argv: list[str]) -> str:
    """The command with paths cut to their last part, so that a result says nothing of where it was made."""
    return " ".join(["bench/peers/run", *(Path(word).name if "/" in word else word for word in argv)])


def result_file(options: argparse.Namespace, task: Task, settings: Settings) -> Path:
    return options.json or RESULTS / f"peers-{task.name or 'data'}-{settings.growth}-{machine.slug()}.json"


def main(argv: list[str]) -> int:
    options = arguments(argv)
    if engines.RAMET in options.engines:
        ramet.use(options.ramet)
    task, settings = task_of(options), settings_of(options)
    done, left_out = measure(task, settings, options)
    result = {
        "machine": machine.describe(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shown_command(argv),
        "task": {"name": task.name, "kind": task.kind},
        "settings": settings.to_dict(),
        "engines": {engine: summary.of_runs(engine_runs) for engine, engine_runs in done.items()},
        "left_out": left_out,
        "runs": [run.to_dict() for engine_runs in done.values() for run in engine_runs],
    }
    print(summary.text(result))
    text = json.dumps(result, indent=1) + "\n"
    file = result_file(options, task, settings)
    if str(file) == "-":
        print(text, end="")
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        print(f"JSON: {file}")
    return 1 if engines.RAMET in left_out else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
