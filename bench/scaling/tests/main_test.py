"""The command: options, the program's command line, and an axis measured with stand-ins for the engines."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from peers import engines
from peers.runs import Run
from peers.settings import Settings

from scaling import axes, data, main, plots, processes, results, runs, worker
from scaling.data import Shape
from scaling.processes import EngineFailed, LimitExceeded

HAS_MATPLOTLIB = importlib.util.find_spec("matplotlib") is not None
STAND_IN = """#!{python}
import json, sys
value = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print(json.dumps({{"version": "0.1.0", "load_s": 0.5, "bin_s": 1, "train_s": 2, "peak_memory_bytes": 1000,
                  "train_memory_bytes": 900, "start_memory_bytes": 10, "parameters": value,
                  "phases": {{"a": 1}}}}))
"""


def run(engine: str, train_s: float = 2.0) -> Run:
    return Run(engine, "1.0", 0.1, 0.5, train_s, 300 << 20, 200 << 20, 50 << 20, {}, {}, {})


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def options(self, *argv: str):
        places = [("--cache", "cache"), ("--results", "results"), ("--plots", "plots")]
        return main.arguments([*(w for o, name in places for w in (o, str(self.folder / name))), *argv])


class Options(unittest.TestCase):
    def refused(self, *argv: str) -> str:
        message = io.StringIO()
        with contextlib.redirect_stderr(message), self.assertRaises(SystemExit):
            main.arguments(list(argv))
        return message.getvalue()

    def test_wrong_values_are_named(self) -> None:
        self.assertIn("depth: must be one of", self.refused("--axes", "depth"))
        self.assertIn("catbost", self.refused("--engines", "catbost"))
        self.assertIn("needs --axes with one axis", self.refused("--points", "1e4"))
        self.assertIn("classes = 1:", self.refused("--axes", "classes", "--points", "1"))
        self.assertIn("--max-rows 0", self.refused("--max-rows", "0"))

    def test_numbers_may_be_written_short(self) -> None:
        options = main.arguments(["--axes", "rows", "--points", "1e4,2e5", "--max-rows", "3e7"])
        self.assertEqual((options.points, options.max_rows), ((10_000, 200_000), 30_000_000))

    def test_recorded_command_names_no_folder(self) -> None:
        self.assertEqual(main.shown_command(["--cache", "/home/me/x"]), "bench/scaling/run --cache x")


class Programs(Folder):
    def test_command_line_has_the_settings_of_bench_peers(self) -> None:
        shape = Shape(100, 8, kind="multiclass", classes=5, categorical=2, categories=9)
        settings = Settings(growth="leafwise", leaves=31, max_bin=63, ramet_options=("gradient_bits=32",))
        words = runs.ramet_command(Path("x.npy"), shape, settings)[1:]
        value = dict(zip(words[::2], words[1::2], strict=True))
        expected = {"--data": "x.npy", "--categorical": "0,1", "--objective": "multi:softprob", "--num-class": "5"}
        expected |= {
            "--grow-policy": "lossguide",
            "--max-leaves": "31",
            "--max-bin": "63",
            "--gradient_bits": "32",
        }
        self.assertEqual({name: value[name] for name in expected}, expected)

    def test_outcome_of_the_program_becomes_a_run(self) -> None:
        program = self.folder / "scaling_bench"
        program.write_text(STAND_IN.format(python=sys.executable))
        program.chmod(0o755)
        limits = processes.Limits(8 << 30, 60)
        with mock.patch.dict(os.environ, {"SCALING_BENCH": str(program)}):
            found, seconds = runs.run("ramet", Path("x.npy"), Shape(100, 8), Settings(), limits)
        self.assertEqual((found.bin_s, found.train_s, found.train_memory_bytes), (1, 2, 900))
        self.assertEqual((found.parameters["--data"], found.phases), ("x.npy", {"a": 1}))
        self.assertGreater(seconds, 0)

    def test_missing_program_is_said_before_anything_runs(self) -> None:
        with mock.patch.dict(os.environ), self.assertRaisesRegex(SystemExit, "scaling_bench"):
            runs.use(self.folder / "missing")

    def test_worker_runs_a_peer_on_the_matrix(self) -> None:
        shape, seen = Shape(100, 8), []
        peer = mock.Mock()
        peer.version.return_value = "7"
        peer.prepare.side_effect = lambda table, chosen, settings: seen.append(table.features.shape)
        file = data.prepare(shape, self.folder, 0)
        outcome = worker.run(peer, {"eta": 1}, file, shape, Settings())
        self.assertEqual((seen, outcome["version"], outcome["parameters"]), ([(100, 8)], "7", {"eta": 1}))
        self.assertTrue(all(name in outcome for name in runs.FIELDS))

    def test_catboost_gets_as_many_bins_as_the_others(self) -> None:
        peer = mock.Mock()
        peer.parameters.side_effect = lambda *_: {"border_count": 254}
        with mock.patch.object(engines, "peer", return_value=peer):
            wide = worker.parameters("catboost", Settings(max_bin=1024), Shape(10, 8))
            usual = worker.parameters("catboost", Settings(max_bin=255), Shape(10, 8))
        self.assertEqual((wide["border_count"], usual["border_count"]), (1023, 254))


class Measuring(Folder):
    """`times`: seconds of training by engine, or the exception of its run."""

    def measure(self, times: dict, *argv: str) -> dict:
        def stand_in(engine, file, shape, settings, limits):
            answer = times[engine](shape, settings) if callable(times[engine]) else times[engine]
            if isinstance(answer, Exception):
                raise answer
            self.calls.append((engine, shape.rows, settings.max_bin))
            return run(engine, answer), answer + 1

        self.calls: list[tuple] = []
        options = self.options("--engines", ",".join(times), *argv)
        with mock.patch.object(runs, "run", stand_in), contextlib.redirect_stderr(io.StringIO()) as said:
            result = main.measure_axis(axes.BY_NAME[options.axes[0]], options, "command")
        self.said = said.getvalue()
        return result

    def test_engines_take_turns_at_every_point(self) -> None:
        arguments = ["--axes", "bins", "--points", "16,64", "--max-rows", "50", "--repeats", "2"]
        result = self.measure({"ramet": 2.0, "xgboost": 4.0}, *arguments, "--rounds", "10")
        order = [(name, 50, bins) for bins in (16, 64) for name in ("ramet", "xgboost", "xgboost", "ramet")]
        self.assertEqual(self.calls, order)
        first = result["points"][0]
        self.assertEqual((first["value"], first["data"]["rows"], len(first["runs"])), (16, 50, 4))
        self.assertEqual(first["engines"]["ramet"]["ms_per_round"], 200)
        files = list((self.folder / "results").iterdir())
        self.assertEqual(json.loads(files[0].read_text())["points"], result["points"])
        self.assertEqual([path.name for path in files], [results.file_of(axes.BY_NAME["bins"], files[0]).name])

    def test_who_meets_a_limit_is_out_for_the_rest_and_others_go_on(self) -> None:
        times = {"ramet": 1.0, "catboost": LimitExceeded("takes more than 1 GiB"), "xgboost": EngineFailed("odd")}
        result = self.measure(times, "--axes", "rows", "--points", "100,200", "--repeats", "2")
        for point in result["points"]:
            self.assertEqual(list(point["engines"]), ["ramet"])
            self.assertEqual(point["left_out"], {"catboost": "takes more than 1 GiB", "xgboost": "odd"})
        self.assertEqual(self.said.count("catboost: left out"), 1)
        self.assertEqual(self.said.count("xgboost: left out"), 2)

    def test_points_beyond_the_limits_are_left_out_and_said(self) -> None:
        arguments = ["--axes", "rows", "--points", "100,1e3,1e5", "--max-rows", "1e4", "--budget-seconds", "44"]
        result = self.measure({"ramet": 40.0, "xgboost": 1.0}, *arguments, "--repeats", "1")
        self.assertEqual([point["value"] for point in result["points"]], [100])
        reasons = {point["value"]: point["reason"] for point in result["left_out_points"]}
        self.assertRegex(reasons[1_000], "does not fit into the [0-9]+ s left")
        self.assertEqual(reasons[100_000], "--max-rows 10000")
        self.assertIn("rows 100,000: left out", self.said)

    def test_too_large_a_matrix_is_not_made(self) -> None:
        result = self.measure({"ramet": 1.0}, "--axes", "rows", "--points", "1e6", "--max-memory", "0.05")
        self.assertIn("the matrix alone takes 0.1 GiB", result["left_out_points"][0]["reason"])
        self.assertEqual(list((self.folder / "cache").iterdir()) if (self.folder / "cache").exists() else [], [])

    def test_data_are_dropped_if_asked(self) -> None:
        for extra, kept in (([], 1), (["--drop-data"], 0)):
            self.measure({"ramet": 1.0}, "--axes", "rows", "--points", "100", *extra)
            self.assertEqual(len(list((self.folder / "cache").iterdir())), kept)

    def test_no_ramet_at_any_point_is_a_failure(self) -> None:
        code = io.StringIO()
        with (
            mock.patch.object(runs, "use"),
            mock.patch.object(main, "measure_axis", return_value=FAKE | {"points": []}),
            contextlib.redirect_stdout(code),
        ):
            self.assertEqual(main.main(["--axes", "bins"]), 1)


def fake_point(value: float, **train_s: float) -> dict:
    found = {name.replace("_", "-"): [run(name, seconds)] for name, seconds in train_s.items()}
    left_out = {} if "xgboost" in found else {"xgboost": "takes more than 24.0 GiB"}
    point = axes.Point(value, Shape(100, 28))
    return results.point_json(point, found, left_out, Settings(rounds=10))


FAKE = {
    "machine": {"cpu": "CPU", "cores": 2},
    "date": "2000-01-01",
    "command": "command",
    "axis": "bins",
    "engines": ["ramet", "xgboost", "lightgbm-quantized"],
    "settings": Settings(rounds=10).to_dict(),
    "points": [
        fake_point(16, ramet=1.0, xgboost=2.5, lightgbm_quantized=2.0),
        fake_point(255, ramet=2.0, lightgbm_quantized=3.0),
    ],
    "left_out_points": [{"value": 1024, "reason": "does not fit into the 3 s left"}],
}


class Tables(unittest.TestCase):
    def test_cells_have_ratios_to_ramet_and_reasons_are_listed(self) -> None:
        text = results.markdown(axes.BY_NAME["bins"], FAKE)
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line[:1] == "|"]
        self.assertEqual(rows[0], ["bins", "ramet", "xgboost", "lightgbm-quantized"])
        self.assertEqual(rows[2], ["16", "100", "250 (2.50)", "200 (2.00)"])
        self.assertEqual(rows[3], ["255", "200", "-", "300 (1.50)"])
        self.assertEqual(rows[6], ["16", "0.5", "0.5 (1.00)", "0.5 (1.00)"])
        self.assertIn("- bins 255: without xgboost (takes more than 24.0 GiB)", text)
        self.assertIn("- bins 1,024: left out (does not fit into the 3 s left)", text)
        self.assertIn("ms a tree:", text)

    def test_classes_are_told_by_round(self) -> None:
        self.assertIn("a tree for each class", results.markdown(axes.BY_NAME["classes"], FAKE))


class Drawing(Folder):
    @unittest.skipUnless(HAS_MATPLOTLIB, "no matplotlib")
    def test_plot_only_draws_the_same_bytes_again(self) -> None:
        (self.folder / "results").mkdir()
        (self.folder / "results" / "scaling-bins-other-machine.json").write_text(json.dumps(FAKE))
        drawn = []
        for plots_folder in ("a", "b"):
            argv = ["--results", str(self.folder / "results"), "--plots", str(self.folder / plots_folder)]
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()) as printed:
                self.assertEqual(main.main([*argv, "--axes", "bins", "--plot-only"]), 0)
            drawn.append((self.folder / plots_folder / "bins.svg").read_text())
        self.assertEqual(*drawn)
        self.assertNotIn("dc:date", drawn[0])
        for colour, _ in (plots.STYLES[name] for name in FAKE["engines"]):
            self.assertIn(colour, drawn[0])
        self.assertIn("## bins", printed.getvalue())

    def test_every_engine_has_a_colour_of_its_own(self) -> None:
        self.assertEqual(set(plots.STYLES), set(engines.NAMES))
        self.assertEqual(len({colour for colour, _ in plots.STYLES.values()}), len(engines.NAMES))

    def test_marks_are_short(self) -> None:
        marks = [plots.short(value) for value in (16, 1_024, 10_000, 3_000_000)]
        self.assertEqual(marks, ["16", "1024", "10k", "3M"])

    def test_results_of_two_other_machines_are_not_guessed_between(self) -> None:
        for machine in ("a", "b"):
            (self.folder / f"scaling-bins-{machine}.json").write_text("{}")
        with self.assertRaisesRegex(SystemExit, "scaling-bins-a.json, scaling-bins-b.json"):
            results.find(axes.BY_NAME["bins"], self.folder)


if __name__ == "__main__":
    unittest.main()
