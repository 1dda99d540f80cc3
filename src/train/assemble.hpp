// From what a backend says of a finished tree to the tree of the model.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/split.hpp"
#include "data/bins.hpp"
#include "model/tree.hpp"

namespace ramet::training {

// `gains`: per node in final order, 0 for leaves. Bins become cuts: x <= cut goes left.
model::Tree make_tree(const backend::FinishedTree& finished, const backend::TreeValues& values,
                      const std::vector<double>& gains, std::int32_t output, const data::Bins& bins);

}  // namespace ramet::training
