// Cuts a file into blocks of whole rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/buffer.hpp"
#include "io/byte_stream.hpp"

namespace ramet::io {

struct Block {
  Buffer<char> bytes;  // followed by text_padding zero bytes
  std::size_t size = 0;
  std::int64_t offset = 0;  // decompressed bytes of the file before it

  std::string_view text() const noexcept { return {bytes.data(), size}; }
};

// Small, so that a block and what is made of it stay in a core's cache.
inline constexpr std::int64_t default_block_bytes = std::int64_t{512} << 10;
inline constexpr std::int64_t max_block_bytes = std::int64_t{1} << 30;
// A longer row is taken for a quote that is never closed.
inline constexpr std::size_t max_row_bytes = std::size_t{256} << 20;
inline constexpr std::string_view row_too_long =
    "the row that starts here has more than 256 MiB (is a quote never closed?)";

// Makes room for `size` bytes and the padding, keeping the first `used`; then ends the text after `size`.
void resize(Block& block, std::size_t used, std::size_t size);

class BlockReader {
 public:
  // `start` must lie between two rows. `block_bytes` in [1, max_block_bytes].
  BlockReader(const std::filesystem::path& path, char delimiter, std::int64_t block_bytes,
              std::int64_t start = 0);

  // Fills `block` (whose memory is reused) with about block_bytes; more where a row needs it. False at the
  // end of the file. Throws Error{io}, or Fault at an offset from where the block would have started.
  bool next(Block& block);

 private:
  void skip_byte_order_mark(const std::filesystem::path& path);
  void append(Block& block, std::size_t bytes);
  void cut(Block& block, std::size_t whole);

  ByteStream stream_;
  char delimiter_;
  std::size_t block_bytes_;
  std::int64_t offset_;  // of the next block
  Block carry_;          // the start of the row that the last block ended in
  bool at_end_ = false;  // the stream is
};

}  // namespace ramet::io
