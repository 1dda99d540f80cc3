"""The command's options, the order of runs, the summary and its table; sets that are split or generated."""

from __future__ import annotations

import contextlib
import gzip
import io
import tempfile
import unittest
from pathlib import Path

import numpy as np

from peers import compare, datasets, summary
from peers.runs import Run
from peers.table import read_text


def run(engine: str, train_s: float, loss: float = 0.5) -> Run:
    return Run(engine, "1.0", 0.1, 1.0, train_s, 300 << 20, 200 << 20, 50 << 20, {"logloss": loss}, {}, {})


class Order(unittest.TestCase):
    def test_every_repeat_has_every_engine_and_another_first(self) -> None:
        self.assertEqual(compare.interleaved(("a", "b", "c"), 2), ["a", "b", "c", "b", "c", "a"])


class Options(unittest.TestCase):
    def refused(self, *argv: str) -> str:
        message = io.StringIO()
        with contextlib.redirect_stderr(message), self.assertRaises(SystemExit):
            compare.arguments(list(argv))
        return message.getvalue()

    def test_data_is_given_once(self) -> None:
        self.assertIn("give one of", self.refused())
        self.assertIn("give one of", self.refused("--generate", "100x6", "--folder", "."))
        self.assertIn("no such file", self.refused("--folder", "no-such-folder"))

    def test_wrong_values_are_named(self) -> None:
        self.assertIn("catbost", self.refused("--generate", "100x6", "--engines", "catbost"))
        self.assertIn("--repeats 0", self.refused("--generate", "100x6", "--repeats", "0"))
        self.assertIn("6 columns", self.refused("--generate", "100x3"))

    def test_settings_reach_every_engine(self) -> None:
        options = compare.arguments(
            ["--generate", "100x6", "--growth", "leafwise", "--lambda", "2", "--threads", "3"]
        )
        settings = compare.settings_of(options)
        self.assertEqual((settings.growth, settings.reg_lambda, settings.threads), ("leafwise", 2.0, 3))

    def test_recorded_command_names_no_folder(self) -> None:
        shown = compare.shown_command(["--train", "/home/me/train.csv", "--rounds", "20"])
        self.assertEqual(shown, "bench/peers/run --train train.csv --rounds 20")


class Summary(unittest.TestCase):
    def test_medians_and_peaks(self) -> None:
        found = summary.of_runs([run("ramet", 3.0), run("ramet", 1.0), run("ramet", 2.0)])
        self.assertEqual((found["train_s"], found["train_s_least"], found["train_s_most"]), (2.0, 1.0, 3.0))
        self.assertEqual((found["bin_and_train_s"], found["peak_memory_bytes"]), (3.0, 300 << 20))
        self.assertTrue(found["same_metrics_each_time"])
        self.assertFalse(summary.of_runs([run("a", 1.0, 0.5), run("a", 1.0, 0.6)])["same_metrics_each_time"])

    def test_table_has_ratios_to_ramet_and_names_who_is_left_out(self) -> None:
        result = {
            "machine": {"cpu": "CPU", "cores": 2},
            "date": "2000-01-01",
            "task": {"name": "set", "kind": "binary"},
            "settings": {"rounds": 1},
            "engines": {
                "ramet": summary.of_runs([run("ramet", 2.0)]),
                "peer": summary.of_runs([run("peer", 5.0)]),
            },
            "left_out": {"other": "no symmetric growth"},
        }
        text = summary.text(result)
        table = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len({len(line) for line in table}), 1)
        self.assertEqual([cell.strip() for cell in table[-1].split("|")][7:10], ["2.50", "2.00", "300"])
        self.assertIn("other: left out (no symmetric growth)", text)
        del result["engines"]["ramet"]
        self.assertEqual(
            [cell.strip() for cell in summary.text(result).splitlines()[-2].split("|")][7:9], ["", ""]
        )


class Sets(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, rows: list[str]) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress("\n".join(rows).encode()))

    def test_split_uses_every_row_once_and_seeds_differ(self) -> None:
        self.write("s/all.csv.gz", ["x,y", *(f"{i},{i % 2}" for i in range(100))])
        data_set = datasets.DataSet("s", "binary", "y", "s/all.csv.gz")
        tests = []
        for seed in (0, 1):
            folder = datasets.prepare(data_set, self.folder, self.folder / "cache", seed)
            train, test = read_text(folder / "train.csv"), read_text(folder / "test.csv")
            self.assertEqual((len(train), len(test)), (80, 20))
            self.assertEqual({*train["x"], *test["x"]}, {str(i) for i in range(100)})
            tests.append(set(test["x"]))
        self.assertNotEqual(*tests)

    def test_test_file_is_kept_and_training_rows_drawn(self) -> None:
        self.write("s/train.csv.gz", ["x,y", *(f"{i},0" for i in range(50))])
        self.write("s/test.csv.gz", ["x,y", "a,1"])
        train, test = datasets.split(
            datasets.DataSet("s", "binary", "y", "s/train.csv.gz", "s/test.csv.gz"), self.folder, 3
        )
        self.assertEqual((len(train), list(test["x"])), (45, ["a"]))

    def test_flights_have_no_leak(self) -> None:
        columns = "arr_delay,dep_delay,air_time,arr_time,dep_time,hour,minute,carrier"
        self.write("f/f.csv.gz", [columns, "16,1,1,1,1,5,1,AA", ",1,1,1,1,6,1,UA", "15,1,1,1,1,7,1,DL"])
        frame = datasets.landed(read_text(self.folder / "f/f.csv.gz"))
        self.assertEqual(list(frame.columns), ["hour", "carrier", "late"])
        self.assertEqual(list(frame["late"]), [1, 0])

    def test_generated_set_repeats_and_can_be_learned(self) -> None:
        x, y = datasets.generated(2000, 12, np.random.default_rng(5))
        again, _ = datasets.generated(2000, 12, np.random.default_rng(5))
        np.testing.assert_array_equal(x, again)
        self.assertTrue(0.4 < y.mean() < 0.6)
        self.assertTrue(max(abs(np.corrcoef(x[:, i], y)[0, 1]) for i in range(12)) > 0.1)


if __name__ == "__main__":
    unittest.main()
