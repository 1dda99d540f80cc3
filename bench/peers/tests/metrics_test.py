"""Losses against values worked out by hand, or against a naive count."""

from __future__ import annotations

import math
import unittest

import numpy as np

from peers import metrics


class Losses(unittest.TestCase):
    def test_binary(self) -> None:
        labels, p = np.array([1.0, 0.0]), np.array([0.8, 0.4])
        found = metrics.evaluate("binary", labels, p)
        self.assertAlmostEqual(found["logloss"], -(math.log(0.8) + math.log(0.6)) / 2, places=14)
        self.assertEqual((found["error"], found["auc"]), (0.0, 1.0))
        self.assertEqual(metrics.loss_name("binary"), next(iter(found)))

    def test_auc_counts_pairs_and_half_for_ties(self) -> None:
        random = np.random.default_rng(1)
        labels, p = random.integers(0, 2, 200), random.integers(0, 20, 200) / 20
        above = [float(a > b) + 0.5 * float(a == b) for a in p[labels == 1] for b in p[labels == 0]]
        self.assertAlmostEqual(metrics.auc(labels, p), sum(above) / len(above), places=12)

    def test_multiclass(self) -> None:
        p = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
        found = metrics.evaluate("multiclass", np.array([0.0, 1.0]), p)
        self.assertAlmostEqual(found["mlogloss"], -(math.log(0.7) + math.log(0.3)) / 2, places=14)
        self.assertEqual(found["merror"], 0.5)

    def test_regression(self) -> None:
        found = metrics.evaluate("regression", np.array([1.0, 2.0]), np.array([4.0, -2.0]))
        self.assertEqual(found, {"rmse": math.sqrt(12.5), "mae": 3.5})

    def test_poisson_deviance_is_zero_at_the_truth_and_takes_zeros(self) -> None:
        self.assertEqual(metrics.poisson_deviance(np.array([1.0, 3.0]), np.array([1.0, 3.0])), 0.0)
        self.assertAlmostEqual(metrics.poisson_deviance(np.array([0.0]), np.array([0.25])), 0.5, places=14)

    def test_certain_and_wrong_is_finite(self) -> None:
        self.assertTrue(math.isfinite(metrics.logloss(np.array([1.0]), np.array([0.0]))))

    def test_bad_predictions_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "NaN"):
            metrics.evaluate("regression", np.array([1.0]), np.array([np.nan]))
        with self.assertRaisesRegex(ValueError, "2 predictions for 1 test rows"):
            metrics.evaluate("regression", np.array([1.0]), np.array([1.0, 2.0]))


if __name__ == "__main__":
    unittest.main()
