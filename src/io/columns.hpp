// What each column of a file is for, and how its cells are to be read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ramet/io.hpp"

namespace ramet::io {

enum class Role : std::uint8_t { ignored, feature, target, weight, base_margin, group };

// How the cells of a column are read. The first scan makes one of the other readings of `detected`.
enum class Reading : std::uint8_t { skipped, detected, number, boolean, category };

struct FileColumn {
  std::string name;
  Role role = Role::feature;
  Reading reading = Reading::detected;
  int index = 0;              // which feature, or which base margin
  std::string number_hint{};  // what to do if a cell is no number; may be empty
};

// The names in the first row (or f0, f1, ... if it is no header), and where the rows of data start.
struct Header {
  std::vector<std::string> names;
  std::int64_t start = 0;  // decompressed bytes before the data
  std::int64_t line = 1;   // of the file, from 1
};
// Throws Error{io, invalid_data} if the file cannot be read, is empty, or names a column twice.
Header read_header(const std::filesystem::path& path, const TableOptions& options, std::int64_t block_bytes);

// One entry per name. Features are numbered in file order, or as in the schema if there is one.
// Throws Error{invalid_parameter, invalid_data} if a role names a column that does not exist or is taken.
std::vector<FileColumn> assign_roles(const std::filesystem::path& path, const std::vector<std::string>& names,
                                     const TableOptions& options);

// What to say of a byte that find_invalid_text found.
std::string invalid_text_message(char byte);

// Raises Error{invalid_data}.
[[noreturn]] void fail_at(const std::filesystem::path& path, std::int64_t line, const std::string& message);

}  // namespace ramet::io
