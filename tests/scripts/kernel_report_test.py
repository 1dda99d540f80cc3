"""scripts/kernel_report: reading the assembler's words, names, occupancy, and what --check refuses."""

import importlib.machinery
import importlib.util
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "kernel_report"
sys.dont_write_bytecode = True
LOADER = importlib.machinery.SourceFileLoader("kernel_report", str(SCRIPT))
report = importlib.util.module_from_spec(importlib.util.spec_from_loader("kernel_report", LOADER))
sys.modules["kernel_report"] = report
LOADER.exec_module(report)

LOG = """\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_ZN5ramet4cuda4scanEv' for 'sm_80'
ptxas info    : Function properties for _ZN5ramet4cuda4scanEv
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers, used 1 barriers, 4176 bytes smem, 401 bytes cmem[0]
ptxas info    : Compile time = 12.3 ms
ptxas info    : Compiling entry function '_ZN5ramet4cuda4scanEv' for 'sm_90'
ptxas info    : Function properties for _ZN5ramet4cuda4scanEv
    16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 32 registers
"""


def kernel(registers, threads=256, shared=0, arch="sm_90"):
    return report.Kernel("k", arch, registers=registers, threads=threads, static_shared=shared)


class Parse(unittest.TestCase):
    def test_reads_each_architecture(self):
        first, second = report.parse(LOG)
        self.assertEqual((first.arch, first.registers, first.static_shared, first.barriers), ("sm_80", 40, 4176, 1))
        self.assertFalse(first.spills())
        self.assertEqual((second.arch, second.registers, second.static_shared, second.barriers), ("sm_90", 32, 0, 0))
        self.assertEqual((second.stack, second.spill_stores, second.spill_loads), (16, 8, 4))
        self.assertTrue(second.spills())

    def test_spills_of_called_functions_are_the_kernels(self):
        called = LOG.split("ptxas info    : Compile time")[0] + (
            "ptxas info    : Function properties for helper\n"
            "    24 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        )
        (only,) = report.parse(called)
        self.assertEqual(only.stack, 24)
        self.assertEqual(only.registers, 40)

    def test_nothing_in_nothing(self):
        self.assertEqual(report.parse(""), [])


class Names(unittest.TestCase):
    def test_short(self):
        for long, short in {
            "ramet::cuda::(anonymous namespace)::quantise(ramet::cuda::Pass, long)": "quantise",
            "void ramet::cuda::(anonymous namespace)::walk<unsigned char, true>(int)": "walk<unsigned char, true>",
            "void ramet::cuda::(anonymous namespace)::g<ramet::objective::Logistic>(int)": "g<objective::Logistic>",
            "void ramet::cuda::(anonymous namespace)::t<ramet::cuda::(anonymous namespace)::Key>(int)": "t<Key>",
            "plain": "plain",
        }.items():
            self.assertEqual(report.short_name(long), short)

    def test_ours(self):
        self.assertTrue(report.is_ours("void ramet::cuda::(anonymous namespace)::walk<int>(int)"))
        self.assertFalse(report.is_ours("void cub::detail::sort<ramet::cuda::Key>(int)"))


class Occupancy(unittest.TestCase):
    # By NVIDIA's occupancy calculator.
    def test_limits(self):
        self.assertEqual(report.occupancy(kernel(32)), 1)
        self.assertEqual(report.occupancy(kernel(33)), 0.75)  # 40 registers a thread are allocated
        self.assertEqual(report.occupancy(kernel(64)), 0.5)
        self.assertEqual(report.occupancy(kernel(255)), 0.125)
        self.assertEqual(report.occupancy(kernel(16, threads=64)), 1)
        self.assertEqual(report.occupancy(kernel(16, threads=32)), 0.5)  # 32 blocks
        self.assertEqual(report.occupancy(kernel(16, threads=1024)), 1)

    def test_shared_memory(self):
        self.assertEqual(report.occupancy(kernel(32, shared=65536, arch="sm_80")), 0.25)  # 2 x 65 of 164 KiB
        self.assertEqual(report.occupancy(kernel(32, shared=65536, arch="sm_90")), 0.375)  # 3 x 65 of 228 KiB
        dynamic = kernel(32, shared=32768)
        dynamic.dynamic_shared = 32768
        self.assertEqual(report.occupancy(dynamic), 0.375)

    def test_unknown_architecture(self):
        self.assertIsNone(report.occupancy(kernel(32, arch="sm_999")))


class Check(unittest.TestCase):
    def shapes(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kernels.csv"
            path.write_text("# a remark\nkernel,threads,dynamic_shared,hot\n" + text)
            return report.read_shapes(path)

    def test_shapes_by_name_and_by_template(self):
        shapes = self.shapes('scan,128,1024,yes\n"walk<int, 1>",64,0,no\nwalk,512,0,yes\n')
        names = ("scan", "walk<int, 1>", "walk<int, 2>")
        scan, one, two = (report.Kernel(name, "sm_90", registers=32) for name in names)
        self.assertEqual(report.apply_shapes([scan, one, two], shapes), [])
        self.assertEqual((scan.threads, scan.dynamic_shared, scan.hot), (128, 1024, True))
        self.assertEqual((one.threads, one.hot), (64, False))
        self.assertEqual(two.threads, 512)

    def test_entries_without_a_kernel_are_problems(self):
        unused = report.apply_shapes([report.Kernel("scan", "sm_90")], self.shapes("gone,64,0,yes\n"))
        self.assertEqual(unused, ["gone"])
        self.assertEqual(report.problems([], unused), ["src/cuda/kernels.csv: there is no kernel gone"])

    def test_only_hot_kernels_may_not_spill(self):
        spilling = report.Kernel("scan", "sm_90", spill_stores=8)
        self.assertEqual(len(report.problems([spilling], [])), 1)
        self.assertIn("scan on sm_90", report.problems([spilling], [])[0])
        spilling.hot = False
        self.assertEqual(report.problems([spilling], []), [])

    def test_table_has_a_line_for_each(self):
        kernels = [report.Kernel("scan", "sm_80"), report.Kernel("scan", "sm_90")]
        self.assertEqual(len(report.table(kernels).splitlines()), 3)


if __name__ == "__main__":
    unittest.main()
