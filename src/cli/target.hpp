// What kind of task the target column asks for.
#pragma once

#include <filesystem>
#include <string>

#include "ramet/io.hpp"

namespace ramet::cli {

// True if the objective (by name or alias) learns classes, so that the target holds their names.
// The public interface does not tell; a test compares these with the library's own list.
bool learns_classes(const std::string& objective);
bool learns_two_classes(const std::string& objective);

// Opens the table to train on. A target of names under an objective that learns numbers, or of more than two
// classes under one that learns two, is an Error{invalid_data} that says which objectives would do.
io::Table open_training_table(const std::filesystem::path& file, const io::TableOptions& options,
                              const std::string& objective);

}  // namespace ramet::cli
