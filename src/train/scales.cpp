#include "train/scales.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "math/exact_sum.hpp"
#include "math/score.hpp"

namespace ramet::training {
namespace {

constexpr std::int64_t largest_start = std::int64_t{1} << 58;

double weight_of(const data::DatasetData& data, std::size_t row) {
  return data.weights.empty() ? 1.0 : data.weights[row];
}

// An integer that is ordered as the doubles are.
std::int64_t ordered_key(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value + 0.0);  // -0 and 0 are one value
  return bits >= 0 ? bits : bits ^ 0x7fffffffffffffff;
}

double value_of_key(std::int64_t key) {
  return std::bit_cast<double>(key >= 0 ? key : key ^ 0x7fffffffffffffff);
}

// The exact sum over all ranks, rounded once.
double total_of(math::ExactSum& sum, Communicator& communicator) {
  communicator.all_reduce_sum(sum.limbs());
  return sum.value();
}

double total_weight(const data::DatasetData& data) {
  math::ExactSum sum;
  for (std::size_t r = 0; r < data.labels.size(); ++r) sum.add(weight_of(data, r));
  const double total = total_of(sum, *data.communicator);
  if (!(total > 0)) fail(ErrorCode::invalid_data, "weights: all rows have weight 0, nothing can be trained");
  if (!std::isfinite(total))
    fail(ErrorCode::invalid_data, "weights: their sum must be finite; scale them down");
  return total;
}

double weighted_mean_label(const data::DatasetData& data) {
  math::ExactSum sum;
  bool finite = true;
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    const double term = data.labels[r] * weight_of(data, r);
    finite = finite && std::isfinite(term);
    sum.add(std::isfinite(term) ? term : 0.0);
  }
  const double mean = total_of(sum, *data.communicator) / total_weight(data);
  if (comm::max(*data.communicator, finite ? 0 : 1) != 0 || !std::isfinite(mean)) {
    fail(ErrorCode::invalid_data, "labels times weights: must be finite; scale them down");
  }
  return mean;
}

std::vector<double> class_shares(const data::DatasetData& data, int classes) {
  std::vector<math::ExactSum> sums(static_cast<std::size_t>(classes));
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    sums[static_cast<std::size_t>(data.labels[r])].add(weight_of(data, r));
  }
  const double total = total_weight(data);
  std::vector<double> shares;
  for (math::ExactSum& sum : sums) shares.push_back(total_of(sum, *data.communicator) / total);
  return shares;
}

// The margins that training starts at, one per output.
std::vector<double> base_margins(const objective::Objective& objective, const TrainParams& params,
                                 const data::DatasetData& data, int outputs) {
  std::vector<double> bases(static_cast<std::size_t>(outputs), 0.0);
  const bool rows_have_their_own = comm::max(*data.communicator, data.base_margins.empty() ? 0 : 1) != 0;
  if (params.base_score) {
    std::fill(bases.begin(), bases.end(), margin_of(objective, *params.base_score));
  } else if (!rows_have_their_own) {
    std::visit(
        [&](const auto& o) {
          using T = std::remove_cvref_t<decltype(o)>;
          if constexpr (objective::RowOutputsObjective<T>) {
            const std::vector<double> shares = class_shares(data, outputs);
            std::transform(shares.begin(), shares.end(), bases.begin(),
                           [&](double share) { return o.base_margin(share); });
          } else if constexpr (objective::RowObjective<T>) {
            const bool median = T::traits.leaf_rule == objective::LeafRule::weighted_median;
            bases[0] = o.base_margin(median ? weighted_median_label(data) : weighted_mean_label(data));
          }
        },
        objective);
  }
  return bases;
}

// What margins must be able to tell apart, and how far from 0.
struct Range {
  double low = 0;
  double high = 0;
  double spread() const { return high - low; }
  double reach() const { return std::max(std::fabs(low), std::fabs(high)); }
};

// The range of the margins that rows start at and, if the margins are on their scale, of the labels.
Range margin_range(const data::DatasetData& data, const std::vector<double>& bases, bool with_labels) {
  const std::vector<double>& starts = data.base_margins.empty() ? bases : data.base_margins;
  std::int64_t keys[2] = {ordered_key(-bases[0]), ordered_key(bases[0])};  // of the highest -x, and x
  const auto widen = [&](const std::vector<double>& values) {
    for (const double value : values) {
      keys[0] = std::max(keys[0], ordered_key(-value));
      keys[1] = std::max(keys[1], ordered_key(value));
    }
  };
  widen(starts);
  if (with_labels) widen(data.labels);
  data.communicator->all_reduce_max(keys);
  return {.low = -value_of_key(keys[0]), .high = value_of_key(keys[1])};
}

int unit_exponent(const objective::Traits& traits, const Range& range) {
  if (!std::isfinite(range.spread())) {
    fail(ErrorCode::invalid_data, "labels and base margins between {} and {}: their range must be finite",
         range.low, range.high);
  }
  const int fits = math::scale_exponent(range.reach(), largest_start);
  const int of_labels = math::label_unit_exponent(range.spread());
  if (traits.link)
    return range.reach() > 0 ? std::min(math::link_unit_exponent, fits) : math::link_unit_exponent;
  const bool of_caller = traits.kind == objective::Kind::caller;
  const int wanted = of_caller ? std::min(math::link_unit_exponent, of_labels) : of_labels;
  return range.reach() > 0 ? std::min(wanted, fits) : wanted;
}

}  // namespace

double margin_of(const objective::Objective& objective, double prediction) {
  return std::visit(
      [&](const auto& o) {
        if constexpr (requires { o.margin_of(prediction); }) {
          return o.margin_of(prediction);
        } else {
          return prediction;
        }
      },
      objective);
}

double weighted_median_label(const data::DatasetData& data) {
  Communicator& communicator = *data.communicator;
  const std::vector<double>& weights = data.weights;
  const double largest_here = weights.empty() ? 1.0 : *std::max_element(weights.begin(), weights.end());
  const double largest =
      value_of_key(comm::max(communicator, ordered_key(data.rows > 0 ? largest_here : 0.0)));
  const bool weighted = data.weighted;
  const int exponent = weighted ? math::scale_exponent(largest, 0xffffffff) : 0;

  std::vector<std::pair<std::int64_t, std::int64_t>> rows;  // key of the label, cumulative weight up to it
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    rows.emplace_back(ordered_key(data.labels[r]), std::llrint(weight_of(data, r) * math::pow2(exponent)));
  }
  std::sort(rows.begin(), rows.end());
  for (std::size_t r = 1; r < rows.size(); ++r) rows[r].second += rows[r - 1].second;
  const auto weight_up_to = [&](std::int64_t key) {
    const auto end = std::upper_bound(rows.begin(), rows.end(), key,
                                      [](std::int64_t k, const auto& row) { return k < row.first; });
    return comm::sum(communicator, end == rows.begin() ? 0 : std::prev(end)->second);
  };

  std::int64_t low = ordered_key(-HUGE_VAL);
  std::int64_t high = ordered_key(HUGE_VAL);
  const std::int64_t total = weight_up_to(high);
  if (total == 0) fail(ErrorCode::invalid_data, "weights: all rows have weight 0, nothing can be trained");
  while (low < high) {
    const std::int64_t middle = std::midpoint(low, high);
    if (weight_up_to(middle) >= total - total / 2) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return value_of_key(low);
}

std::vector<model::OutputScale> start_scales(const objective::Objective& objective, const TrainParams& params,
                                             const data::DatasetData& data, int outputs) {
  const objective::Traits& traits = objective::traits(objective);
  const std::vector<double> bases = base_margins(objective, params, data, outputs);
  const int exponent = unit_exponent(traits, margin_range(data, bases, !traits.link));
  std::vector<model::OutputScale> scales;
  for (const double base : bases) {
    scales.push_back({.unit_exponent = exponent, .base = std::llrint(base * math::pow2(exponent))});
  }
  return scales;
}

}  // namespace ramet::training
