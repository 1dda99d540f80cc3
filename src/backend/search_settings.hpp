// What the parameters say about a search for splits: the same for every backend and all nodes of a training.
#pragma once

#include <cstdint>

#include "math/gain.hpp"
#include "ramet/params.hpp"

namespace ramet::backend {

struct SearchSettings {
  math::Regularisation regularisation;
  math::Regularisation category_regularisation;  // of the children of a many-against-many split
  double min_child_weight = 0;
  double min_split_gain = 0;
  double cat_smooth = 0;
  std::int64_t min_rows = 1;
  std::int64_t min_category_rows = 1;
  std::int32_t max_onehot = 0;
  std::int32_t max_threshold = 0;
};

inline SearchSettings search_settings(const TrainParams& params) {
  return {.regularisation = {params.lambda, params.alpha, params.max_delta_step},
          .category_regularisation = {params.lambda + params.cat_lambda, params.alpha, params.max_delta_step},
          .min_child_weight = params.min_child_weight,
          .min_split_gain = params.min_split_gain,
          .cat_smooth = params.cat_smooth,
          .min_rows = params.min_data_in_leaf,
          .min_category_rows = params.min_data_per_category,
          .max_onehot = params.max_cat_to_onehot,
          .max_threshold = params.max_cat_threshold};
}

}  // namespace ramet::backend
