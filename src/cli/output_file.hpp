// Output files that are complete or absent.
#pragma once

#include <cstdio>
#include <filesystem>
#include <span>
#include <string_view>

namespace ramet::cli {

// Collects bytes under a temporary name in the target's folder; commit() syncs them and renames the file into
// place. Destroyed uncommitted, it leaves nothing behind and an older file of that name untouched. Symbolic
// links are followed. "-" and /dev/stdout mean standard output; that, pipes and devices are written to
// directly. All errors are Error{io}.
class OutputFile {
 public:
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  void flush();  // hands everything to the operating system, which may find no room
  void commit();

 private:
  void open_directly();
  void open_temporary();
  void close() noexcept;
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty: written to directly
  std::FILE* file_ = nullptr;
};

void write_file(const std::filesystem::path& path, std::string_view bytes);

bool is_standard_output(const std::filesystem::path& path);

// For outputs of long work, before it starts: throws Error{io} if a file cannot be created there, if not even
// 64 KiB can be written to it, or if it is one of the work's inputs (by whatever name). Leaves nothing
// behind.
void check_output(const std::filesystem::path& path, std::span<const std::filesystem::path> inputs);

}  // namespace ramet::cli
