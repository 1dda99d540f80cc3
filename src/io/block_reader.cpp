#include "io/block_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.hpp"
#include "io/rows.hpp"

namespace ramet::io {
namespace {

void reserve(Buffer<char>& buffer, std::size_t used, std::size_t capacity) {
  if (buffer.size() >= capacity) return;
  Buffer<char> larger(capacity);
  if (used > 0) std::memcpy(larger.data(), buffer.data(), used);
  buffer = std::move(larger);
}

}  // namespace

BlockReader::BlockReader(const std::filesystem::path& path, char delimiter, std::int64_t block_bytes,
                         const Position& start)
    : path_(path),
      stream_(path),
      delimiter_(delimiter),
      block_bytes_(static_cast<std::size_t>(block_bytes)),
      position_(start) {
  if (start.offset > 0) {
    stream_.skip(start.offset);
  } else {
    skip_byte_order_mark();
  }
}

void BlockReader::skip_byte_order_mark() {
  reserve(carry_, 0, 3);
  carry_size_ = stream_.read({carry_.data(), 3});
  const std::string_view first(carry_.data(), carry_size_);
  if (first.starts_with("\xFF\xFE") || first.starts_with("\xFE\xFF")) {
    fail(ErrorCode::invalid_data, "{}: is UTF-16 text; convert it to UTF-8", path_.string());
  }
  if (first != "\xEF\xBB\xBF") return;
  carry_size_ = 0;
  position_.offset = 3;
}

bool BlockReader::next(Block& block) {
  block.size = 0;
  block.start = position_;
  reserve(block.bytes, 0, std::max(carry_size_, block_bytes_));
  if (carry_size_ > 0) std::memcpy(block.bytes.data(), carry_.data(), carry_size_);
  block.size = std::exchange(carry_size_, 0);
  std::size_t whole = 0;
  while (!at_end_ && whole == 0) {
    if (block.size > max_row_bytes) {
      fail(ErrorCode::invalid_data, "{}:{}: the row that starts here has more than {} MiB (is a quote never closed?)",
           path_.string(), position_.line, max_row_bytes >> 20);
    }
    append(block, std::max(block_bytes_, block.size));
    whole = complete_rows(block.text(), delimiter_);
  }
  if (!at_end_) cut(block, whole);
  position_.offset += static_cast<std::int64_t>(block.size);
  position_.line += std::count(block.bytes.data(), block.bytes.data() + block.size, '\n');
  return block.size > 0;
}

void BlockReader::append(Block& block, std::size_t bytes) {
  reserve(block.bytes, block.size, block.size + bytes);
  const std::size_t got = stream_.read({block.bytes.data() + block.size, bytes});
  block.size += got;
  at_end_ = got < bytes;
}

// Keeps what follows the last whole row for the next block.
void BlockReader::cut(Block& block, std::size_t whole) {
  carry_size_ = block.size - whole;
  reserve(carry_, 0, carry_size_);
  if (carry_size_ > 0) std::memcpy(carry_.data(), block.bytes.data() + whole, carry_size_);
  block.size = whole;
}

}  // namespace ramet::io
