// What the engine needs to know of a metric. A metric is one file with one struct, listed in
// metric/metric.hpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "ramet/communicator.hpp"

namespace ramet::metric {

struct Traits {
  std::string_view name;
  std::span<const std::string_view> aliases;
  bool higher_is_better = false;
  bool multiclass = false;  // reads K margins and a class index; else one margin
};

// A weighted mean over rows of a term of that row alone.
template <class T>
concept RowMetric = requires(const T& m, const double* margins, int outputs, double label) {
  { m.term(margins, outputs, label) } -> std::same_as<double>;  // outputs margins of the row
  { m.finish(label, label) } -> std::same_as<double>;           // (sum of weight * term, sum of weights)
};

// Needs all rows together, in exact order of score: margins are in integer units.
struct ScoredRow {
  std::int64_t score = 0;
  float label = 0;
  std::uint32_t weight = 0;  // weights at a common integer scale; 1 each if the set has none
};

template <class T>
concept SetMetric = requires(const T& m, std::span<ScoredRow> rows) {
  { m.evaluate(rows) } -> std::same_as<double>;  // all rows of all ranks; may reorder them
};

}  // namespace ramet::metric
