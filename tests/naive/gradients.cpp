#include "naive/gradients.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "math/random.hpp"
#include "math/score.hpp"

namespace ramet::naive {
namespace {

constexpr std::uint64_t survey_salt = 0x5bd1e995;

int bits_limit(std::int64_t total_rows) {
  int log2_rows = 0;
  while ((std::int64_t{1} << log2_rows) < total_rows) ++log2_rows;
  return 62 - log2_rows;
}

// The pairs of all rows and outputs, row-major, before weights.
std::vector<objective::GradientPair> raw_gradients(const backend::SessionInput& input, const BinnedRows& rows,
                                                   Scores& scores) {
  const std::size_t outputs = input.outputs.size();
  const auto count = static_cast<std::size_t>(rows.data->rows);
  std::vector<double> margins(count * outputs);
  for (std::size_t i = 0; i < margins.size(); ++i) {
    margins[i] = math::to_margin(scores.units[i], scores.unit_exponents[i % outputs]);
  }
  std::vector<objective::GradientPair> pairs(margins.size());
  if (input.custom != nullptr) {
    std::vector<double> g(margins.size());
    std::vector<double> h(margins.size());
    input.custom->gradient(margins, rows.data->labels, g, h);
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {.g = g[i], .h = h[i]};
    return pairs;
  }
  for (std::size_t r = 0; r < count; ++r) {
    const double label = rows.data->labels[r];
    std::visit(
        [&](const auto& o) {
          using T = std::remove_cvref_t<decltype(o)>;
          if constexpr (objective::RowObjective<T>) {
            pairs[r] = o.gradient(margins[r], label);
          } else if constexpr (objective::RowOutputsObjective<T>) {
            o.gradients(&margins[r * outputs], static_cast<int>(outputs), label, &pairs[r * outputs]);
          } else {
            fail(ErrorCode::unsupported, "objective without gradients by row");
          }
        },
        input.objective);
  }
  return pairs;
}

void check_usable(const BinnedRows& rows, const std::vector<OutputGradients>& outputs, int round) {
  std::int64_t first_bad = std::numeric_limits<std::int64_t>::max();
  for (const OutputGradients& out : outputs) {
    for (std::size_t r = 0; r < out.g.size(); ++r) {
      const bool usable = std::isfinite(out.g[r]) && std::isfinite(out.h[r]) && out.h[r] >= 0;
      const auto global = rows.data->first_global_row + static_cast<std::int64_t>(r);
      if (!usable && global < first_bad) first_bad = global;
    }
  }
  const std::int64_t lowest = -comm::max(*rows.data->communicator, -first_bad);
  if (lowest == std::numeric_limits<std::int64_t>::max()) return;
  fail(ErrorCode::invalid_data, "round {}, row {}: gradient or hessian cannot be used", round, lowest);
}

double largest_of_all(Communicator& communicator, const std::vector<float>& values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  // The bits of positive floats are ordered as the floats are.
  const auto bits = comm::max(communicator, std::bit_cast<std::int32_t>(largest));
  return std::bit_cast<float>(static_cast<std::int32_t>(bits));
}

// Whether more than a quarter of the surveyed values that are not 0 lie below one step.
bool too_coarse(const BinnedRows& rows, const std::vector<float>& values, std::uint64_t key, int exponent) {
  std::int64_t counts[2] = {0, 0};  // nonzero, small
  for (std::size_t r = 0; r < values.size(); ++r) {
    const auto row = static_cast<std::uint64_t>(rows.global_row(static_cast<std::int64_t>(r)));
    if (math::draw32(key ^ survey_salt, row / 16) % 16 != row % 16) continue;
    if (values[r] == 0) continue;
    ++counts[0];
    if (std::fabs(static_cast<double>(values[r])) < std::ldexp(1.0, -exponent)) ++counts[1];
  }
  rows.data->communicator->all_reduce_sum(counts);
  return 4 * counts[1] > counts[0];
}

void choose_scale(const backend::SessionInput& input, const BinnedRows& rows, std::uint64_t key,
                  OutputGradients& out) {
  const int limit = bits_limit(rows.data->total_rows);
  math::GradientScale& scale = out.scale;
  const auto set_bits = [&](int bits) {
    scale.bits = std::min(bits, limit);
    scale.g_exponent = math::scale_exponent(out.largest_g, math::max_quantised_g(scale.bits));
    if (!scale.constant_hessian) {
      scale.h_exponent = math::scale_exponent(out.largest_h, math::max_quantised_h(scale.bits));
    }
  };
  set_bits(input.params.gradient_bits);
  if (scale.bits >= 32) return;
  const bool coarse_g = too_coarse(rows, out.g, key, scale.g_exponent);
  const bool coarse_h = !scale.constant_hessian && too_coarse(rows, out.h, key, scale.h_exponent);
  if (coarse_g || coarse_h) set_bits(32);
}

void quantise(const BinnedRows& rows, std::uint64_t key, OutputGradients& out) {
  const math::GradientScale& scale = out.scale;
  for (std::size_t r = 0; r < out.g.size(); ++r) {
    const double g = static_cast<double>(out.g[r]) * math::pow2(scale.g_exponent);
    const double h = static_cast<double>(out.h[r]) * math::pow2(scale.h_exponent);
    const std::uint32_t draw = math::draw32(key, rows.global_row(static_cast<std::int64_t>(r)));
    const bool stochastic = scale.bits <= 16;
    out.quantised_g.push_back(stochastic ? math::round_stochastic(g, draw & 0xffff) : std::llrint(g));
    std::int64_t integer_h = 1;
    if (!scale.constant_hessian) {
      integer_h = stochastic ? math::round_stochastic(h, draw >> 16) : std::llrint(h);
    }
    out.quantised_h.push_back(integer_h);
  }
}

}  // namespace

std::vector<OutputGradients> compute_gradients(const backend::SessionInput& input, const BinnedRows& rows,
                                               Scores& scores, int round) {
  Communicator& communicator = *rows.data->communicator;
  // A rank without rows has no weights either, whatever the others have.
  const bool weighted = rows.data->weighted;
  const std::vector<objective::GradientPair> pairs = raw_gradients(input, rows, scores);
  std::vector<OutputGradients> outputs(input.outputs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    OutputGradients& out = outputs[i % outputs.size()];
    const double weight = rows.weight(static_cast<std::int64_t>(i / outputs.size()));
    out.g.push_back(static_cast<float>(pairs[i].g * weight));
    out.h.push_back(static_cast<float>(pairs[i].h * weight));
  }
  check_usable(rows, outputs, round);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    OutputGradients& out = outputs[k];
    out.scale.constant_hessian = objective::traits(input.objective).unit_hessian && !weighted;
    out.largest_g = largest_of_all(communicator, out.g);
    out.largest_h = largest_of_all(communicator, out.h);
    const std::uint64_t key = math::rounding_key(input.params.seed, round, static_cast<int>(k));
    choose_scale(input, rows, key, out);
    quantise(rows, key, out);
  }
  return outputs;
}

}  // namespace ramet::naive
