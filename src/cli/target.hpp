// What kind of task the target column asks for.
#pragma once

#include <filesystem>
#include <string>

#include "ramet/io.hpp"

namespace ramet::cli {

// True if the objective learns classes, so that the target holds their names.
bool learns_classes(const std::string& objective);

struct ObjectiveChoice {
  std::string objective;
  std::string reason;  // "`income` is text with 2 values"
};

// For users who name no objective: text or boolean targets are classes (binary:logistic for two, else
// multi:softprob), numbers are learnt by reg:squarederror. Reads the file once; `options` as for training.
// Throws Error{invalid_data} if there is no such column.
ObjectiveChoice choose_objective(const std::filesystem::path& file, const io::TableOptions& options);

}  // namespace ramet::cli
