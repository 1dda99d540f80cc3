// How many blocks to launch.
#pragma once

#include <cstdint>

namespace ramet::cuda {

// Threads of a block, unless a kernel says otherwise.
inline constexpr unsigned block_threads = 256;

// Blocks that fill the current device: `per_multiprocessor` on each.
std::int64_t resident_blocks(int per_multiprocessor);

// Blocks of `per_block` elements each that cover `count`.
constexpr std::int64_t blocks_for(std::int64_t count, std::int64_t per_block) {
  return (count + per_block - 1) / per_block;
}

}  // namespace ramet::cuda
