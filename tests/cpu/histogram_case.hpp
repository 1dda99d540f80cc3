// One node's rows for tests of how histograms are built, and the plain sums.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/node_histogram.hpp"
#include "random_pages.hpp"

namespace ramet::cpu {

inline const std::vector<test::ColumnSpec> mixed_columns = {
    {2, false}, {255, true}, {300, true}, {17, false}, {1000, false}, {3, true}, {64, false}, {254, false}};

// One node's rows, its gradients of `bits` bits, and the plain sums.
struct HistogramCase {
  data::DatasetData data;
  OutputGradients gradients;
  SampledRows sample;
  TreeRows rows;
  HistogramLayout layout;

  // `count` rows in pages of `page_rows`, of which the node has a `fraction`.
  HistogramCase(const std::vector<test::ColumnSpec>& specs, std::int64_t count, std::int64_t page_rows,
                double fraction, int bits, bool counted = false);

  std::vector<WideCell> naive() const { return naive(gradients); }
  std::vector<WideCell> naive(const OutputGradients& of) const { return naive(of, rows.root(), Side::root); }
  std::vector<WideCell> naive(const OutputGradients& of, const std::vector<Segment>& segments,
                              Side side) const;
};

// Fails the calling test where a cell differs.
void expect_equal(const Histogram& histogram, const std::vector<WideCell>& naive);

}  // namespace ramet::cpu
