// Scored rows for tests of metrics, and running a metric on any number of threads and ranks.
#pragma once

#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "math/score.hpp"
#include "metric/evaluate.hpp"

namespace ramet::metric {

constexpr int test_unit = 40;

struct Rows {
  int outputs = 1;
  std::vector<std::int64_t> scores;  // rows x outputs, row-major
  std::vector<double> labels;
  std::vector<double> weights;  // may be empty
  std::vector<int> unit_exponents = std::vector<int>(static_cast<std::size_t>(outputs), test_unit);

  std::size_t size() const { return labels.size(); }
  double weight(std::size_t r) const { return weights.empty() ? 1.0 : weights[r]; }
  double margin(std::size_t r, int k = 0) const {
    return math::to_margin(scores[r * static_cast<std::size_t>(outputs) + static_cast<std::size_t>(k)],
                           unit_exponents[static_cast<std::size_t>(k)]);
  }
  ScoredSet set() const { return piece(0, size()); }
  // Rows [begin, end) as one rank's shard.
  ScoredSet piece(std::size_t begin, std::size_t end) const {
    const auto width = static_cast<std::size_t>(outputs);
    return {.scores = std::span(scores).subspan(begin * width, (end - begin) * width),
            .row_stride = outputs,
            .output_stride = 1,
            .rows = static_cast<std::int64_t>(end - begin),
            .outputs = outputs,
            .unit_exponents = unit_exponents,
            .labels = std::span(labels).subspan(begin, end - begin),
            .weights =
                weights.empty() ? std::span<const double>{} : std::span(weights).subspan(begin, end - begin),
            .first_row = static_cast<std::int64_t>(begin)};
  }
};

inline std::int64_t units(double margin) { return std::llround(std::ldexp(margin, test_unit)); }

// Rows of one margin each: `label(random)` draws a label, `ties` different scores (0: any).
inline Rows random_rows(std::size_t rows, std::uint64_t seed, bool weighted, int ties,
                        const std::function<double(std::mt19937_64&)>& label) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> margin(0, 2);
  Rows result;
  for (std::size_t r = 0; r < rows; ++r) {
    const double y = label(random);
    const double s = margin(random) + (y > 0 ? 0.7 : 0.0);
    result.scores.push_back(units(ties == 0 ? s : std::round(s * ties / 8) * 8 / ties));
    result.labels.push_back(y);
    if (weighted) result.weights.push_back(std::exp(margin(random)) * (random() % 10 == 0 ? 0 : 1));
  }
  return result;
}

inline double binary_label(std::mt19937_64& random) { return random() % 3 == 0 ? 1.0 : 0.0; }

inline Rows random_classes(std::size_t rows, std::uint64_t seed, bool weighted, int classes) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> margin(0, 2);
  Rows result{.outputs = classes};
  for (std::size_t r = 0; r < rows; ++r) {
    for (int k = 0; k < classes; ++k) {
      result.scores.push_back(units(random() % 4 == 0 ? 1.0 : margin(random)));
    }
    result.labels.push_back(static_cast<double>(random() % static_cast<unsigned>(classes)));
    if (weighted) result.weights.push_back(std::exp(margin(random)));
  }
  return result;
}

inline double evaluate_alone(const Metric& metric, const ScoredSet& set, int threads = 1) {
  Tasks tasks(threads);
  return evaluate(metric, set, *single_communicator(), tasks);
}

// The value on every rank; shard r holds rows [cuts[r], cuts[r + 1]). Rethrows the first rank's error.
inline std::vector<double> evaluate_sharded(const Metric& metric, const Rows& rows,
                                            const std::vector<std::size_t>& cuts) {
  const std::size_t ranks = cuts.size() - 1;
  const auto communicators = in_process_communicators(static_cast<int>(ranks), 60);
  std::vector<double> values(ranks);
  std::vector<std::exception_ptr> errors(ranks);
  {
    std::vector<std::jthread> threads;
    for (std::size_t r = 0; r < ranks; ++r) {
      threads.emplace_back([&, r] {
        try {
          Tasks tasks(1 + static_cast<int>(r));
          values[r] = evaluate(metric, rows.piece(cuts[r], cuts[r + 1]), *communicators[r], tasks);
        } catch (...) {
          errors[r] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return values;
}

}  // namespace ramet::metric
