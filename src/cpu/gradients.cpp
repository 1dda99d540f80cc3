#include "cpu/gradients.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "cpu/gradient_kernels.hpp"
#include "math/quantise.hpp"
#include "math/random.hpp"
#include "math/score.hpp"

namespace ramet::cpu {
namespace {

// Rows that are one task: four tasks for each thread where there are few, none beyond what caches like.
std::int64_t rows_of_task(std::int64_t rows, int threads) {
  constexpr std::int64_t most_blocks = 32;
  const std::int64_t share = std::int64_t{4} * threads * gradient_block_rows;
  return gradient_block_rows * std::clamp<std::int64_t>((rows + share - 1) / share, 1, most_blocks);
}

constexpr std::uint32_t infinity_bits = 0x7f800000u;

// Whether more than a quarter of the surveyed nonzero values lie below one step, 2^-exponent.
bool too_coarse(const std::int64_t* histogram, int exponent) {
  std::int64_t below = 0;
  std::int64_t nonzero = 0;
  for (int biased = 0; biased < 256; ++biased) {
    nonzero += histogram[biased];
    if (math::below_step(biased, exponent)) below += histogram[biased];
  }
  return 4 * below > nonzero;
}

}  // namespace

Gradients::Gradients(const backend::SessionInput& input, Tasks& tasks)
    : input_(input), data_(*input.train), tasks_(tasks), constant_hessian_(backend::constant_hessian(input)) {
  const auto rows = static_cast<std::size_t>(data_.rows);
  outputs_.resize(input.outputs.size());
  found_.resize(static_cast<std::size_t>(tasks.threads()));
  for (OutputGradients& out : outputs_) {
    out.g = Buffer<float>(rows);
    if (!constant_hessian_) out.h = Buffer<float>(rows);
  }
}

void Gradients::compute(int round, const Scores& scores) {
  const bool custom = objective::traits(input_.objective).kind == objective::Kind::caller;
  if (custom) call_custom(scores);
  const std::int64_t task_rows = rows_of_task(data_.rows, tasks_.threads());
  const std::int64_t pieces = (data_.rows + task_rows - 1) / task_rows;
  // Maxima and counts have no order, so that it does not matter which worker saw which rows.
  for (std::vector<Found>& found : found_) found.assign(outputs_.size(), {});
  tasks_.for_each_by_worker(pieces, [&](std::int64_t piece, int worker) {
    const std::int64_t begin = piece * task_rows;
    const std::int64_t end = std::min(begin + task_rows, data_.rows);
    for (std::int64_t b = begin; b < end; b += gradient_block_rows) {
      const std::int64_t block_end = std::min(b + gradient_block_rows, end);
      if (!custom) differentiate_block(scores, b, block_end);
      survey(round, b, block_end, found_[static_cast<std::size_t>(worker)]);
    }
  });
  choose_scales(round, all_found());
  quantise(round);
}

std::vector<Gradients::Found>& Gradients::all_found() {
  std::vector<Found>& all = found_[0];
  for (std::size_t worker = 1; worker < found_.size(); ++worker) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      const Found& part = found_[worker][k];
      all[k].largest_g = std::max(all[k].largest_g, part.largest_g);
      all[k].largest_h = std::max(all[k].largest_h, part.largest_h);
      for (std::size_t e = 0; e < 512; ++e) all[k].exponents[e] += part.exponents[e];
    }
  }
  return all;
}

void Gradients::differentiate_block(const Scores& scores, std::int64_t begin, std::int64_t end) {
  const std::size_t count = outputs_.size();
  std::vector<const std::int64_t*> units(count);
  std::vector<int> exponents(count);
  std::vector<float*> g(count);
  std::vector<float*> h(count);
  for (std::size_t k = 0; k < count; ++k) {
    units[k] = scores.output(static_cast<std::int32_t>(k)) + begin;
    exponents[k] = scores.unit_exponent(static_cast<std::int32_t>(k));
    g[k] = outputs_[k].g.data() + begin;
    h[k] = constant_hessian_ ? nullptr : outputs_[k].h.data() + begin;
  }
  compute_gradients(input_.objective,
                    {.scores = units.data(),
                     .unit_exponents = exponents.data(),
                     .labels = data_.labels.data() + begin,
                     .weights = data_.weights.empty() ? nullptr : data_.weights.data() + begin,
                     .g = g.data(),
                     .h = h.data(),
                     .outputs = static_cast<std::int32_t>(count),
                     .count = end - begin});
}

void Gradients::call_custom(const Scores& scores) {
  const std::int64_t count = static_cast<std::int64_t>(outputs_.size());
  const auto values = static_cast<std::size_t>(data_.rows * count);
  std::vector<double> margins(values);
  std::vector<double> g(values);
  std::vector<double> h(values);
  const std::int64_t task_rows = rows_of_task(data_.rows, tasks_.threads());
  tasks_.for_ranges(data_.rows, task_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t k = 0; k < count; ++k) {
        const auto output = static_cast<std::int32_t>(k);
        margins[static_cast<std::size_t>(r * count + k)] =
            math::to_margin(scores.output(output)[r], scores.unit_exponent(output));
      }
    }
  });
  input_.custom->gradient(margins, data_.labels, g, h);
  tasks_.for_ranges(data_.rows, task_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const double weight = data_.weights.empty() ? 1.0 : data_.weights[static_cast<std::size_t>(r)];
      for (std::int64_t k = 0; k < count; ++k) {
        OutputGradients& out = outputs_[static_cast<std::size_t>(k)];
        const auto at = static_cast<std::size_t>(r * count + k);
        out.g[static_cast<std::size_t>(r)] = static_cast<float>(g[at] * weight);
        // A negative hessian is as unusable as a NaN, and is reported with it.
        const double curvature = h[at] < 0 ? std::numeric_limits<double>::quiet_NaN() : h[at] * weight;
        out.h[static_cast<std::size_t>(r)] = static_cast<float>(curvature);
      }
    }
  });
}

void Gradients::survey(int round, std::int64_t begin, std::int64_t end, std::vector<Found>& found) const {
  const auto first = static_cast<std::uint64_t>(data_.first_global_row + begin);
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    const OutputGradients& out = outputs_[k];
    const std::uint64_t key = math::survey_key(input_.params.seed, round, static_cast<std::int32_t>(k));
    Found& f = found[k];
    f.largest_g = std::max(f.largest_g, largest_magnitude(out.g.data() + begin, end - begin));
    survey_exponents(out.g.data() + begin, end - begin, key, first, f.exponents.data());
    if (constant_hessian_) continue;
    f.largest_h = std::max(f.largest_h, largest_magnitude(out.h.data() + begin, end - begin));
    survey_exponents(out.h.data() + begin, end - begin, key, first, f.exponents.data() + 256);
  }
}

void Gradients::choose_scales(int round, const std::vector<Found>& found) {
  Communicator& comm = *data_.communicator;
  const std::size_t count = outputs_.size();
  std::vector<std::int64_t> largest;
  std::vector<std::int64_t>& exponents = exponents_;
  exponents.clear();
  for (const Found& f : found) {
    largest.push_back(f.largest_g);
    largest.push_back(f.largest_h);
    exponents.insert(exponents.end(), f.exponents.begin(), f.exponents.end());
  }
  comm.all_reduce_max(largest);
  if (std::any_of(largest.begin(), largest.end(), [](std::int64_t bits) { return bits >= infinity_bits; })) {
    report_bad_row(round);
  }
  comm.all_reduce_sum(exponents);
  const int bits_limit = math::most_gradient_bits(data_.total_rows);
  for (std::size_t k = 0; k < count; ++k) {
    OutputGradients& out = outputs_[k];
    out.largest_g = std::bit_cast<float>(static_cast<std::uint32_t>(largest[2 * k]));
    out.largest_h =
        constant_hessian_ ? 1.0 : std::bit_cast<float>(static_cast<std::uint32_t>(largest[2 * k + 1]));
    math::GradientScale& scale = out.scale;
    scale.constant_hessian = constant_hessian_;
    const auto set_bits = [&](int bits) {
      scale.bits = std::min(bits, bits_limit);
      scale.g_exponent = math::scale_exponent(out.largest_g, math::max_quantised_g(scale.bits));
      scale.h_exponent =
          constant_hessian_ ? 0 : math::scale_exponent(out.largest_h, math::max_quantised_h(scale.bits));
    };
    set_bits(input_.params.gradient_bits);
    const std::int64_t* histogram = exponents.data() + 512 * k;
    const bool coarse = too_coarse(histogram, scale.g_exponent) ||
                        (!constant_hessian_ && too_coarse(histogram + 256, scale.h_exponent));
    if (scale.bits < 32 && coarse) set_bits(32);
  }
}

void Gradients::quantise(int round) {
  const auto rows = static_cast<std::size_t>(data_.rows);
  for (OutputGradients& out : outputs_) {
    if (out.scale.bits <= 16 && out.narrow.size() != rows) out.narrow = Buffer<std::uint32_t>(rows);
    if (out.scale.bits > 16 && out.wide.size() != rows) out.wide = Buffer<WideGradient>(rows);
  }
  const std::int64_t task_rows = rows_of_task(data_.rows, tasks_.threads());
  const std::int64_t pieces = (data_.rows + task_rows - 1) / task_rows;
  tasks_.for_each(pieces * static_cast<std::int64_t>(outputs_.size()), [&](std::int64_t task) {
    const std::int64_t k = task / pieces;
    const std::int64_t begin = task % pieces * task_rows;
    const std::int64_t count = std::min(task_rows, data_.rows - begin);
    OutputGradients& out = outputs_[static_cast<std::size_t>(k)];
    const float* g = out.g.data() + begin;
    const float* h = constant_hessian_ ? nullptr : out.h.data() + begin;
    if (out.scale.bits <= 16) {
      quantise_narrow(g, h, count, out.scale,
                      math::rounding_key(input_.params.seed, round, static_cast<std::int32_t>(k)),
                      static_cast<std::uint64_t>(data_.first_global_row + begin), out.narrow.data() + begin);
    } else {
      quantise_wide(g, h, count, out.scale, out.wide.data() + begin);
    }
  });
}

void Gradients::report_bad_row(int round) const {
  // The lowest bad row over all ranks, so that every rank reports the same one.
  std::int64_t bad[1] = {std::numeric_limits<std::int64_t>::min()};
  for (const OutputGradients& out : outputs_) {
    for (std::int64_t r = data_.rows - 1; r >= 0; --r) {
      const auto at = static_cast<std::size_t>(r);
      const bool finite = std::isfinite(out.g[at]) && (constant_hessian_ || std::isfinite(out.h[at]));
      if (!finite) bad[0] = std::max(bad[0], -(data_.first_global_row + r));
    }
  }
  data_.communicator->all_reduce_max(bad);
  fail(ErrorCode::invalid_data,
       "round {}, row {}: gradient or hessian is not finite or the hessian is negative (check labels, "
       "weights and "
       "base margins, or lower eta)",
       round, -bad[0]);
}

}  // namespace ramet::cpu
