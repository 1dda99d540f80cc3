#include "io/block_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "io/rows.hpp"

namespace ramet::io {

void resize(Block& block, std::size_t used, std::size_t size) {
  if (block.bytes.size() < size + text_padding) {
    Buffer<char> larger(size + text_padding);
    if (used > 0) std::memcpy(larger.data(), block.bytes.data(), used);
    block.bytes = std::move(larger);
  }
  std::memset(block.bytes.data() + size, 0, text_padding);
  block.size = size;
}

BlockReader::BlockReader(const std::filesystem::path& path, char delimiter, std::int64_t block_bytes,
                         std::int64_t start)
    : stream_(path),
      delimiter_(delimiter),
      block_bytes_(static_cast<std::size_t>(block_bytes)),
      offset_(start) {
  if (start > 0) {
    stream_.skip(start);
  } else {
    skip_byte_order_mark(path);
  }
}

void BlockReader::skip_byte_order_mark(const std::filesystem::path& path) {
  resize(carry_, 0, 3);
  resize(carry_, 3, stream_.read({carry_.bytes.data(), 3}));
  const std::string_view first = carry_.text();
  if (first.starts_with("\xFF\xFE") || first.starts_with("\xFE\xFF")) {
    fail(ErrorCode::invalid_data, "{}: is UTF-16 text; convert it to UTF-8", path.string());
  }
  if (first != "\xEF\xBB\xBF") return;
  carry_.size = 0;
  offset_ = 3;
}

bool BlockReader::next(Block& block) {
  block.offset = offset_;
  resize(block, 0, carry_.size);
  if (carry_.size > 0) std::memcpy(block.bytes.data(), carry_.bytes.data(), carry_.size);
  carry_.size = 0;
  std::size_t whole = 0;
  while (!at_end_ && whole == 0) {
    if (block.size > max_row_bytes) throw Fault{0, std::string(row_too_long)};
    append(block, std::max(block_bytes_, block.size));
    whole = complete_rows(block.text(), delimiter_);
  }
  if (!at_end_) cut(block, whole);
  offset_ += static_cast<std::int64_t>(block.size);
  return block.size > 0;
}

void BlockReader::append(Block& block, std::size_t bytes) {
  const std::size_t before = block.size;
  resize(block, before, before + bytes);
  const std::size_t got = stream_.read({block.bytes.data() + before, bytes});
  resize(block, before + got, before + got);
  at_end_ = got < bytes;
}

// Keeps what follows the last whole row for the next block.
void BlockReader::cut(Block& block, std::size_t whole) {
  const std::size_t rest = block.size - whole;
  resize(carry_, 0, rest);
  if (rest > 0) std::memcpy(carry_.bytes.data(), block.bytes.data() + whole, rest);
  resize(block, whole, whole);
}

}  // namespace ramet::io
