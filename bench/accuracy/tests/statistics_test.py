"""The statistics against values worked out by hand."""

from __future__ import annotations

import math
import unittest

from accuracy.statistics import Comparison, geometric_mean, mean, standard_error


def comparison(peer: list[float], ramet: list[float]) -> Comparison:
    return Comparison("set", "logloss", peer, ramet)


class Numbers(unittest.TestCase):
    def test_mean_and_standard_error(self) -> None:
        self.assertEqual(mean([1.0, 2.0, 6.0]), 3.0)
        # Deviations -2, -1, 3: variance 14 / 2, error sqrt(7 / 3).
        self.assertAlmostEqual(standard_error([1.0, 2.0, 6.0]), math.sqrt(7 / 3), places=15)
        self.assertEqual(standard_error([5.0]), 0.0)
        self.assertEqual(standard_error([5.0, 5.0, 5.0]), 0.0)

    def test_geometric_mean_of_a_half_and_a_double_is_one(self) -> None:
        self.assertAlmostEqual(
            geometric_mean([comparison([2.0], [1.0]), comparison([2.0], [4.0])]), 1.0, places=15
        )


class Verdict(unittest.TestCase):
    def test_ratio_is_that_of_the_means(self) -> None:
        self.assertEqual(comparison([1.0, 3.0], [2.0, 4.0]).ratio, 1.5)

    def test_ratio_above_102_is_flagged_where_the_peer_has_no_spread(self) -> None:
        self.assertTrue(comparison([1.0], [1.02]).within)
        self.assertFalse(comparison([1.0], [1.021]).within)

    def test_limit_widens_to_two_standard_errors(self) -> None:
        spread = comparison([0.9, 1.0, 1.1], [1.05, 1.05, 1.05])
        self.assertAlmostEqual(spread.limit, 1 + 2 * 0.1 / math.sqrt(3), places=12)
        self.assertTrue(spread.within)

    def test_spread_that_both_share_cancels_in_the_ratios_error(self) -> None:
        shared = comparison([1.0, 2.0, 3.0], [1.1, 2.2, 3.3])
        self.assertGreater(shared.peer_error, 0.2)
        self.assertAlmostEqual(shared.ratio_error, 0.0, places=12)

    def test_seeds_must_match(self) -> None:
        with self.assertRaises(ValueError):
            _ = comparison([1.0, 2.0], [1.0]).ratio_error

    def test_dictionary_has_losses_and_verdict(self) -> None:
        shown = comparison([1.0], [1.5]).to_dict()
        self.assertEqual(
            (shown["peer"], shown["ramet"], shown["ratio"], shown["within"]), ([1.0], [1.5], 1.5, False)
        )


if __name__ == "__main__":
    unittest.main()
