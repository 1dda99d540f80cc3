// From a source of rows to a binned data set: checks, first pass, layout, second pass; the same on all ranks.
#pragma once

#include <functional>
#include <memory>

#include "base/tasks.hpp"
#include "data/dataset_data.hpp"
#include "data/source.hpp"

namespace ramet::data {

using MakeSource = std::function<std::shared_ptr<Source>(Tasks&)>;

// Collective. Fails on all ranks if it fails on any; the communicator stays usable unless memory ran out
// outside a checked stage or communication itself failed.
std::shared_ptr<const DatasetData> build_dataset(const DatasetOptions& options, const MakeSource& make);

}  // namespace ramet::data
