#include "metric/auc.hpp"

#include <limits>

namespace ramet::metric {

double Auc::area(Wide twice_pairs, std::uint64_t positives, std::uint64_t negatives) {
  if (negatives == 0 || positives == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(twice_pairs) / static_cast<double>(2 * Wide{positives} * negatives);
}

double Auc::evaluate(std::span<const ScoredRow> rows) const {
  // Sums of fewer than 2^31 weights below 2^32: half the area's denominator fits 126 bits.
  std::uint64_t negatives = 0;
  std::uint64_t positives = 0;
  Wide twice_area = 0;
  for (std::size_t i = 0; i < rows.size();) {
    std::uint64_t tied[2] = {0, 0};
    const std::int64_t score = rows[i].score;
    for (; i < rows.size() && rows[i].score == score; ++i) tied[rows[i].label > 0.5f] += rows[i].weight;
    twice_area += Wide{tied[1]} * (2 * Wide{negatives} + tied[0]);
    negatives += tied[0];
    positives += tied[1];
  }
  return area(twice_area, positives, negatives);
}

}  // namespace ramet::metric
