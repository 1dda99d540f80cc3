// Output files that are complete or absent.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>

namespace ramet::cli {

// Collects bytes under a temporary name in the target's folder; commit() syncs them and renames the file into
// place. Destroyed uncommitted, it leaves nothing behind and an older file of that name untouched.
// The name "-" means standard output, which is written to directly. All errors are Error{io}.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  [[noreturn]] void fail_to_write() const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: standard output
  std::FILE* file_ = nullptr;
};

void write_file(const std::filesystem::path& path, std::string_view bytes);

// Throws Error{io} if a file cannot be created there: before hours of work, not after.
void check_writable(const std::filesystem::path& path);

}  // namespace ramet::cli
