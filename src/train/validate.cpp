// Checks of whole parameter sets: every value by itself, then what contradicts what.
#include <cmath>

#include "base/error.hpp"
#include "objective/objective.hpp"
#include "ramet/params.hpp"
#include "train/param_table.hpp"
#include "train/param_values.hpp"
#include "train/scales.hpp"

namespace ramet {
namespace {

constexpr int deepest_symmetric_tree = 16;

void check_growth(const TrainParams& p) {
  if (p.grow_policy != "symmetric") return;
  if (p.max_leaves != 0) {
    fail(ErrorCode::invalid_parameter,
         "max_leaves = {}: symmetric trees are bounded by max_depth alone; leave it 0", p.max_leaves);
  }
  if (p.max_depth < 1 || p.max_depth > deepest_symmetric_tree) {
    fail(ErrorCode::invalid_parameter, "max_depth = {}: must be between 1 and {} with grow_policy = symmetric",
         p.max_depth, deepest_symmetric_tree);
  }
  if (p.colsample_bynode < 1) {
    fail(ErrorCode::invalid_parameter,
         "colsample_bynode = {}: must be 1 with grow_policy = symmetric, whose nodes of a level share one "
         "split; use colsample_bylevel",
         p.colsample_bynode);
  }
}

void check_task(const TrainParams& p) {
  const objective::Objective objective = objective::make_objective(p.objective);
  const objective::Traits& traits = objective::traits(objective);
  if (p.num_class != 0 && traits.kind != objective::Kind::row_outputs) {
    fail(ErrorCode::invalid_parameter, "num_class = {}: must be 0 with objective = {}, which has no classes",
         p.num_class, traits.name);
  }
  if (p.base_score && !std::isfinite(train::margin_of(objective, *p.base_score))) {
    fail(ErrorCode::invalid_parameter, "base_score = {}: is no prediction that objective = {} can make",
         *p.base_score, traits.name);
  }
}

}  // namespace

void validate(const TrainParams& params) {
  for (const train::ParamRow& row : train::param_rows()) train::check_value(params, row);
  check_growth(params);
  check_task(params);
}

}  // namespace ramet
