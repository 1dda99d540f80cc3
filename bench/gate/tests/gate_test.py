"""The gate's decision: keys of processors, what a ratio is compared with, the second attempt, and its one line."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from peers.runs import EngineFailed, Run
from peers.settings import Settings, Task

from gate import decision, main, measure, processor
from gate.decision import Reference, Verdict

AMD = "vendor_id\t: AuthenticAMD\nflags\t\t: fpu sse4_1 sse4_2 avx2 fma bmi1 bmi2\n"
INTEL = "vendor_id : GenuineIntel\nflags : avx2 fma bmi1 bmi2 avx512f avx512vl avx512dq avx512bw avx512cd\n"
SETTINGS = measure.CASES[0].described(2)


def entry(*ratios: float, settings: str | None = None) -> dict:
    cases = zip(measure.CASES, ratios, strict=False)
    return {"cases": {c.name: {"ratio": r, "settings": settings or c.described(2)} for c, r in cases}}


def run(engine: str, train_s: float) -> Run:
    return Run(engine, "1.0", 0.1, 0.5, train_s, 0, 0, 0, {}, {}, {})


class Processors(unittest.TestCase):
    def test_maker_and_widest_simd(self) -> None:
        self.assertEqual(processor.key_of(AMD, "x86_64"), "amd-avx2")
        self.assertEqual(processor.key_of(INTEL, "x86_64"), "intel-avx512")
        self.assertEqual(processor.key_of(INTEL.replace("avx512bw", ""), "x86_64"), "intel-avx2")
        self.assertEqual(processor.key_of("Features : fp asimd\n", "aarch64"), "aarch64-neon")
        self.assertEqual(processor.key_of("", "riscv64"), "riscv64-scalar")


class Decisions(unittest.TestCase):
    def test_own_record_counts_even_if_others_are_lower(self) -> None:
        entries = {"amd-avx2": entry(2.0), "intel-avx512": entry(1.5)}
        found = decision.reference(entries, "amd-avx2", measure.CASES[0].name, SETTINGS)
        self.assertEqual(found, Reference(2.0, "amd-avx2", True))

    def test_else_the_lowest(self) -> None:
        entries = {"amd-avx2": entry(2.0), "intel-avx512": entry(1.5)}
        found = decision.reference(entries, "intel-avx2", measure.CASES[0].name, SETTINGS)
        self.assertEqual(found, Reference(1.5, "intel-avx512", False))

    def test_records_with_other_settings_do_not_count(self) -> None:
        entries = {"amd-avx2": entry(2.0, settings="depth 3")}
        self.assertIsNone(decision.reference(entries, "amd-avx2", measure.CASES[0].name, SETTINGS))
        self.assertIsNone(decision.reference({}, "amd-avx2", measure.CASES[0].name, SETTINGS))

    def test_a_fall_of_more_than_is_allowed_fails(self) -> None:
        reference = Reference(2.0, "amd-avx2", True)
        self.assertTrue(Verdict("letter", 1.71, reference, 0.15).passed)
        self.assertTrue(Verdict("letter", 9.0, reference, 0.15).passed)
        failed = Verdict("letter", 1.6, reference, 0.15)
        self.assertFalse(failed.passed)
        self.assertEqual(failed.line(), "letter: LightGBM/Ramet 1.60, 20% lower than 2.00 (amd-avx2)")


class Measuring(unittest.TestCase):
    def measured(self, seconds_a_run: float, limit_s: float) -> list[str]:
        clock, order = [0.0], []

        def runner(engine: str, task: Task, settings: Settings, labels: np.ndarray) -> Run:
            clock[0] += seconds_a_run
            order.append(engine)
            return run(engine, len(order))

        with (
            mock.patch.object(measure.Task, "from_folder"),
            mock.patch.object(measure.runs, "test_labels"),
            mock.patch.object(measure.time, "monotonic", lambda: clock[0]),
        ):
            case = measure.Case("case", lambda cache: cache, rounds=1)
            self.times = measure.measure(case, Path(), 2, 5, limit_s, runner)
        return order

    def test_engines_take_turns_and_medians_count(self) -> None:
        order = self.measured(1.0, 100)
        self.assertEqual(order[:4], ["ramet", "lightgbm", "lightgbm", "ramet"])
        self.assertEqual(self.times.seconds, {"ramet": [1, 4, 5, 8, 9], "lightgbm": [2, 3, 6, 7, 10]})
        self.assertEqual(self.times.ratio, 6 / 5)

    def test_repeats_end_at_the_limit_but_not_below_three(self) -> None:
        self.assertEqual(len(self.measured(1.0, 8.5)), 2 * 4)
        self.assertEqual(len(self.measured(1.0, 0.1)), 2 * 3)


class Command(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "gate.json"
        for patch in (
            mock.patch.object(processor, "key", return_value="amd-avx2"),
            mock.patch.object(main.ramet, "use"),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def gate(self, ratios: dict[str, list[float]], *argv: str) -> tuple[int, str]:
        """`ratios`: by case, one a measurement."""
        left = {name: list(values) for name, values in ratios.items()}
        self.repeats: list[int] = []

        def stand_in(case, cache, threads, repeats, limit_s):
            times = measure.Times()
            self.repeats.append(repeats)
            times.add(run("ramet", 1.0))
            times.add(run("lightgbm", left[case.name].pop(0)))
            return times

        output = io.StringIO()
        with (
            mock.patch.object(main, "measure", stand_in),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            code = main.main(["--file", str(self.file), *argv])
        self.assertEqual([name for name, values in left.items() if values], [], "not measured")
        return code, output.getvalue()

    def record(self, first: float, second: float, key: str = "amd-avx2") -> None:
        decision.write(self.file, {key: entry(first, second)})

    def test_recording_keeps_the_other_processors(self) -> None:
        self.record(9, 9, key="intel-avx512")
        code, text = self.gate({"generated-200000x28": [2.0, 2.5, 2.1], "letter": [3.2, 3.0, 3.1]}, "--record")
        self.assertEqual((code, self.repeats), (0, [5] * 6))
        self.assertIn("recorded for amd-avx2: generated-200000x28 2.00, letter 3.00", text)
        entries = json.loads(self.file.read_text())["entries"]
        self.assertEqual(list(entries), ["amd-avx2", "intel-avx512"])
        self.assertEqual(entries["amd-avx2"]["cases"]["letter"]["ratio"], 3.0)
        self.assertEqual(entries["amd-avx2"]["versions"], {"ramet": "1.0", "lightgbm": "1.0"})
        code, text = self.gate({"generated-200000x28": [1.9], "letter": [3.1]})
        self.assertEqual(code, 0)

    def test_noise_gets_a_second_chance(self) -> None:
        self.record(2, 2)
        code, text = self.gate({"generated-200000x28": [1.0, 1.9], "letter": [2.0]})
        self.assertEqual(code, 0)
        self.assertIn("gate: passed: generated-200000x28: LightGBM/Ramet 1.90, 5% lower than 2.00", text)

    def test_slower_twice_fails_with_one_line(self) -> None:
        self.record(2, 2)
        code, text = self.gate({"generated-200000x28": [2.0], "letter": [1.2, 1.0]})
        self.assertEqual(code, 1)
        line = "gate: FAILED (15% is allowed): letter: LightGBM/Ramet 1.20, 40% lower than 2.00 (amd-avx2)\n"
        self.assertEqual(text, line)

    def test_other_processors_are_compared_with_the_lowest_and_it_is_said(self) -> None:
        self.record(2, 2, key="intel-avx512")
        code, text = self.gate({"generated-200000x28": [2.0], "letter": [2.0]})
        self.assertEqual(code, 0)
        self.assertIn("nothing recorded for amd-avx2; compared with the lowest, 2.00 of intel-avx512", text)

    def test_nothing_recorded_fails(self) -> None:
        code, text = self.gate({})
        self.assertEqual(code, 1)
        self.assertIn("bench/gate/run --record", text)

    def test_an_engine_that_fails_is_one_line(self) -> None:
        self.record(2, 2)
        output = io.StringIO()
        failing = mock.patch.object(main, "measure", side_effect=EngineFailed("ramet train: broken"))
        with failing, contextlib.redirect_stdout(output):
            self.assertEqual(main.main(["--file", str(self.file)]), 1)
        self.assertEqual(output.getvalue(), "gate: FAILED: ramet train: broken\n")

    def test_wrong_options_are_named(self) -> None:
        for argv in (["--repeats", "2"], ["--allowed", "1.5"]):
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
                main.arguments(argv)


if __name__ == "__main__":
    unittest.main()
