"""What all engines start from."""

from __future__ import annotations

import unittest

import numpy as np
import pandas as pd
from peers.settings import Task
from peers.table import Table
from scaling import preparation


class MatrixTest(unittest.TestCase):
    def test_text_becomes_numbers_and_missing_stays_missing(self) -> None:
        features = pd.DataFrame(
            {
                "text": pd.Categorical(["b", None, "a"], categories=["a", "b"]),
                "number": np.array([0.5, np.nan, 2], dtype=np.float32),
            }
        )
        values = preparation.matrix(Table(features, np.array([1.0, 0.0, 2.0]), None))
        self.assertEqual(values.dtype, np.float32)
        np.testing.assert_array_equal(values, np.float32([[1, 0.5, 1], [np.nan, np.nan, 0], [0, 2, 2]]))

    def test_shape_tells_classes(self) -> None:
        values = np.float32([[1, 0.5, 1], [0, 2, 2]])
        task = Task(train="", test="", target="y", kind="multiclass")
        self.assertEqual(preparation.shape_of(values, task).classes, 3)
        self.assertEqual(preparation.shape_of(values, task).columns, 2)


if __name__ == "__main__":
    unittest.main()
