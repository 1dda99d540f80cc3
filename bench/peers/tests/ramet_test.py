"""Driving the command: a stand-in for `ramet` notes its arguments and answers with files in the real formats."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from peers import runs
from peers.engines import ramet
from peers.settings import Settings, Task
from peers.table import read_text

STAND_IN = """#!{python}
import json, os, sys
arguments = sys.argv[1:]
folder = os.path.dirname(os.path.abspath(__file__))
if arguments == ["--version"]:
    print("ramet 0.1.0 (numbers contract 1)")
    sys.exit()
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
value = dict(zip(arguments[1::2], arguments[2::2]))
if os.path.exists(os.path.join(folder, "fail")):
    sys.exit("ramet: error: eta = -1: must be > 0")
if arguments[0] == "train":
    if "--base-margin" in value:
        os.system("cp '%s' '%s'" % (value["--data"], os.path.join(folder, "seen.csv")))
    with open(value["--report"], "w") as report:
        json.dump({{"timing": {{"load_s": 1, "bin_s": 2, "train_s": 3, "phases": {{"expand": 2.5}}}},
                   "peak_memory_bytes": 1000}}, report)
else:
    with open(value["--output"], "w") as output:
        output.write(open(os.path.join(folder, "answer.csv")).read())
"""


class Driver(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        program = self.folder / "ramet"
        program.write_text(STAND_IN.format(python=sys.executable))
        program.chmod(0o755)
        environment = mock.patch.dict(os.environ, {"RAMET": str(program)})
        environment.start()
        self.addCleanup(environment.stop)

    def task(self, rows: str, answer: str, kind: str, **roles) -> Task:
        for name, text in (("train.csv", rows), ("test.csv", rows), ("answer.csv", answer)):
            (self.folder / name).write_text(text)
        return Task(str(self.folder / "train.csv"), str(self.folder / "test.csv"), "y", kind, **roles)

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def test_times_memory_and_losses_come_back(self) -> None:
        task = self.task("id,x,y\n1,2,0\n2,3,1\n", "prediction\n0.25\n0.5\n", "binary", ignore=("id",))
        settings = Settings(growth="leafwise", leaves=31, threads=2, ramet_options=("gradient_bits=32",))
        run = runs.run("ramet", task, settings, np.array([0.0, 1.0]))
        self.assertEqual((run.load_s, run.bin_s, run.train_s, run.peak_memory_bytes), (1, 2, 3, 1000))
        self.assertEqual((run.version, run.phases), ("0.1.0 (numbers contract 1)", {"expand": 2.5}))
        self.assertAlmostEqual(run.metrics["logloss"], -(np.log(0.75) + np.log(0.5)) / 2)
        self.assertEqual(run.parameters["gradient_bits"], "32")
        train, predict = self.calls()
        value = dict(zip(train[1::2], train[2::2], strict=False))
        expected = {"--grow-policy": "lossguide", "--max-leaves": "31", "--max-depth": "0", "--ignore": "id"}
        self.assertEqual({name: value[name] for name in expected}, expected)
        self.assertEqual((value["--threads"], value["--set"]), ("2", "gradient_bits=32"))
        self.assertEqual((train[0], predict[0]), ("train", "predict"))

    def test_columns_of_classes_are_put_in_order(self) -> None:
        task = self.task("x,y\n1,2\n2,10\n", "10,2\n0.1,0.9\n0.8,0.2\n", "multiclass")
        run = runs.run("ramet", task, Settings(), runs.test_labels(task))
        self.assertEqual(run.metrics["merror"], 0.0)
        self.assertAlmostEqual(run.metrics["mlogloss"], -(np.log(0.9) + np.log(0.8)) / 2)

    def test_class_order_is_that_of_the_peers_labels(self) -> None:
        self.assertEqual(ramet.in_class_order(["10", "9", "-1"]), ["-1", "9", "10"])
        self.assertEqual(ramet.in_class_order(["9a", "10", "Z"]), ["10", "9a", "Z"])

    def test_exposure_is_given_as_the_peers_margin_and_cells_stay_as_they_are(self) -> None:
        task = self.task("c,x,e,y\n?,1.50,0.5,1\nb,2,1.5,3\n", "prediction\n1\n3\n", "poisson", exposure="e")
        run = runs.run("ramet", task, Settings(), np.array([1.0, 3.0]))
        self.assertEqual(run.metrics["poisson_deviance"], 0.0)
        seen = read_text(self.folder / "seen.csv")
        self.assertEqual(list(seen["x"]), ["1.50", "2"])
        self.assertEqual(list(seen["c"]), ["?", "b"])
        np.testing.assert_allclose(seen[ramet.MARGIN_COLUMN].astype(float), np.log([0.5 * 2, 1.5 * 2]))
        for call in self.calls():
            self.assertIn("--base-margin", call)

    def test_error_line_of_the_command_is_passed_on(self) -> None:
        (self.folder / "fail").touch()
        task = self.task("x,y\n1,0\n2,1\n", "", "binary")
        with self.assertRaisesRegex(runs.EngineFailed, "eta = -1: must be > 0"):
            runs.run("ramet", task, Settings(), np.array([0.0, 1.0]))

    def test_missing_command_is_said_before_anything_runs(self) -> None:
        with self.assertRaisesRegex(SystemExit, "no such program"):
            ramet.use(self.folder / "missing")


if __name__ == "__main__":
    unittest.main()
