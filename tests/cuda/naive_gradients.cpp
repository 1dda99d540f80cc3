#include "cuda/naive_gradients.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "math/quantise.hpp"

namespace ramet::cuda::test {
namespace {

int log2_ceil(std::int64_t value) {
  int log = 0;
  while ((std::int64_t{1} << log) < value) ++log;
  return log;
}

double margin_at(const GradientCase& input, std::int64_t row, int k) {
  const auto units = input.scores[static_cast<std::size_t>(row * input.outputs() + k)];
  return std::ldexp(static_cast<double>(units), -input.unit_exponents[static_cast<std::size_t>(k)]);
}

// A row's pairs before weights.
std::vector<objective::GradientPair> pairs_of(const GradientCase& input, std::int64_t row) {
  const auto outputs = static_cast<std::size_t>(input.outputs());
  std::vector<double> margins(outputs);
  for (int k = 0; k < input.outputs(); ++k) margins[static_cast<std::size_t>(k)] = margin_at(input, row, k);
  std::vector<objective::GradientPair> pairs(outputs);
  const double label = input.labels[static_cast<std::size_t>(row)];
  std::visit(
      [&](const auto& o) {
        using O = std::remove_cvref_t<decltype(o)>;
        if constexpr (objective::RowObjective<O>) {
          pairs[0] = o.gradient(margins[0], label);
        } else if constexpr (objective::RowOutputsObjective<O>) {
          o.gradients(margins.data(), input.outputs(), label, pairs.data());
        } else {
          for (std::size_t k = 0; k < outputs; ++k) {
            const std::size_t at = static_cast<std::size_t>(row) * outputs + k;
            pairs[k] = {.g = input.caller_g[at], .h = input.caller_h[at]};
          }
        }
      },
      input.objective);
  return pairs;
}

// The largest exponent of at most 960 with largest * 2^exponent <= limit.
int exponent_of(double largest, std::int64_t limit) {
  if (largest == 0) return 0;
  int exponent = 960;
  while (std::ldexp(static_cast<long double>(largest), exponent) > static_cast<long double>(limit))
    --exponent;
  return exponent;
}

void set_bits(int bits, bool constant_hessian, NaiveGradients& out) {
  out.bits = bits;
  out.g_exponent = exponent_of(out.largest_g, (std::int64_t{1} << (bits - 1)) - 1);
  out.h_exponent = constant_hessian ? 0 : exponent_of(out.largest_h, (std::int64_t{1} << bits) - 1);
}

bool too_coarse(const GradientCase& input, const std::vector<float>& values, std::uint64_t key,
                int exponent) {
  std::int64_t nonzero = 0;
  std::int64_t below = 0;
  for (std::size_t r = 0; r < values.size(); ++r) {
    const auto row = static_cast<std::uint64_t>(input.first_global_row) + r;
    if (row % 16 != math::draw32(key ^ 0x5bd1e995u, row / 16) % 16) continue;
    if (values[r] == 0) continue;
    ++nonzero;
    if (std::fabs(static_cast<double>(values[r])) < std::ldexp(1.0, -exponent)) ++below;
  }
  return 4 * below > nonzero;
}

void quantise(const GradientCase& input, std::uint64_t key, NaiveGradients& out) {
  for (std::size_t r = 0; r < out.g.size(); ++r) {
    const double g = std::ldexp(static_cast<double>(out.g[r]), out.g_exponent);
    const double h = std::ldexp(static_cast<double>(out.h[r]), out.h_exponent);
    const auto row = static_cast<std::uint64_t>(input.first_global_row) + r;
    const std::uint32_t draw = math::draw32(key, row);
    const auto stochastic = [](double x, std::uint32_t bits) {
      return static_cast<std::int64_t>(std::floor(x + (bits + 0.5) / 65536.0));
    };
    const bool wide = out.bits > 16;
    out.quantised_g.push_back(wide ? std::llrint(g) : stochastic(g, draw & 0xffffu));
    out.quantised_h.push_back(wide ? std::llrint(h) : stochastic(h, draw >> 16));
    if (input.constant_hessian()) out.quantised_h.back() = 1;
  }
}

float largest_of(const std::vector<float>& values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return largest;
}

}  // namespace

std::int64_t naive_bad_row(const std::vector<NaiveGradients>& outputs, std::int64_t first_global_row) {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  for (const NaiveGradients& out : outputs) {
    for (std::size_t r = 0; r < out.g.size(); ++r) {
      if (std::isfinite(out.g[r]) && std::isfinite(out.h[r]) && out.h[r] >= 0) continue;
      lowest = std::min(lowest, first_global_row + static_cast<std::int64_t>(r));
    }
  }
  return lowest;
}

std::vector<NaiveGradients> naive_gradients(const GradientCase& input, int round) {
  std::vector<NaiveGradients> outputs(static_cast<std::size_t>(input.outputs()));
  for (std::int64_t r = 0; r < input.rows(); ++r) {
    const std::vector<objective::GradientPair> pairs = pairs_of(input, r);
    const double weight = input.weights.empty() ? 1.0 : input.weights[static_cast<std::size_t>(r)];
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      outputs[k].g.push_back(static_cast<float>(pairs[k].g * weight));
      // -1 is as bad as any number below 0, also where the weight is 0.
      outputs[k].h.push_back(pairs[k].h < 0 ? -1.0f : static_cast<float>(pairs[k].h * weight));
    }
  }
  if (naive_bad_row(outputs, 0) != std::numeric_limits<std::int64_t>::max()) return outputs;
  const int limit = 62 - log2_ceil(input.total_rows);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    NaiveGradients& out = outputs[k];
    out.largest_g = largest_of(out.g);
    out.largest_h = largest_of(out.h);
    if (input.constant_hessian()) out.largest_h = 1;
    const std::uint64_t key = math::rounding_key(input.seed, round, static_cast<int>(k));
    set_bits(std::min(input.gradient_bits, limit), input.constant_hessian(), out);
    const bool coarse = too_coarse(input, out.g, key, out.g_exponent) ||
                        (!input.constant_hessian() && too_coarse(input, out.h, key, out.h_exponent));
    if (out.bits < 32 && coarse) set_bits(std::min(32, limit), input.constant_hessian(), out);
    quantise(input, key, out);
  }
  return outputs;
}

}  // namespace ramet::cuda::test
