// Checks of whole parameter sets: every value by itself, then what contradicts what.
#include "train/validate.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "metric/metric.hpp"
#include "train/param_values.hpp"
#include "train/scales.hpp"

namespace ramet {
namespace {

constexpr int deepest_symmetric_tree = 16;

void check_symmetric(const TrainParams& p) {
  if (p.max_depth < 1 || p.max_depth > deepest_symmetric_tree) {
    fail(ErrorCode::invalid_parameter,
         "max_depth = {}: must be between 1 and {} with grow_policy = symmetric", p.max_depth,
         deepest_symmetric_tree);
  }
  const int leaves = 1 << p.max_depth;
  if (p.max_leaves != 0 && p.max_leaves < leaves) {
    fail(ErrorCode::invalid_parameter,
         "max_leaves = {}: must be 0, or at least {} with grow_policy = symmetric and max_depth = {}, whose "
         "trees "
         "have whole levels; lower max_depth",
         p.max_leaves, leaves, p.max_depth);
  }
  if (p.colsample_bynode < 1) {
    fail(ErrorCode::invalid_parameter,
         "colsample_bynode = {}: must be 1 with grow_policy = symmetric, whose nodes of a level share one "
         "split; use colsample_bylevel",
         p.colsample_bynode);
  }
}

void check_growth(const TrainParams& p) {
  if (p.grow_policy == "symmetric") check_symmetric(p);
  if (p.grow_policy == "depthwise" && p.max_depth == 0 && p.max_leaves == 0) {
    fail(ErrorCode::invalid_parameter,
         "max_depth = 0: with grow_policy = depthwise, unlimited depth needs max_leaves (2 or more)");
  }
}

void check_task(const TrainParams& p, const objective::Objective& objective) {
  const objective::Traits& traits = objective::traits(objective);
  if (p.num_class != 0 && traits.kind != objective::Kind::row_outputs) {
    fail(ErrorCode::invalid_parameter,
         "num_class = {}: must be 0 with objective = {}, which has no such parameter", p.num_class,
         traits.name);
  }
  if (p.base_score && !std::isfinite(training::margin_of(objective, *p.base_score))) {
    fail(ErrorCode::invalid_parameter, "base_score = {}: is no prediction that objective = {} can make",
         *p.base_score, traits.name);
  }
}

void check_metrics(const TrainParams& p, const objective::Objective& objective) {
  std::vector<std::string_view> seen;
  for (const std::string& name : p.metric) {
    const metric::Metric metric = metric::make_metric(name, objective);
    const std::string_view canonical = metric::traits(metric).name;
    if (std::find(seen.begin(), seen.end(), canonical) != seen.end()) {
      fail(ErrorCode::invalid_parameter, "metric = {}: is named twice", canonical);
    }
    seen.push_back(canonical);
  }
}

}  // namespace

void validate(const TrainParams& params) {
  training::validate_for(params, objective::make_objective(params.objective));
}

namespace training {

void validate_for(const TrainParams& params, const objective::Objective& objective) {
  for (const ParamRow& row : param_rows()) check_value(params, row);
  check_growth(params);
  check_task(params, objective);
  check_metrics(params, objective);
}

}  // namespace training

}  // namespace ramet
