#include "io/segments.hpp"

#include <algorithm>
#include <exception>
#include <system_error>
#include <vector>

#include "base/error.hpp"

namespace ramet::io {
namespace {

[[noreturn]] void fail_changed(const std::filesystem::path& path) {
  fail(ErrorCode::io, "{}: has changed since it was opened", path.string());
}

// Segments [first, last) of a compressed file, read one after the other.
class Ahead {
 public:
  Ahead(const std::filesystem::path& path, ByteStream& stream, std::span<const Segment> segments)
      : path_(path), stream_(stream), segments_(segments) {}

  void read(std::size_t first, std::size_t last) {
    if (blocks.size() < last - first) blocks.resize(last - first);
    for (std::size_t i = first; i < last; ++i) {
      const Segment& segment = segments_[i];
      stream_.skip(segment.offset - position_);
      Block& block = blocks[i - first];
      resize(block, 0, static_cast<std::size_t>(segment.bytes));
      if (stream_.read({block.bytes.data(), block.size}) < block.size) fail_changed(path_);
      position_ = segment.offset + segment.bytes;
    }
  }

  std::vector<Block> blocks;

 private:
  const std::filesystem::path& path_;
  ByteStream& stream_;
  std::span<const Segment> segments_;
  std::int64_t position_ = 0;  // of the stream
};

void visit_plain(const std::filesystem::path& path, const ByteStream& stream,
                 std::span<const Segment> segments, Tasks& tasks, const SegmentVisitor& visitor) {
  const std::size_t at_once = segments_at_once(tasks);
  std::vector<Block> blocks(std::min(at_once, segments.size()));
  for (std::size_t first = 0; first < segments.size(); first += at_once) {
    const std::size_t last = std::min(segments.size(), first + at_once);
    visitor.begin(first, last);
    tasks.for_each(static_cast<std::int64_t>(last - first), [&](std::int64_t i) {
      const Segment& segment = segments[first + static_cast<std::size_t>(i)];
      Block& block = blocks[static_cast<std::size_t>(i)];
      resize(block, 0, static_cast<std::size_t>(segment.bytes));
      if (stream.read_at(segment.offset, {block.bytes.data(), block.size}) < block.size) fail_changed(path);
      visitor.read(first + static_cast<std::size_t>(i), block);
    });
    visitor.end(first, last);
  }
}

void visit_compressed(const std::filesystem::path& path, ByteStream& stream,
                      std::span<const Segment> segments, Tasks& tasks, const SegmentVisitor& visitor) {
  const std::size_t at_once = segments_at_once(tasks);
  Ahead ahead(path, stream, segments);
  std::vector<Block> blocks;
  ahead.read(0, std::min(segments.size(), at_once));
  for (std::size_t first = 0; first < segments.size(); first += at_once) {
    const std::size_t last = std::min(segments.size(), first + at_once);
    blocks.swap(ahead.blocks);
    visitor.begin(first, last);
    // Item 0 starts first and reads what comes next.
    tasks.for_each(static_cast<std::int64_t>(last - first) + 1, [&](std::int64_t i) {
      if (i == 0) {
        ahead.read(last, std::min(segments.size(), last + at_once));
      } else {
        visitor.read(first + static_cast<std::size_t>(i - 1), blocks[static_cast<std::size_t>(i - 1)]);
      }
    });
    visitor.end(first, last);
  }
}

}  // namespace

FileStamp stamp_of(const std::filesystem::path& path) {
  std::error_code error;
  FileStamp stamp;
  stamp.bytes = std::filesystem::file_size(path, error);
  if (!error) stamp.written = std::filesystem::last_write_time(path, error);
  if (error) fail(ErrorCode::io, "{}: {}", path.string(), error.message());
  return stamp;
}

void check_unchanged(const std::filesystem::path& path, const FileStamp& stamp) {
  if (stamp_of(path) != stamp) fail_changed(path);
}

void visit_segments(const std::filesystem::path& path, std::span<const Segment> segments, Tasks& tasks,
                    const SegmentVisitor& visitor) {
  if (segments.empty()) return;
  ByteStream stream(path);
  if (stream.compressed()) {
    visit_compressed(path, stream, segments, tasks, visitor);
  } else {
    visit_plain(path, stream, segments, tasks, visitor);
  }
}

}  // namespace ramet::io
