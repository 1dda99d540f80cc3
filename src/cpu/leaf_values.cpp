#include "cpu/leaf_values.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.hpp"
#include "cpu/leaf_kernels.hpp"
#include "math/gain.hpp"
#include "math/score.hpp"

namespace ramet::cpu {
namespace {

void assign_rows(std::span<LeafJob> jobs, const data::DatasetData& data) {
  for (LeafJob& job : jobs) {
    if (job.leaf_of_row.size() != static_cast<std::size_t>(data.rows)) {
      job.leaf_of_row = Buffer<std::uint32_t>(static_cast<std::size_t>(data.rows));
    }
  }
}

// Calls visit(job, range, first row, sums) for each job and range in parallel, `width` sums per leaf and
// range, and adds the sums up over ranges and ranks. Result: per job, leaves x width.
template <class Visit>
std::vector<std::vector<std::int64_t>> sum_over_rows(std::span<LeafJob> jobs, std::int64_t width,
                                                     const data::DatasetData& data, Tasks& tasks,
                                                     const Visit& visit) {
  const std::vector<RowRange> ranges = cut_rows(data, tasks.threads());
  const auto count = static_cast<std::int64_t>(ranges.size());
  std::vector<std::vector<std::int64_t>> parts(jobs.size() * ranges.size());
  tasks.for_each(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
    LeafJob& job = jobs[static_cast<std::size_t>(i / count)];
    const RowRange& range = ranges[static_cast<std::size_t>(i % count)];
    std::vector<std::int64_t>& sums = parts[static_cast<std::size_t>(i)];
    sums.assign(static_cast<std::size_t>(job.leaf_rows->leaves() * width), 0);
    visit(job, range, data.pages[static_cast<std::size_t>(range.page)].first_row + range.begin, sums);
  });
  std::vector<std::int64_t> flat;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::size_t start = flat.size();
    flat.resize(start + static_cast<std::size_t>(jobs[j].leaf_rows->leaves() * width));
    for (std::size_t r = 0; r < ranges.size(); ++r) {
      const std::vector<std::int64_t>& part = parts[j * ranges.size() + r];
      for (std::size_t i = 0; i < part.size(); ++i) flat[start + i] += part[i];
    }
  }
  data.communicator->all_reduce_sum(flat);
  std::vector<std::vector<std::int64_t>> result;
  const std::int64_t* from = flat.data();
  for (const LeafJob& job : jobs) {
    const std::int64_t size = job.leaf_rows->leaves() * width;
    result.emplace_back(from, from + size);
    from += size;
  }
  return result;
}

void check_units(double units, double value) {
  if (std::fabs(units) < static_cast<double>(math::max_margin_units)) return;
  fail(ErrorCode::invalid_data,
       "a leaf value = {:g} is too large for margins of this label range (lower eta or raise lambda)", value);
}

// value * 2^unit_exponent to nearest.
std::int64_t to_units(double value, int unit_exponent) {
  const double units = std::nearbyint(value * math::pow2(unit_exponent));
  check_units(units, value);
  return static_cast<std::int64_t>(units);
}

std::int64_t range_size(const RowRange& range) { return range.end - range.begin; }

}  // namespace

void newton_leaves(std::span<LeafJob> jobs, const backend::SessionInput& input, Tasks& tasks) {
  const data::DatasetData& data = *input.train;
  assign_rows(jobs, data);
  const auto exponents = [&](const LeafJob& job) {
    const OutputGradients& gradients = *job.gradients;
    return std::pair{
        math::wide_exponent(gradients.largest_g, data.total_rows),
        gradients.scale.constant_hessian ? 0 : math::wide_exponent(gradients.largest_h, data.total_rows)};
  };
  const auto sums = sum_over_rows(
      jobs, 2, data, tasks,
      [&](LeafJob& job, const RowRange& range, std::int64_t first, std::vector<std::int64_t>& of_range) {
        std::uint32_t* leaves = job.leaf_of_row.data() + first;
        job.leaf_rows->assign(range, leaves);
        const auto [g_exponent, h_exponent] = exponents(job);
        const float* h = job.gradients->scale.constant_hessian ? nullptr : job.gradients->h.data() + first;
        add_leaf_sums(leaves, job.gradients->g.data() + first, h, range_size(range), math::pow2(g_exponent),
                      math::pow2(h_exponent), of_range);
      });
  const math::Regularisation r{input.params.lambda, input.params.alpha, input.params.max_delta_step};
  tasks.for_each(static_cast<std::int64_t>(jobs.size()), [&](std::int64_t i) {
    const auto j = static_cast<std::size_t>(i);
    const auto [g_exponent, h_exponent] = exponents(jobs[j]);
    jobs[j].units.reserve(static_cast<std::size_t>(jobs[j].leaf_rows->leaves()));
    for (std::int32_t leaf = 0; leaf < jobs[j].leaf_rows->leaves(); ++leaf) {
      const auto at = static_cast<std::size_t>(2 * leaf);
      const double g = static_cast<double>(sums[j][at]) * math::pow2(-g_exponent);
      const double h = static_cast<double>(sums[j][at + 1]) * math::pow2(-h_exponent);
      jobs[j].units.push_back(to_units(math::leaf_weight(g, h, r) * input.params.eta, jobs[j].unit_exponent));
    }
  });
}

namespace {

// Integer weights at a common scale: 32 bits for the largest.
std::vector<std::int64_t> integer_weights(const data::DatasetData& data) {
  if (!data.weighted) return {};
  // As bits, since a positive double orders like its bits.
  std::vector<std::int64_t> largest{0};
  for (const double w : data.weights) largest[0] = std::max(largest[0], std::bit_cast<std::int64_t>(w + 0.0));
  data.communicator->all_reduce_max(largest);
  const int exponent = math::scale_exponent(std::bit_cast<double>(largest[0]), 0xffff'ffff);
  std::vector<std::int64_t> result;
  for (const double w : data.weights) {
    result.push_back(static_cast<std::int64_t>(std::nearbyint(w * math::pow2(exponent))));
  }
  return result;
}

// Residuals as unsigned keys that order like the residuals.
std::uint64_t residual_key(const data::DatasetData& data, const LeafJob& job, std::int64_t row) {
  const double label = data.labels[static_cast<std::size_t>(row)] * math::pow2(job.unit_exponent);
  const std::int64_t residual = static_cast<std::int64_t>(std::nearbyint(label)) - job.scores[row];
  return static_cast<std::uint64_t>(residual) ^ (std::uint64_t{1} << 63);
}

// The state of one leaf's search for its median: the key's leading bytes so far.
struct Selection {
  std::uint64_t prefix = 0;
  std::int64_t total = 0;   // weight of the leaf
  std::int64_t before = 0;  // weight of keys below the prefix
};

constexpr std::int64_t radix = 256;

void advance(Selection& s, const std::int64_t* counts, int shift) {
  if (shift == 56) {
    for (std::int64_t b = 0; b < radix; ++b) s.total += counts[b];
  }
  std::int64_t byte = 0;
  // Total weights stay below 2^62, so twice a sum may wrap a signed integer but not an unsigned one.
  const auto half_reached = [&](std::int64_t sum) {
    return 2 * static_cast<std::uint64_t>(sum) >= static_cast<std::uint64_t>(s.total);
  };
  while (byte + 1 < radix && !half_reached(s.before + counts[byte])) s.before += counts[byte++];
  s.prefix |= static_cast<std::uint64_t>(byte) << shift;
}

}  // namespace

void median_leaves(std::span<LeafJob> jobs, const backend::SessionInput& input, Tasks& tasks) {
  const data::DatasetData& data = *input.train;
  assign_rows(jobs, data);
  const std::vector<std::int64_t> weights = integer_weights(data);
  std::vector<std::vector<Selection>> selections;
  for (const LeafJob& job : jobs) selections.emplace_back(static_cast<std::size_t>(job.leaf_rows->leaves()));
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto counts = sum_over_rows(
        jobs, radix, data, tasks,
        [&](LeafJob& job, const RowRange& range, std::int64_t first, std::vector<std::int64_t>& of_range) {
          std::uint32_t* leaves = job.leaf_of_row.data() + first;
          if (shift == 56) job.leaf_rows->assign(range, leaves);
          const std::vector<Selection>& state = selections[static_cast<std::size_t>(&job - jobs.data())];
          for (std::int64_t i = 0; i < range_size(range); ++i) {
            if (leaves[i] >= LeafRows::out_of_sample) continue;
            const std::uint64_t key = residual_key(data, job, first + i);
            if (shift < 56 && (key ^ state[leaves[i]].prefix) >> (shift + 8) != 0) continue;
            const auto at =
                static_cast<std::int64_t>(leaves[i]) * radix + static_cast<std::int64_t>(key >> shift & 255);
            of_range[static_cast<std::size_t>(at)] +=
                weights.empty() ? 1 : weights[static_cast<std::size_t>(first + i)];
          }
        });
    for (std::size_t j = 0; j < jobs.size(); ++j) {
      for (std::size_t leaf = 0; leaf < selections[j].size(); ++leaf) {
        advance(selections[j][leaf], counts[j].data() + static_cast<std::int64_t>(leaf) * radix, shift);
      }
    }
  }
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    for (const Selection& s : selections[j]) {
      const auto median = static_cast<std::int64_t>(s.prefix ^ (std::uint64_t{1} << 63));
      if (s.total == 0) {
        jobs[j].units.push_back(0);
        continue;
      }
      const double units = std::nearbyint(static_cast<double>(median) * input.params.eta);
      check_units(units, units * math::pow2(-jobs[j].unit_exponent));
      jobs[j].units.push_back(static_cast<std::int64_t>(units));
    }
  }
}

}  // namespace ramet::cpu
