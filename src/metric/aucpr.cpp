#include "metric/aucpr.hpp"

#include <limits>

namespace ramet::metric {

double AucPr::evaluate(std::span<const ScoredRow> rows) const {
  std::uint64_t negatives = 0;
  std::uint64_t positives = 0;
  double area = 0;  // times all positives; the order of its terms is that of the scores
  for (std::size_t left = rows.size(); left > 0;) {
    std::uint64_t tied[2] = {0, 0};
    const std::int64_t score = rows[left - 1].score;
    for (; left > 0 && rows[left - 1].score == score; --left) {
      tied[rows[left - 1].label > 0.5f] += rows[left - 1].weight;
    }
    negatives += tied[0];
    positives += tied[1];
    area += term(tied[1], positives, negatives);
  }
  if (negatives == 0 || positives == 0) return std::numeric_limits<double>::quiet_NaN();
  return area / static_cast<double>(positives);
}

}  // namespace ramet::metric
