"""The command `bench/peers/datasets`: prints the folder of each prepared pair of files."""

from __future__ import annotations

import argparse
from pathlib import Path

from peers import datasets

DEFAULT_CACHE = Path(__file__).resolve().parents[2] / "build" / "bench-data"


def parse_size(text: str) -> tuple[int, int]:
    rows, _, columns = text.partition("x")
    return int(rows), int(columns)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/peers/datasets", description=datasets.__doc__)
    parser.add_argument("--data-root", type=Path, help="folder with the source files, one folder a set")
    parser.add_argument("--sets", default=",".join(datasets.BY_NAME), help="names, by commas (default: all)")
    parser.add_argument("--seeds", default="0", help="seeds, by commas (default: 0)")
    parser.add_argument("--generate", metavar="ROWSxCOLUMNS", type=parse_size, help="make a generated set")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where the pairs go (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for seed in seeds:
        if options.generate:
            print(datasets.generate(*options.generate, options.cache, seed))
        if options.data_root:
            for name in options.sets.split(","):
                print(datasets.prepare(datasets.BY_NAME[name], options.data_root, options.cache, seed))


if __name__ == "__main__":
    main()
