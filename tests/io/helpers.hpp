// Files to read, and a naive reader to compare with.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ramet/error.hpp"
#include "ramet/io.hpp"

namespace ramet::io {

// A file with this text, for as long as the object lives.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text, std::string_view ending = ".csv");
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  operator const std::filesystem::path&() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view bytes);
std::string gzip(std::string_view bytes);
std::string zstd(std::string_view bytes);
std::string gunzip(std::string_view bytes);

// A whole table in memory, comparable. Numbers as text that tells all bits; "missing" is missing.
struct Contents {
  std::vector<std::string> names;
  std::vector<ColumnType> types;
  std::vector<std::vector<std::string>> values;  // per feature, per row
  std::vector<double> labels;
  std::vector<double> weights;
  std::vector<double> base_margins;

  bool operator==(const Contents&) const = default;
};
Contents contents_of(const Table& table);
std::string number_text(double value);
std::int64_t missing_in(const Contents& contents, const std::string& name);

// The message of the Error that `act` throws, which must have this code.
std::string error_of(ErrorCode code, const std::function<void()>& act);

// Rows of cells, untrimmed, of well-formed CSV: byte by byte, all in memory. Empty lines are no rows.
std::vector<std::vector<std::string>> naive_rows(std::string_view text, char delimiter = ',');
// What Table should make of a file with a header and no roles.
Contents naive_contents(std::string_view text, char delimiter = ',');

}  // namespace ramet::io
