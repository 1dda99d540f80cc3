// Where the margins of a set's rows start.
#pragma once

#include <cstdint>
#include <span>

#include "data/dataset_data.hpp"
#include "model/ensemble.hpp"

namespace ramet::backend {

// Of row `row` (of this rank) and an output, in units of 2^-unit_exponent: the output's base, or the data
// set's own base margin. Throws Error{invalid_data} naming the global row if that does not fit the units.
// Thread-safe.
std::int64_t start_score(const data::DatasetData& data, std::int64_t row, std::size_t output,
                         std::span<const model::OutputScale> outputs);

}  // namespace ramet::backend
