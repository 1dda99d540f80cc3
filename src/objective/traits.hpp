// What the engine needs to know of an objective before it calls it.
//
// An objective is one file with one struct, listed once in objective/objective.hpp. There are five kinds; the
// concepts below say which member functions each must have (objectives of kinds query and whole_set that meet
// them stand in tests/objective/kinds_test.cpp). All functions are const and thread-safe, use exp and the
// like from math/functions.hpp only, and sum in a fixed order. In a round the engine calls, in this order:
//   1. the gradient function, on margins as doubles;  2. (quantises and grows trees);  3. the leaf rule.
// After training, `prediction` maps margins to what the user sees.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ramet::objective {

enum class Kind {
  row,          // one output; a row's gradient depends on that row only
  row_outputs,  // K outputs; a row's gradients depend on that row's K margins
  query,        // rows of a query interact by pairs; sums are integers at a fixed scale
  whole_set,    // rows interact through a sort and a scan of all rows (Cox)
  caller,       // the caller gives the arrays
};

enum class LabelRange {
  any,           // finite
  non_negative,  // finite, >= 0
  zero_one,      // between 0 and 1: probabilities are allowed
  class_index,   // whole numbers from 0 to classes - 1
};

// How the predicted mean follows from the margin (the inverse of a generalised linear model's link).
// Metrics that compare predictions with labels go by it.
enum class Response {
  identity,  // mean = margin
  logistic,  // 1 / (1 + exp(-margin))
  log,       // exp(margin)
  softmax,   // exp(margin[k]) / sum of exp(margin[j])
};

enum class LeafRule {
  newton,           // -G / (H + lambda)
  weighted_median,  // of the residuals label - margin in the leaf
};

struct Traits {
  std::string_view name;
  std::span<const std::string_view> aliases;
  Kind kind = Kind::row;
  LabelRange labels = LabelRange::any;
  LeafRule leaf_rule = LeafRule::newton;
  bool unit_hessian = false;    // h = 1 before weights
  bool link = false;            // margins are not on the scale of the labels
  bool classification = false;  // predictions are class probabilities
  Response response = Response::identity;
  std::string_view default_metric;  // empty: there is none
  double max_delta_step = 0;        // bound of leaf weights where the user gives none; 0 = unbounded
};

struct GradientPair {
  double g = 0;
  double h = 0;
};

// A pair term of a query objective, added to both rows as integers at scale 2^scale_exponent.
struct PairTerm {
  double g = 0;
  double h = 0;
};

template <class T>
concept RowObjective = T::traits.kind == Kind::row&& requires(const T& o, double x) {
  { o.gradient(x, x) } -> std::same_as<GradientPair>;  // (margin, label)
  { o.prediction(x) } -> std::same_as<double>;         // of a margin
  { o.base_margin(x) } -> std::same_as<double>;  // from the weighted mean (weighted_median: median) label
  { o.margin_of(x) } -> std::same_as<double>;    // inverse of prediction, for base_score
};

template <class T>
concept RowOutputsObjective = T::traits.kind ==
                              Kind::row_outputs&& requires(const T& o, const double* margins, double x, int k,
                                                           GradientPair* out, double* predictions,
                                                           double (*margin)(int),
                                                           void (*store)(int, GradientPair)) {
  { o.gradients(margins, k, x, out) } -> std::same_as<void>;  // margins[k], label -> out[k]
  // The same bits from margin(k) to store(k, pair), for devices: no memory for K numbers.
  { o.each_gradient(margin, k, x, store) } -> std::same_as<void>;
  { o.predictions(margins, k, predictions) } -> std::same_as<void>;  // margins[k] -> predictions[k]
  { o.base_margin(x) } -> std::same_as<double>;                      // from the class's weighted share
  { o.margin_of(x) } -> std::same_as<double>;                        // of a user's base_score
};

// Where K outputs' gradients are found for many rows at once, the same to the bit: faster on CPUs.
template <class T>
concept RowsAtOnceObjective = RowOutputsObjective<T> &&
    requires(const T& o, const double* margins, int k, double* out) {
  // (margins[k * rows + row], outputs, labels, rows, scratch of 2 * rows, g, h)
  { o.gradients_of_rows(margins, k, margins, k, out, out, out) } -> std::same_as<void>;
};

template <class T>
concept QueryObjective = T::traits.kind ==
                         Kind::query&& requires(const T& o, std::span<const double> values, std::size_t i) {
  // Term of the pair of rows (i, j) with label[i] > label[j] of one query whose rows are sorted by
  // (score descending, row ascending): (margins, labels, i, j).
  { o.pair(values, values, i, i) } -> std::same_as<PairTerm>;
  { o.scale_exponent() } -> std::same_as<int>;
  { o.prediction(0.0) } -> std::same_as<double>;
};

template <class T>
concept SetObjective = T::traits.kind == Kind::whole_set&& requires(const T& o,
                                                                    std::span<const double> values,
                                                                    std::span<GradientPair> out) {
  // Margins and labels of all rows of all ranks, sorted by (|label|, global row).
  { o.gradients(values, values, out) } -> std::same_as<void>;
  { o.prediction(0.0) } -> std::same_as<double>;
};

template <class T>
concept CallerObjective = T::traits.kind == Kind::caller&& requires(const T& o) {
  { o.prediction(0.0) } -> std::same_as<double>;  // margins as they are
};

template <class T>
concept AnyObjective =
    RowObjective<T> || RowOutputsObjective<T> || QueryObjective<T> || SetObjective<T> || CallerObjective<T>;

}  // namespace ramet::objective
