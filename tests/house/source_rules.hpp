// The rules of the house that concern source text: who may include whom, and how long a file may be.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::house {

// One file's text; `path` is relative to the repository and has forward slashes.
struct SourceFile {
  std::string path;
  std::string text;
};

struct Violation {
  std::string path;
  int line = 0;  // from 1; 0: the file as a whole
  std::string message;

  bool operator==(const Violation&) const = default;
};

// Every .hpp, .cpp, .cu and .cuh file under include/ and src/ of the repository, by path.
std::vector<SourceFile> read_sources(const std::filesystem::path& repository);

// Include rules, in order of line:
//   - a floor includes its own files, floors below it, and public headers; cpu and cuda share a floor;
//   - a backend's headers are included by that backend and by train/backends.cpp only;
//   - ramet/io.hpp belongs to io: lower floors do not see it;
//   - io and cli are users of the library: beside public headers they see math, and io base and
//   data/source.hpp;
//   - Arrow belongs to io, the command-line parser to cli, oneTBB to base;
//   - a public header includes public headers and the standard library only.
std::vector<Violation> include_violations(const SourceFile& file);

inline constexpr int most_lines = 450;

// A file of more than `most_lines` lines.
std::vector<Violation> length_violations(const SourceFile& file);

}  // namespace ramet::house
