"""The command `bench/peers/datasets`: prints the folder of each prepared pair of files."""

from __future__ import annotations

import argparse
from pathlib import Path

from peers import datasets

DEFAULT_CACHE = Path(__file__).resolve().parents[2] / "build" / "bench-data"


def parse_size(text: str) -> tuple[int, int]:
    """`1000000x28`: rows and columns."""
    rows, _, columns = text.partition("x")
    size = int(rows), int(columns)
    if size[0] < 10 or size[1] < 6:
        raise argparse.ArgumentTypeError(f"{text}: at least 10 rows and 6 columns")
    return size


def names(text: str) -> tuple[str, ...]:
    """`a,b,c`."""
    return tuple(name for name in text.split(",") if name)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/datasets", description=datasets.__doc__)
    parser.add_argument("--data-root", type=Path, help="folder with the source files, one folder a set")
    parser.add_argument(
        "--sets", type=names, default=tuple(datasets.BY_NAME), help="names, by commas (default: all)"
    )
    parser.add_argument("--seeds", default="0", help="seeds, by commas (default: 0)")
    parser.add_argument("--generate", metavar="ROWSxCOLUMNS", type=parse_size, help="make a generated set")
    parser.add_argument(
        "--cache", type=Path, default=DEFAULT_CACHE, help="where the pairs go (default: %(default)s)"
    )
    options = parser.parse_args()
    if not (options.data_root or options.generate):
        parser.error("give --data-root, --generate or both")
    for name in options.sets:
        if name not in datasets.BY_NAME:
            parser.error(f"--sets {name}: must be one of {', '.join(datasets.BY_NAME)}")
    return options


def main() -> None:
    options = arguments()
    seeds = [int(seed) for seed in names(options.seeds)]
    for seed in seeds:
        if options.generate:
            print(datasets.generate(*options.generate, options.cache, seed))
        if options.data_root:
            for name in options.sets:
                print(datasets.prepare(datasets.BY_NAME[name], options.data_root, options.cache, seed))


if __name__ == "__main__":
    main()
