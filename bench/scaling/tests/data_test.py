"""Axes and their data sets: shares, codes and labels are as asked for, and what is written is what is read."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from scaling import axes, data
from scaling.data import Shape


def matrix(shape: Shape, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(data.blocks(shape, seed)))


class Generated(unittest.TestCase):
    def test_repeats_and_can_be_learned(self) -> None:
        x = matrix(Shape(4_000, 12), 3)
        np.testing.assert_array_equal(x, matrix(Shape(4_000, 12), 3))
        self.assertFalse(np.array_equal(x, matrix(Shape(4_000, 12), 4)))
        self.assertTrue(0.4 < x[:, -1].mean() < 0.6)
        self.assertTrue(max(abs(np.corrcoef(x[:, i], x[:, -1])[0, 1]) for i in range(12)) > 0.1)

    def test_blocks_differ_but_have_one_recipe(self) -> None:
        with mock.patch.object(data, "BLOCK_CELLS", 12_000):
            parts = list(data.blocks(Shape(2_500, 12), 0))
        self.assertEqual([len(part) for part in parts], [1_000, 1_000, 500])
        self.assertFalse(np.array_equal(parts[0], parts[1]))
        self.assertTrue(all(0.3 < part[:, -1].mean() < 0.7 for part in parts))

    def test_shares_of_missing_values_and_zeros(self) -> None:
        x = matrix(Shape(5_000, 10, missing=0.3, zeros=0.5))[:, :-1]
        self.assertAlmostEqual(np.isnan(x).mean(), 0.3, delta=0.02)
        self.assertAlmostEqual((x == 0).mean(), 0.5 * 0.7, delta=0.02)

    def test_labels_are_complete_and_finite(self) -> None:
        x = matrix(Shape(5_000, 10, kind="multiclass", classes=5, missing=0.9))
        self.assertEqual(set(x[:, -1]), {0.0, 1.0, 2.0, 3.0, 4.0})

    def test_codes_are_whole_and_below_the_number_of_categories(self) -> None:
        shape = Shape(5_000, 8, categorical=2, categories=7)
        codes = matrix(shape)[:, :2]
        self.assertEqual(set(codes.ravel()), set(range(7)))
        self.assertTrue((codes == 0).mean() > (codes == 6).mean())

    def test_every_axis_has_data(self) -> None:
        for axis in axes.ALL:
            for value in (axis.values[0], axis.values[-1]):
                shape = axis.point(value, 200).shape
                if shape.rows <= 200:
                    self.assertEqual(matrix(shape).shape, (shape.rows, shape.columns + 1), axis.name)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_numpy_reads_what_was_written_once(self) -> None:
        shape = Shape(500, 9, missing=0.1)
        file = data.prepare(shape, self.folder, 0)
        np.testing.assert_array_equal(np.load(file), matrix(shape))
        self.assertEqual(file.stat().st_size, shape.file_bytes + 128)
        with mock.patch.object(data, "blocks", side_effect=AssertionError("made again")):
            self.assertEqual(data.prepare(shape, self.folder, 0), file)
        self.assertEqual([path.name for path in self.folder.iterdir()], [file.name])

    def test_header_is_in_the_form_that_the_program_reads(self) -> None:
        start = data.prepare(Shape(500, 9), self.folder, 0).read_bytes()[:128]
        self.assertIn(b"'descr': '<f4', 'fortran_order': False, 'shape': (500, 10)", start)

    def test_peers_get_a_contiguous_matrix(self) -> None:
        shape = Shape(500, 9)
        with mock.patch.object(data, "BLOCK_CELLS", 1_000):
            file = data.prepare(shape, self.folder, 0)
            table = data.read_table(file, shape)
            expected = matrix(shape)
        np.testing.assert_array_equal(table.features, expected[:, :-1])
        np.testing.assert_array_equal(table.labels, expected[:, -1])
        self.assertTrue(table.features.flags.c_contiguous and table.features.dtype == np.float32)

    def test_codes_become_categories_and_nan_is_missing(self) -> None:
        shape = Shape(500, 8, categorical=2, categories=5, missing=0.2)
        table = data.read_table(data.prepare(shape, self.folder, 0), shape)
        expected = matrix(shape)
        codes = table.features["f1"].cat.codes.to_numpy()
        np.testing.assert_array_equal(codes, np.where(np.isnan(expected[:, 1]), -1, expected[:, 1]))
        self.assertEqual(list(table.features["f0"].cat.categories), [0, 1, 2, 3, 4])
        np.testing.assert_array_equal(table.features["f7"], expected[:, 7])

    def test_names_tell_shapes_apart(self) -> None:
        shapes = [axis.point(value, 1 << 40).shape for axis in axes.ALL for value in axis.values]
        names = {shape.name(0) for shape in shapes}
        self.assertEqual(len(names), len(set(shapes)))


class Values(unittest.TestCase):
    def test_are_parsed_in_ascending_order(self) -> None:
        self.assertEqual(axes.BY_NAME["rows"].parse("1e6,1e4"), (10_000, 1_000_000))
        self.assertEqual(axes.BY_NAME["missing"].parse("0.25"), (0.25,))

    def test_wrong_ones_are_named(self) -> None:
        for axis, text in (("rows", "1.5"), ("missing", "1.5"), ("classes", "1"), ("bins", ""), ("bins", "many")):
            with self.assertRaises(ValueError, msg=f"{axis} {text}"):
                axes.BY_NAME[axis].parse(text)

    def test_columns_keep_the_number_of_cells(self) -> None:
        axis = axes.BY_NAME["columns"]
        self.assertEqual(axis.point(1_000, 1 << 40).shape.rows * 1_000, axes.CELLS)
        self.assertEqual(axis.point(10, 1 << 40).shape.rows, axes.MOST_ROWS_OF_COLUMNS)
        self.assertEqual(axis.point(10, 50).shape.rows, 50)

    def test_bins_are_the_points_value(self) -> None:
        self.assertEqual(axes.BY_NAME["bins"].point(16, 100).max_bin, 16)
        self.assertEqual(axes.BY_NAME["rows"].point(1_000, 100).max_bin, axes.BASE_BINS)


if __name__ == "__main__":
    unittest.main()
