"""scripts/gpu_check: that it goes on after failures, keeps to its time, and writes down what happened."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "gpu_check"

# Stand-ins for programs: shell scripts.
TESTS = """for a; do case $a in --gtest_output=json:*) out=${a#*json:};; esac; done
cat >"$out" <<'JSON'
{"testsuites": [{"testsuite": [
  {"classname": "A", "name": "Good", "result": "COMPLETED"},
  {"classname": "A", "name": "Elsewhere", "result": "SKIPPED"}%s]}]}
JSON
"""
FAILING = ', {"classname": "A", "name": "Bad", "result": "COMPLETED", "failures": [{"failure": "x"}]}'
COMMAND = """while [ $# -gt 0 ]; do case $1 in --report) out=$2;; --save-data) : >"$2";; esac; shift; done
[ -z "$out" ] || echo '{"identical": %s, "runs": []}' >"$out"
%s
"""
SANITIZER = """while [ $# -gt 0 ]; do case $1 in --log-file) log=$2;; esac; shift; done
echo '========= %s' >"$log"; exit %d
"""
KERNELS = """for a; do case $a in --benchmark_out=*) out=${a#*=};; esac; done
echo '{"context": {"device": "X"}, "benchmarks": [{"name": "h", "real_time": 2.5, "bytes/s": 1e9, "other": 1}]}' >"$out"
"""


class GpuCheck(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "build" / "bin").mkdir(parents=True)
        (self.folder / "tools").mkdir()

    def put(self, name, text):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def check(self, steps, expected, **environment):
        """Runs the steps; returns their entries in the results."""
        result = self.folder / "result.json"
        done = subprocess.run(
            [sys.executable, str(SCRIPT)], capture_output=True, text=True,
            env={**os.environ, "BUILD": str(self.folder / "build"), "RESULT_FILE": str(result), "STEPS": steps,
                 "PATH": f"{self.folder / 'tools'}:{os.environ['PATH']}", "BENCH_SHAPES": "10x6", **environment},
        )  # fmt: skip
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return json.loads(result.read_text())["steps"]

    def test_counts_tests_and_names_those_that_failed(self):
        self.put("build/bin/test_cuda", TESTS % "")
        self.put("build/bin/test_cuda_parity", TESTS % FAILING + "exit 1\n")
        self.put("build/bin/test_module", TESTS % "")
        steps = self.check("unit parity", 1)
        self.assertEqual(steps["unit"]["status"], "ok")
        self.assertEqual(steps["unit"]["figures"]["test_cuda"], {"passed": 1, "skipped": 1, "failed": []})
        self.assertEqual(steps["parity"]["status"], "failed")
        self.assertIn("A.Bad", steps["parity"]["reason"])
        self.assertEqual(steps["parity"]["figures"]["test_cuda_parity"]["failed"], ["A.Bad"])

    def test_a_crash_is_a_failure_and_the_next_step_runs(self):
        self.put("build/bin/test_cuda", "echo last words; kill -SEGV $$\n")
        self.put("build/bin/cuda_bench", KERNELS)
        steps = self.check("unit kernels", 1)
        self.assertEqual(steps["unit"]["status"], "failed")
        self.assertIn("last words", steps["unit"]["reason"])
        self.assertEqual(steps["kernels"]["figures"]["benchmarks"], {"h": {"real_time": 2.5, "bytes/s": 1e9}})
        self.assertEqual(steps["kernels"]["figures"]["device"]["device"], "X")

    def test_a_step_has_a_time_limit_that_its_children_share(self):
        self.put("build/bin/test_cuda", "sleep 60 & sleep 60\n")
        began = time.monotonic()
        steps = self.check("unit", 1, STEP_LIMIT="1")
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("out of time", steps["unit"]["reason"])

    def test_what_is_not_there_is_skipped(self):
        steps = self.check("unit kernels peers", 0, XGBOOST_WHEEL="")
        for name in ("unit", "kernels", "peers"):
            self.assertEqual(steps[name]["status"], "skipped", name)
        self.assertIn("test_cuda is not built", steps["unit"]["reason"])

    def test_sanitizers_are_judged_by_their_summaries(self):
        self.put("build/bin/ramet", "")
        for summary, code, status in [
            ("ERROR SUMMARY: 0 errors", 0, "ok"),
            ("ERROR SUMMARY: 3 errors", 99, "failed"),
            ("RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)", 0, "ok"),
            ("RACECHECK SUMMARY: 2 hazards displayed (0 errors, 2 warnings)", 0, "failed"),
            ("nothing at all", 0, "failed"),
        ]:
            self.put("tools/compute-sanitizer", SANITIZER % (summary, code))
            steps = self.check("memcheck", 1 if status == "failed" else 0)
            self.assertEqual(steps["memcheck"]["status"], status, summary)
            self.assertEqual(len(steps["memcheck"]["figures"]), 3)

    def test_models_that_differ_fail_the_benchmark_but_its_figures_stay(self):
        self.put("build/bin/ramet", COMMAND % ("true", ""))
        steps = self.check("bench", 0)
        self.assertEqual(len(steps["bench"]["figures"]), 2)
        differs = "echo 'device cuda grew another model than device cpu'; exit 1"
        self.put("build/bin/ramet", COMMAND % ("false", differs))
        steps = self.check("bench", 1)
        self.assertIn("models differ: 10x6 depthwise-8", steps["bench"]["reason"])
        self.assertEqual(len(steps["bench"]["figures"]), 2)
        self.put("build/bin/ramet", COMMAND % ("false", "echo 'ramet: error: no device'; exit 1"))
        self.assertIn("no device", self.check("bench", 1)["bench"]["reason"])

    def test_steps_taken_before_are_kept(self):
        self.put("build/bin/cuda_bench", KERNELS)
        self.check("kernels", 0)
        steps = self.check("unit", 0)
        self.assertEqual(set(steps), {"kernels", "unit"})

    def test_unknown_steps_are_refused(self):
        done = subprocess.run(
            [sys.executable, str(SCRIPT)], capture_output=True, text=True,
            env={**os.environ, "STEPS": "dance", "BUILD": str(self.folder / "build"),
                 "RESULT_FILE": str(self.folder / "result.json")},
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("no step dance", done.stderr)


if __name__ == "__main__":
    unittest.main()
