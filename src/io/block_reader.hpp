// Cuts a file into blocks of whole rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/buffer.hpp"
#include "io/byte_stream.hpp"

namespace ramet::io {

// A place between two rows.
struct Position {
  std::int64_t offset = 0;  // decompressed bytes before it
  std::int64_t line = 1;    // of the file, from 1
};

struct Block {
  Buffer<char> bytes;
  std::size_t size = 0;
  Position start;

  std::string_view text() const noexcept { return {bytes.data(), size}; }
};

inline constexpr std::int64_t default_block_bytes = std::int64_t{2} << 20;
inline constexpr std::int64_t max_block_bytes = std::int64_t{1} << 30;
// A longer row is taken for a quote that is never closed.
inline constexpr std::size_t max_row_bytes = std::size_t{256} << 20;

class BlockReader {
 public:
  // `start` must lie between two rows. `block_bytes` in [1, max_block_bytes].
  BlockReader(const std::filesystem::path& path, char delimiter, std::int64_t block_bytes,
              const Position& start = {});

  // Fills `block` (whose memory is reused) with about block_bytes; more where a row needs it. False at the
  // end of the file. Throws Error{io, invalid_data} that names the file.
  bool next(Block& block);

 private:
  void skip_byte_order_mark();
  void append(Block& block, std::size_t bytes);
  void cut(Block& block, std::size_t whole);

  std::filesystem::path path_;
  ByteStream stream_;
  char delimiter_;
  std::size_t block_bytes_;
  Position position_;    // of the next block
  Buffer<char> carry_;   // the start of the row that the last block ended in
  std::size_t carry_size_ = 0;
  bool at_end_ = false;  // the stream is
};

}  // namespace ramet::io
