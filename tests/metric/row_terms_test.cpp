// metric/row_terms.hpp: every SIMD target gives the bits of the metric's own function, called row by row.
#include "metric/row_terms.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>
#include <type_traits>
#include <vector>

#include "metric/support.hpp"

namespace ramet::metric {
namespace {

// Restricts dispatch to one target for as long as it lives.
class OnlyTarget {
 public:
  explicit OnlyTarget(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
  }
  ~OnlyTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

std::vector<double> terms_by_row(const Metric& metric, const Rows& rows) {
  std::vector<double> terms(rows.size());
  std::vector<double> margins(static_cast<std::size_t>(rows.outputs));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (int k = 0; k < rows.outputs; ++k) margins[static_cast<std::size_t>(k)] = rows.margin(r, k);
    std::visit(
        [&](const auto& m) {
          if constexpr (RowMetric<std::remove_cvref_t<decltype(m)>>) {
            terms[r] = m.term(margins.data(), rows.outputs, rows.labels[r]);
          }
        },
        metric);
  }
  return terms;
}

TEST(RowTerms, SameBitsOnEveryTarget) {
  std::vector<Metric> metrics;
  for (const Traits* t : all_traits()) metrics.push_back(make_metric(t->name));
  for (const auto response : {objective::Response::logistic, objective::Response::log}) {
    metrics.push_back(Rmse{.response = response});
    metrics.push_back(Mae{.response = response});
  }
  const std::int64_t supported = hwy::SupportedTargets();
  for (const Metric& metric : metrics) {
    const Rows rows = traits(metric).multiclass ? random_classes(1021, 1, false, 5)
                                                : random_rows(1021, 2, false, 0, binary_label);
    const std::vector<double> expected = terms_by_row(metric, rows);
    for (std::int64_t left = supported; left != 0; left &= left - 1) {
      const std::int64_t target = left & -left;
      const OnlyTarget only(target);
      std::vector<double> terms(rows.size());
      std::vector<double> scratch(static_cast<std::size_t>(rows.outputs));
      row_terms(metric, rows.set(), 0, static_cast<std::int64_t>(rows.size()), scratch.data(), terms.data());
      EXPECT_EQ(terms, expected) << traits(metric).name << " on " << hwy::TargetName(target);
    }
  }
}

}  // namespace
}  // namespace ramet::metric
