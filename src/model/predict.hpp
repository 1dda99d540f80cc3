// Prediction: blocks of rows become codes, walk all trees, and their integer margins become what was asked
// for.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ensemble.hpp"
#include "model/rows_input.hpp"
#include "ramet/model.hpp"

namespace ramet::model {

// Values per row of a prediction with the default rounds.
int prediction_width(const Ensemble& ensemble, PredictType type);

// Rows x width: what Model::predict returns; the same bits for every number of threads and every kind of
// input that holds the same values. `input` was made for ensemble.plan. Throws Error{invalid_parameter} for
// options, Error{invalid_data} for values.
std::vector<float> predict(const Ensemble& ensemble, const RowsInput& input, const PredictOptions& options);

// Rows x outputs margins in units.
std::vector<std::int64_t> predict_scores(const Ensemble& ensemble, const RowsInput& input,
                                         const PredictOptions& options);

}  // namespace ramet::model
