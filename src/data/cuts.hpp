// Where the bins of a numeric feature end, from the values of the sampled rows (numbers contract, rule 8).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ramet::data {

// Distinct values, ascending, none NaN or -0, and how often each occurs (> 0).
struct DistinctValues {
  std::vector<double> values;
  std::vector<std::int64_t> counts;

  bool operator==(const DistinctValues&) const = default;
};

// A cut with lower <= cut < upper, for lower < upper: their midpoint where it fits; between a finite value
// and an infinity the largest finite number of its sign (-infinity if `upper` is itself the least finite
// number).
double cut_between(double lower, double upper);

// The cuts of a feature, strictly ascending; at most max_bin - 1 (max_bin >= 2).
//   Up to max_bin distinct values: one bin each.
//   Otherwise a value heavier than 1/max_bin of the whole owns a bin. The values between heavy ones form
//   runs,
// which share the other bins by weight, at least one each; within a run, bin by bin, each takes values up to
// the count nearest to (what is left of the run) / (bins left). Where there are too few bins for all runs,
// the lightest heavy values (of equal ones the largest) lose their privilege.
std::vector<double> make_cuts(const DistinctValues& distinct, std::int32_t max_bin);

}  // namespace ramet::data
