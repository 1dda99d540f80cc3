"""Predicted times, what is left out for want of time, and processes that meet a limit."""

from __future__ import annotations

import os
import sys
import unittest
from unittest import mock

from peers.runs import EngineFailed
from peers.settings import Settings

from scaling import axes, cost, processes
from scaling.cost import Cost, plan
from scaling.processes import LimitExceeded, Limits

SHORT_POLL = mock.patch.object(processes, "POLL_S", 0.01)
AMPLE = Limits(memory_bytes=8 << 30, seconds=60)


class Predictions(unittest.TestCase):
    def test_grow_with_the_work_but_for_the_start(self) -> None:
        self.assertEqual(Cost(start_s=2, inside_s=3, work=10).predicted_s(40), 2 + 3 * 4)

    def test_work_grows_along_the_axes(self) -> None:
        for name in ("rows", "columns", "classes", "bins", "categories"):
            axis = axes.BY_NAME[name]
            ends = [cost.work(axis.point(v, 1 << 40), Settings()) for v in (axis.values[0], axis.values[-1])]
            self.assertLess(*ends, name)


class Plans(unittest.TestCase):
    def test_everything_fits(self) -> None:
        chosen = plan({"ramet": 1.0, "xgboost": 2.0}, repeats=3, remaining_s=100)
        self.assertEqual((chosen.engines, chosen.repeats, chosen.left_out), (("ramet", "xgboost"), 3, {}))

    def test_unknown_times_do_not_count(self) -> None:
        self.assertEqual(plan({"ramet": 0.0, "xgboost": 0.0}, 3, 1.0).repeats, 3)

    def test_repeats_become_fewer_first(self) -> None:
        chosen = plan({"ramet": 1.0, "xgboost": 4.0}, repeats=3, remaining_s=11)
        self.assertEqual((chosen.engines, chosen.repeats), (("ramet", "xgboost"), 2))

    def test_then_the_slowest_peer_goes_and_it_is_said(self) -> None:
        predicted = {"ramet": 1.0, "catboost": 50.0, "xgboost": 4.0}
        chosen = plan(predicted, repeats=3, remaining_s=16)
        self.assertEqual((chosen.engines, chosen.repeats), (("ramet", "xgboost"), 3))
        self.assertEqual(chosen.left_out, {"catboost": "a run would take about 50 s of the 16 s left"})

    def test_a_point_without_ramet_and_a_peer_is_none(self) -> None:
        self.assertIsNone(plan({"ramet": 1.0, "catboost": 50.0, "xgboost": 40.0}, 3, 16))
        self.assertIsNone(plan({"ramet": 20.0, "xgboost": 1.0}, 3, 16))
        self.assertIsNone(plan({"ramet": 1.0}, 3, -5))


class Processes(unittest.TestCase):
    def python(self, code: str, limits: Limits = AMPLE) -> str:
        with SHORT_POLL:
            return processes.run([sys.executable, "-c", code], dict(os.environ), limits)

    def test_output_comes_back(self) -> None:
        self.assertEqual(self.python("print('hello')"), "hello\n")

    def test_last_line_of_errors_is_the_reason(self) -> None:
        with self.assertRaisesRegex(EngineFailed, "^eta = -1: must be > 0$"):
            self.python("import sys; sys.exit('warning\\neta = -1: must be > 0')")

    def test_who_takes_too_long_is_ended(self) -> None:
        with self.assertRaisesRegex(LimitExceeded, "more than 0 s"):
            self.python("import time; time.sleep(60)", Limits(8 << 30, 0.05))

    def test_who_takes_too_much_memory_is_ended(self) -> None:
        with self.assertRaisesRegex(LimitExceeded, "more than 0.1 GiB"):
            self.python("import time; block = bytearray(200 << 20); time.sleep(60)", Limits(100 << 20, 60))

    def test_signals_are_told(self) -> None:
        self.assertEqual(processes.failure(-9, ""), "ended by signal 9 (out of memory?)")
        self.assertEqual(processes.failure(3, ""), "exit code 3")


if __name__ == "__main__":
    unittest.main()
