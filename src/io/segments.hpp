// Reads a file again whose blocks are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "base/tasks.hpp"
#include "io/block_reader.hpp"

namespace ramet::io {

// Whole rows of a file.
struct Segment {
  std::int64_t offset = 0;  // decompressed bytes before it
  std::int64_t bytes = 0;
  std::int64_t line = 1;       // of the file, from 1
  std::int64_t first_row = 0;  // number of rows before it
  std::int64_t rows = 0;
};

// How a file looked when it was first read.
struct FileStamp {
  std::uintmax_t bytes = 0;
  std::filesystem::file_time_type written{};

  bool operator==(const FileStamp&) const = default;
};
// Throws Error{io}.
FileStamp stamp_of(const std::filesystem::path& path);
// Throws Error{io} if the file is not what it was.
void check_unchanged(const std::filesystem::path& path, const FileStamp& stamp);

// What to do with a wave of segments [first, last) that are read at the same time.
struct SegmentVisitor {
  std::function<void(std::size_t first, std::size_t last)> begin;  // on the calling thread
  std::function<void(std::size_t i, const Block& block)> read;     // segment i; in parallel, in any order
  std::function<void(std::size_t first, std::size_t last)> end;    // on the calling thread
};

// Segments of one wave: enough for all threads to have a few, so that they end at about the same time.
inline std::size_t segments_at_once(const Tasks& tasks) {
  return static_cast<std::size_t>(tasks.threads()) * 4;
}

// Visits all segments, which are in file order, in waves. Compressed files are read ahead while a wave is
// visited; of plain ones each thread reads its own piece. Throws Error{io}.
void visit_segments(const std::filesystem::path& path, std::span<const Segment> segments, Tasks& tasks,
                    const SegmentVisitor& visitor);

}  // namespace ramet::io
