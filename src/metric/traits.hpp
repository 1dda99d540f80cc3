// What the engine needs to know of a metric. A metric is one file with one struct, listed in
// metric/metric.hpp.
//
// A metric says with `fits` whose margins it can judge: those of objectives with this response. One with a
// member `response` is set to the objective's by make_metric.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "math/functions.hpp"
#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::metric {

enum class Labels {
  any,            // finite
  non_negative,   // finite, >= 0
  unit_interval,  // between 0 and 1
  binary,         // 0 or 1
  class_index,    // whole numbers from 0 to outputs - 1
};

struct Traits {
  std::string_view name;
  std::span<const std::string_view> aliases;
  bool higher_is_better = false;
  bool multiclass = false;  // reads K margins and a class index; else one margin
  Labels labels = Labels::any;
};

// The predicted mean at a margin, for responses of a single margin.
RAMET_HD inline double mean_at(double margin, objective::Response response) {
  if (response == objective::Response::logistic) return math::sigmoid(margin);
  if (response == objective::Response::log) return math::exp(margin);
  return margin;
}

template <class T>
concept Judge = requires(objective::Response response) {
  { T::fits(response) } -> std::same_as<bool>;
};

// A weighted mean over rows of a term of that row alone. Multiclass metrics take the margins as anything with
// [k], since a row's need not lie side by side.
template <class T>
concept RowMetric = Judge<T> && requires(const T& m, const double* margins, int outputs, double label) {
  {
    m.term(margins, outputs, label)
    } -> std::same_as<double>;                         // outputs margins of the row; NaN counts as infinite
  { m.finish(label, label) } -> std::same_as<double>;  // (sum of weight * term, sum of weights > 0)
};

// A row of a metric that needs all rows together, in exact order of score: margins are in integer units.
struct ScoredRow {
  std::int64_t score = 0;
  float label = 0;
  std::uint32_t weight = 0;  // at a scale common to all rows of all ranks
};

template <class T>
concept SetMetric = Judge<T> && requires(const T& m, std::span<const ScoredRow> rows) {
  { m.evaluate(rows) } -> std::same_as<double>;  // all rows of all ranks, by ascending score
};

}  // namespace ramet::metric
