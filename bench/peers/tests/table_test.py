"""Reading CSV files as Ramet does: types, missing marks, classes, categories, margins."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd

from peers.settings import Task
from peers.table import read_test, read_train


class Reading(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def task(self, train: str, test: str, kind: str, **roles) -> Task:
        for name, text in (("train.csv", train), ("test.csv", test)):
            (self.folder / name).write_text(text)
        return Task(str(self.folder / "train.csv"), str(self.folder / "test.csv"), "y", kind, **roles)

    def test_numbers_become_one_matrix_with_missing_marks_as_nan(self) -> None:
        task = self.task("a,b,y\n1,?,0\nNA,2.5,1\n", "a,b,y\n,7,1\n", "binary")
        table, schema = read_train(task)
        self.assertIsInstance(table.features, np.ndarray)
        np.testing.assert_array_equal(table.features, np.array([[1, np.nan], [np.nan, 2.5]], dtype=np.float32))
        np.testing.assert_array_equal(read_test(task, schema).features, [[np.nan, 7]])

    def test_text_is_categories_of_the_training_file(self) -> None:
        task = self.task("c,y\nred,0\nblue,1\n?,1\n", "c,y\nblue,0\ngreen,1\n", "binary")
        table, schema = read_train(task)
        self.assertEqual(list(table.features["c"].cat.codes), [1, 0, -1])
        self.assertEqual(list(read_test(task, schema).features["c"].cat.codes), [0, -1])  # green is unknown

    def test_number_columns_can_be_categories_and_booleans_and_dates_are_read(self) -> None:
        rows = "n,flag,day,empty,y\n30,true,2013-01-01,,0\n7,false,2013-01-02,,1\n"
        table, _ = read_train(self.task(rows, rows, "binary", categorical=("n",)))
        self.assertEqual(list(table.features["n"].cat.categories), [7, 30])
        self.assertEqual(list(table.features["flag"]), [1.0, 0.0])
        self.assertIsInstance(table.features["day"].dtype, pd.CategoricalDtype)
        self.assertTrue(table.features["empty"].isna().all())

    def test_classes_are_ordered_as_numbers_or_as_bytes(self) -> None:
        numbers = self.task("x,y\n1,10\n2,9\n3,10\n", "x,y\n1,9\n", "multiclass")
        table, schema = read_train(numbers)
        self.assertEqual(schema.classes, ["9", "10"])
        self.assertEqual(list(table.labels), [1, 0, 1])
        text = self.task("x,y\n1,<=50K\n2,>50K\n", "x,y\n1,>50K\n", "binary")
        table, schema = read_train(text)
        self.assertEqual(schema.classes, ["<=50K", ">50K"])
        self.assertEqual(list(read_test(text, schema).labels), [1])

    def test_class_that_training_has_not_is_an_error(self) -> None:
        task = self.task("x,y\n1,a\n2,b\n", "x,y\n1,a\n1,c\n", "multiclass")
        _, schema = read_train(task)
        with self.assertRaisesRegex(ValueError, "y = c in row 1: not a class"):
            read_test(task, schema)

    def test_exposure_starts_the_margin_at_the_mean_rate(self) -> None:
        task = self.task("x,e,y\n1,0.5,1\n2,1.5,3\n", "x,e,y\n1,2,0\n", "poisson", exposure="e")
        table, schema = read_train(task)
        self.assertEqual(schema.columns, ["x"])
        np.testing.assert_allclose(table.margin, [math.log(0.5 * 2), math.log(1.5 * 2)])
        np.testing.assert_allclose(read_test(task, schema).margin, [math.log(2 * 2)])

    def test_roles_are_left_out(self) -> None:
        task = self.task("id,x,y\n1,5,0\n2,6,1\n", "id,x,y\n1,5,0\n", "regression", ignore=("id",))
        self.assertEqual(read_train(task)[1].columns, ["x"])


if __name__ == "__main__":
    unittest.main()
