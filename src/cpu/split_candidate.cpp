#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

SearchSettings search_settings(const TrainParams& params, const math::GradientScale& scale) {
  SearchSettings s{backend::search_settings(params)};
  s.scale = scale;
  s.g_unit = math::pow2(-scale.g_exponent);
  s.h_unit = math::pow2(-scale.h_exponent);
  return s;
}

bool prepare_node(const SearchSettings& settings, SearchNode& node) {
  if (!(node.h(settings) + settings.regularisation.lambda > 0)) return false;
  node.parent_score = math::node_score(node.g(settings), node.h(settings), settings.regularisation);
  return true;
}

backend::SplitRule BestSplit::rule() const {
  backend::SplitRule rule;
  rule.feature = feature;
  rule.bin = categorical ? 0 : order;
  rule.missing_left = missing_left;
  rule.categorical = categorical;
  rule.left_categories = left_categories;
  return rule;
}

}  // namespace ramet::cpu
