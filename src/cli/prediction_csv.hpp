// Predictions as CSV text (RFC 4180): a header, then one line a row.
#pragma once

#include <span>
#include <string>

#include "ramet/model.hpp"

namespace ramet::cli {

// "prediction"; one column a class, named by it; or "tree_0", "tree_1", ... for leaves. With the line's end.
std::string prediction_header(const Model& model, PredictType type);

// Appends rows of what Model::predict returned for `type`. Numbers are the shortest that read back to the
// same float; classes are given by name where the model has names, else by index.
void append_predictions(std::string& text, const Model& model, PredictType type,
                        std::span<const float> values);

// A field, quoted if it has to be.
std::string csv_field(const std::string& text);

}  // namespace ramet::cli
