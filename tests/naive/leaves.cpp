#include "naive/leaves.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "math/gain.hpp"
#include "math/score.hpp"

namespace ramet::naive {
namespace {

std::int64_t to_units(double scaled) {
  if (!(std::fabs(scaled) < 0x1p62)) {
    fail(ErrorCode::invalid_data, "leaf value of {:g} units: must be below 2^62; lower eta", scaled);
  }
  return std::llrint(scaled);
}

// Per node of the tree, in units; 0 for split nodes.
std::vector<std::int64_t> newton_units(const backend::SessionInput& input, const backend::FinishedTree& tree,
                                       std::int32_t output, const std::vector<std::int32_t>& leaf_of_row,
                                       const BinnedRows& rows, const OutputGradients& gradients) {
  const int g_exponent = math::wide_exponent(gradients.largest_g, rows.data->total_rows);
  const int h_exponent = math::wide_exponent(gradients.largest_h, rows.data->total_rows);
  std::vector<std::int64_t> sums(3 * tree.nodes.size());  // g, h, rows
  for (std::size_t r = 0; r < leaf_of_row.size(); ++r) {
    if (leaf_of_row[r] < 0) continue;
    std::int64_t* sum = &sums[3 * static_cast<std::size_t>(leaf_of_row[r])];
    sum[0] += std::llrint(static_cast<double>(gradients.g[r]) * math::pow2(g_exponent));
    sum[1] += std::llrint(static_cast<double>(gradients.h[r]) * math::pow2(h_exponent));
    sum[2] += 1;
  }
  rows.data->communicator->all_reduce_sum(sums);
  const math::Regularisation regularisation{.lambda = input.params.lambda,
                                            .alpha = input.params.alpha,
                                            .max_delta_step = input.params.max_delta_step};
  const int unit_exponent = input.outputs[static_cast<std::size_t>(output)].unit_exponent;
  std::vector<std::int64_t> units(tree.nodes.size());
  for (std::size_t n = 0; n < units.size(); ++n) {
    const std::int64_t* sum = &sums[3 * n];
    if (tree.nodes[n].left >= 0 || sum[2] == 0) continue;
    const double g = static_cast<double>(sum[0]) * math::pow2(-g_exponent);
    const double h = gradients.scale.constant_hessian ? static_cast<double>(sum[2])
                                                      : static_cast<double>(sum[1]) * math::pow2(-h_exponent);
    const double weight = math::leaf_weight(g, h, regularisation) * input.params.eta;
    units[n] = to_units(weight * math::pow2(unit_exponent));
  }
  return units;
}

struct Residual {
  std::int64_t leaf = 0;
  std::int64_t units = 0;
  std::int64_t weight = 0;
};

// The sampled rows of all ranks.
std::vector<Residual> all_residuals(const std::vector<std::int32_t>& leaf_of_row, const BinnedRows& rows,
                                    Scores& scores, std::int32_t output, int unit_exponent) {
  Communicator& communicator = *rows.data->communicator;
  double largest = 0;
  for (const double weight : rows.data->weights) largest = std::max(largest, weight);
  largest = std::bit_cast<double>(comm::max(communicator, std::bit_cast<std::int64_t>(largest)));
  const bool weighted = rows.data->weighted;
  const int weight_exponent = math::scale_exponent(largest, 0xffffffff);
  std::vector<Residual> mine;
  for (std::size_t r = 0; r < leaf_of_row.size(); ++r) {
    if (leaf_of_row[r] < 0) continue;
    const auto row = static_cast<std::int64_t>(r);
    const std::int64_t label = std::llrint(rows.data->labels[r] * math::pow2(unit_exponent));
    const double weight = rows.weight(row) * math::pow2(weight_exponent);
    mine.push_back({.leaf = leaf_of_row[r],
                    .units = label - scores.at(row, output),
                    .weight = weighted ? std::llrint(weight) : 1});
  }
  const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(std::span(mine)));
  std::vector<Residual> all(bytes.size() / sizeof(Residual));
  if (!bytes.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
  return all;
}

std::int64_t weighted_median(std::vector<Residual> residuals) {
  std::sort(residuals.begin(), residuals.end(),
            [](const Residual& a, const Residual& b) { return a.units < b.units; });
  std::int64_t total = 0;
  for (const Residual& residual : residuals) total += residual.weight;
  if (total == 0) return 0;
  std::int64_t cumulative = 0;
  for (const Residual& residual : residuals) {
    cumulative += residual.weight;
    if (2 * cumulative >= total) return residual.units;
  }
  return 0;
}

std::vector<std::int64_t> median_units(const backend::SessionInput& input, const backend::FinishedTree& tree,
                                       std::int32_t output, const std::vector<std::int32_t>& leaf_of_row,
                                       const BinnedRows& rows, Scores& scores) {
  const int unit_exponent = input.outputs[static_cast<std::size_t>(output)].unit_exponent;
  std::vector<std::vector<Residual>> of_node(tree.nodes.size());
  for (const Residual& residual : all_residuals(leaf_of_row, rows, scores, output, unit_exponent)) {
    of_node[static_cast<std::size_t>(residual.leaf)].push_back(residual);
  }
  std::vector<std::int64_t> units;
  for (const std::vector<Residual>& residuals : of_node) {
    units.push_back(to_units(static_cast<double>(weighted_median(residuals)) * input.params.eta));
  }
  return units;
}

}  // namespace

backend::TreeValues tree_values(const backend::SessionInput& input, const backend::FinishedTree& tree,
                                std::int32_t output, const std::vector<std::int32_t>& leaf_of_row,
                                const BinnedRows& rows, Scores& scores, const OutputGradients& gradients) {
  const bool median = objective::traits(input.objective).leaf_rule == objective::LeafRule::weighted_median;
  const std::vector<std::int64_t> units =
      median ? median_units(input, tree, output, leaf_of_row, rows, scores)
             : newton_units(input, tree, output, leaf_of_row, rows, gradients);
  std::int64_t largest = 0;
  for (const std::int64_t unit : units) largest = std::max(largest, std::abs(unit));

  std::vector<std::int64_t> sums(2 * tree.nodes.size());  // quantised h, rows
  for (std::size_t r = 0; r < leaf_of_row.size(); ++r) {
    if (leaf_of_row[r] < 0) continue;
    sums[2 * static_cast<std::size_t>(leaf_of_row[r])] += gradients.quantised_h[r];
    sums[2 * static_cast<std::size_t>(leaf_of_row[r]) + 1] += 1;
  }
  rows.data->communicator->all_reduce_sum(sums);
  for (std::size_t n = tree.nodes.size(); n-- > 0;) {
    const backend::FinishedTree::Node& node = tree.nodes[n];
    if (node.left < 0) continue;
    for (const std::int32_t child : {node.left, node.right}) {
      sums[2 * n] += sums[2 * static_cast<std::size_t>(child)];
      sums[2 * n + 1] += sums[2 * static_cast<std::size_t>(child) + 1];
    }
  }

  backend::TreeValues values{.shift = math::leaf_shift(largest), .leaf_value = {}, .cover = {}, .rows = {}};
  for (std::size_t n = 0; n < tree.nodes.size(); ++n) {
    values.leaf_value.push_back(math::leaf_to_int(units[n], values.shift));
    values.cover.push_back(static_cast<double>(sums[2 * n]) * math::pow2(-gradients.scale.h_exponent));
    values.rows.push_back(sums[2 * n + 1]);
  }
  return values;
}

}  // namespace ramet::naive
