// Random rows for gradients, running them on a device, and comparing every bit with the naive version.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cuda/device_values.hpp"
#include "cuda/gradients.hpp"
#include "cuda/naive_gradients.hpp"
#include "cuda/solo_comm.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda::test {

inline constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();

inline double normal(std::mt19937_64& random) { return std::normal_distribution<double>(0, 1)(random); }

// Rows with margins around 0 and labels that suit the objective.
inline GradientCase random_case(const objective::Objective& objective, std::int64_t rows, int outputs,
                                std::uint64_t seed) {
  std::mt19937_64 random(seed);
  GradientCase result{.objective = objective};
  for (int k = 0; k < outputs; ++k) result.unit_exponents.push_back(40 - k % 3);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (int k = 0; k < outputs; ++k) {
      result.scores.push_back(std::llround(std::ldexp(2 * normal(random), 40 - k % 3)));
    }
    switch (objective::traits(objective).labels) {
      case objective::LabelRange::zero_one:
        result.labels.push_back(r % 5 == 0 ? std::ldexp(static_cast<double>(random() >> 11), -53)
                                           : static_cast<double>(random() % 2));
        break;
      case objective::LabelRange::class_index:
        result.labels.push_back(static_cast<double>(random() % static_cast<unsigned>(outputs)));
        break;
      case objective::LabelRange::non_negative:
        result.labels.push_back(static_cast<double>(random() % 7));
        break;
      default:
        result.labels.push_back(normal(random));
    }
    for (int k = 0; k < outputs; ++k) {
      result.caller_g.push_back(normal(random));
      result.caller_h.push_back(std::fabs(normal(random)));
    }
  }
  result.first_global_row = static_cast<std::int64_t>(random() % 1000);
  result.total_rows = rows;
  result.seed = seed;
  return result;
}

inline void add_weights(GradientCase& input, bool heavy) {
  std::mt19937_64 random(input.seed + 1);
  for (std::int64_t r = 0; r < input.rows(); ++r) {
    const double spread = heavy ? std::exp(3 * normal(random)) : static_cast<double>(random() % 5);
    input.weights.push_back(spread);
  }
}

// A device's rows of a case, on the device.
struct GradientRows {
  GradientRows(const GradientCase& input, std::int64_t begin, std::int64_t end)
      : rows(end - begin), outputs(input.outputs()) {
    const auto part = [&](const std::vector<double>& values, int width) {
      if (values.empty()) return std::vector<double>{};
      return std::vector<double>(values.begin() + begin * width, values.begin() + end * width);
    };
    std::vector<std::int64_t> columns;
    for (int k = 0; k < outputs; ++k) {
      for (std::int64_t r = begin; r < end; ++r) {
        columns.push_back(input.scores[static_cast<std::size_t>(r * outputs + k)]);
      }
    }
    scores = to_device(columns);
    labels = to_device(part(input.labels, 1));
    weights = to_device(part(input.weights, 1));
    caller_g = part(input.caller_g, outputs);
    caller_h = part(input.caller_h, outputs);
    // A device without rows has no weights either, whatever the others have.
    info = {.objective = &input.objective,
            .unit_exponents = input.unit_exponents,
            .scores = scores.data(),
            .labels = labels.data(),
            .weights = weights.data(),
            .rows = rows,
            .first_global_row = input.first_global_row + begin,
            .total_rows = input.total_rows,
            .gradient_bits = input.gradient_bits,
            .seed = input.seed,
            .constant_hessian = input.constant_hessian()};
  }

  std::int64_t rows;
  int outputs;
  DeviceArray<std::int64_t> scores;
  DeviceArray<double> labels;
  DeviceArray<double> weights;
  std::vector<double> caller_g;
  std::vector<double> caller_h;
  GradientInput info;
};

// What a device has of one output after a round.
struct FoundGradients {
  std::vector<float> g;
  std::vector<float> h;
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
  DeviceScale scale;
};

struct GradientResult {
  std::vector<FoundGradients> outputs;
  std::int64_t bad_row = 0;
};

inline GradientResult run(const GradientCase& input, const GradientRows& rows, int round, DeviceComm& comm) {
  const Stream stream;
  Gradients gradients(rows.info);
  // A round before shows what is not set anew.
  for (const int r : {round + 1, round}) {
    if (std::holds_alternative<objective::Caller>(input.objective)) {
      gradients.compute_from(r, rows.caller_g, rows.caller_h, comm, stream.get());
    } else {
      gradients.compute(r, comm, stream.get());
    }
  }
  stream.synchronize();
  GradientResult result;
  const auto count = static_cast<std::size_t>(rows.rows);
  for (int k = 0; k < rows.outputs; ++k) {
    const GradientView view = gradients.view(k);
    FoundGradients found{.g = from_device(view.g, count),
                         .h = view.h != nullptr ? from_device(view.h, count) : std::vector<float>{},
                         .low = from_device(view.low, count),
                         .high = {},
                         .scale = from_device(gradients.scales(), static_cast<std::size_t>(rows.outputs))[k]};
    EXPECT_EQ(view.scale, gradients.scales() + k);
    EXPECT_EQ(view.h == nullptr, input.constant_hessian());
    if (found.scale.limbs == 2) found.high = from_device(view.high, count);
    result.outputs.push_back(found);
  }
  result.bad_row = from_device(gradients.bad_row(), 1)[0];
  return result;
}

inline std::int64_t quantised_g(const FoundGradients& found, std::size_t r) {
  if (found.scale.limbs == 1) return static_cast<std::int16_t>(found.low[r] & 0xffffu);
  return static_cast<std::int32_t>(found.high[r] << 16 | (found.low[r] & 0xffffu));
}
inline std::int64_t quantised_h(const FoundGradients& found, std::size_t r) {
  if (found.scale.limbs == 1) return found.low[r] >> 16;
  return (found.high[r] & 0xffff0000u) | found.low[r] >> 16;
}

inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }

inline void expect_scale(const NaiveGradients& naive, const DeviceScale& scale) {
  EXPECT_EQ(scale.bits, naive.bits);
  EXPECT_EQ(scale.limbs, naive.bits <= 16 ? 1 : 2);
  EXPECT_EQ(scale.g_exponent, naive.g_exponent);
  EXPECT_EQ(scale.h_exponent, naive.h_exponent);
  EXPECT_EQ(scale.g_unit, std::ldexp(1.0, -naive.g_exponent));
  EXPECT_EQ(scale.h_unit, std::ldexp(1.0, -naive.h_exponent));
  EXPECT_EQ(scale.largest_g, naive.largest_g);
  EXPECT_EQ(scale.largest_h, naive.largest_h);
}

// `found` are rows [begin, ...) of the case.
inline void expect_output(const NaiveGradients& naive, const FoundGradients& found, std::int64_t begin) {
  expect_scale(naive, found.scale);
  for (std::size_t r = 0; r < found.g.size(); ++r) {
    const std::size_t at = static_cast<std::size_t>(begin) + r;
    ASSERT_EQ(bits_of(found.g[r]), bits_of(naive.g[at])) << "row " << at;
    if (!found.h.empty()) {
      ASSERT_EQ(bits_of(found.h[r]), bits_of(naive.h[at])) << "row " << at;
    }
    ASSERT_EQ(quantised_g(found, r), naive.quantised_g[at]) << "row " << at;
    ASSERT_EQ(quantised_h(found, r), naive.quantised_h[at]) << "row " << at;
  }
}

inline void expect_same(const GradientCase& input, int round) {
  const std::unique_ptr<DeviceComm> comm = solo_comm();
  const GradientResult result = run(input, GradientRows(input, 0, input.rows()), round, *comm);
  const std::vector<NaiveGradients> naive = naive_gradients(input, round);
  EXPECT_EQ(result.bad_row, none);
  for (std::size_t k = 0; k < naive.size(); ++k) {
    SCOPED_TRACE("output " + std::to_string(k));
    expect_output(naive[k], result.outputs[k], 0);
  }
}

struct GradientKind {
  objective::Objective objective;
  int outputs = 1;
};

inline const std::vector<GradientKind>& kinds() {
  static const std::vector<GradientKind> all{
      {objective::SquaredError{}},  {objective::Logistic{}},   {objective::Poisson{}},
      {objective::AbsoluteError{}}, {objective::Softmax{}, 2}, {objective::Softmax{}, 3},
      {objective::Softmax{}, 11},   {objective::Caller{}},     {objective::Caller{}, 3}};
  return all;
}

inline void for_all_kinds(const std::function<void(const GradientKind&)>& body) {
  for (const GradientKind& kind : kinds()) {
    SCOPED_TRACE(std::string(objective::traits(kind.objective).name) + " x " + std::to_string(kind.outputs));
    body(kind);
  }
}

}  // namespace ramet::cuda::test
