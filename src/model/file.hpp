// Reading and writing model files: the section table around the encoded sections, whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "model/encode.hpp"
#include "model/ensemble.hpp"

namespace ramet::model {

// The bytes of a model file: a function of the ensemble (and the limit) alone.
// Throws Error{bad_model} if the ensemble would not be accepted by deserialize.
std::vector<std::byte> serialize(const Ensemble& ensemble,
                                 std::uint64_t section_limit = default_section_limit);

// Throws Error{bad_model} unless the bytes are a whole, undamaged and sensible model.
Ensemble deserialize(std::span<const std::byte> bytes);

// Writes to a temporary file in the same folder, syncs it, renames it to `path`, syncs the folder. If
// anything fails an existing file stays as it was and the temporary one is removed. Throws Error{io} naming
// the path. Needs memory for one section, not for the whole file.
void save(const Ensemble& ensemble, const std::filesystem::path& path,
          std::uint64_t section_limit = default_section_limit);

// Throws Error{io} if the file cannot be read, Error{bad_model} naming it if it is no sensible model.
// Needs memory for the ensemble and one section.
Ensemble load(const std::filesystem::path& path);

}  // namespace ramet::model
