// Labels, weights and base margins of one data set: whether the objective can work with them.
#pragma once

#include <string_view>

#include "data/dataset_data.hpp"
#include "objective/traits.hpp"

namespace ramet::training {

// Most classes of a multi-class objective.
inline constexpr int most_classes = 65'535;

// Checks this rank's rows; throws Error{invalid_data} that names the set, the row, and the value.
// `classes`: for class indices, how many there are; 0 if that is not known yet.
void check_labels(const data::DatasetData& data, objective::LabelRange range, int classes,
                  std::string_view set);

// 1 + the largest label of all ranks, at least 2; or the number of class names if the schema has some.
// Collective. Throws Error{invalid_data} above most_classes. Precondition: labels are class indices.
int count_classes(const data::DatasetData& data);

}  // namespace ramet::training
