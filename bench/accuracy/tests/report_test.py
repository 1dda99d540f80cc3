"""The document's tables, its kept notes, the cache's file and the command's options."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from peers.settings import Settings, Task

from accuracy import main, report
from accuracy.cache import Cache, key
from accuracy.statistics import Comparison

GOOD = Comparison("adult", "logloss", [0.28, 0.28], [0.28, 0.28])
BAD = Comparison("telco", "logloss", [0.40, 0.40], [0.44, 0.44])


class Document(unittest.TestCase):
    def test_row_flags_what_is_outside(self) -> None:
        self.assertTrue(report.row(GOOD).endswith("| 1.0200 | yes |\n"))
        self.assertIn("| 1.1000 |", report.row(BAD))
        self.assertTrue(report.row(BAD).endswith("**no** |\n"))

    def test_rows_have_the_headers_columns(self) -> None:
        lines = report.HEADER.strip().splitlines() + [report.row(GOOD).strip()]
        self.assertEqual(len({line.count("|") for line in lines}), 1)

    def test_notes_survive_renewed_tables(self) -> None:
        machine = {"cpu": "CPU", "cores": 2}
        text = report.markdown({"XGBoost, deep": [GOOD, BAD]}, {"ramet": "1"}, machine, "command")
        self.assertEqual(report.explained(text), "")
        notes = "## Notes\n\nWhy telco differs.\n"
        self.assertEqual(report.explained(text + "\n" + notes), notes)

    def test_section_ends_with_the_geometric_mean(self) -> None:
        self.assertIn("**1.0488**", report.section("XGBoost, deep", [GOOD, BAD]))  # sqrt(1.1)

    def test_writing_renews_tables_and_keeps_notes(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            document = folder / "docs" / "accuracy.md"
            places = {"RESULTS": folder / "results", "DOCUMENT": document}
            with mock.patch.multiple(main, **places):
                main.write({"XGBoost, deep": [BAD]}, {"ramet": "1"}, "command")
                document.write_text(document.read_text() + "\n## Notes\n\nKept.\n")
                main.write({"XGBoost, deep": [GOOD]}, {"ramet": "2"}, "command")
            text = document.read_text()
            self.assertIn("| adult |", text)
            self.assertNotIn("| telco |", text)
            self.assertTrue(text.endswith("## Notes\n\nKept.\n"))
            (file,) = (folder / "results").iterdir()
            result = json.loads(file.read_text())
            self.assertEqual(result["versions"], {"ramet": "2"})
            self.assertEqual(result["geometric_means"], {"XGBoost, deep": 1.0})


class PeerCache(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_keeps_prunes_and_reads_again(self) -> None:
        file = self.folder / "peers.json"
        cache = Cache(file)
        cache.put("a", {"rmse": 1.5})
        cache.put("b", {"rmse": 2.5})
        self.assertEqual(Cache(file).get("a"), {"rmse": 1.5})
        cache.keep_only({"b"})
        self.assertIsNone(Cache(file).get("a"))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["peers.json"])

    def test_key_depends_on_data_and_parameters_but_not_threads(self) -> None:
        for name in ("train.csv", "test.csv", "other.csv"):
            (self.folder / name).write_text(f"x,y\n1,{name}\n")

        def entry(parameters: dict, train: str = "train.csv", threads: int = 1) -> str:
            task = Task(str(self.folder / train), str(self.folder / "test.csv"), "y", "binary", name="set")
            return key("xgboost", "3", {"nthread": threads, **parameters}, Settings(threads=threads), task)

        self.assertEqual(entry({"eta": 0.1}), entry({"eta": 0.1}, threads=7))
        self.assertNotEqual(entry({"eta": 0.1}), entry({"eta": 0.2}))
        self.assertNotEqual(entry({"eta": 0.1}), entry({"eta": 0.1}, train="other.csv"))


class Options(unittest.TestCase):
    def parse(self, *argv: str):
        with contextlib.redirect_stderr(io.StringIO()):
            return main.arguments(["--data-root", "data", *argv])

    def test_only_a_full_run_writes_the_document(self) -> None:
        self.assertTrue(main.is_full(self.parse()))
        for part in (["--sets", "adult"], ["--seeds", "1"], ["--contests", "xgboost"], ["--ramet-option", "a=1"]):
            self.assertFalse(main.is_full(self.parse(*part)), part)

    def test_unknown_names_are_refused(self) -> None:
        for wrong in (
            ["--sets", "adlut"],
            ["--contests", "catboost"],
            ["--seeds", "0"],
            ["--prune", "--seeds", "1"],
        ):
            with self.assertRaises(SystemExit):
                self.parse(*wrong)


if __name__ == "__main__":
    unittest.main()
