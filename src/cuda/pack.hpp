// Writing a tree's packed rows and its small tables to the device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>

#include "cuda/histogram_layout.hpp"

namespace ramet::cuda {

// Bytes between the packed rows of two tiles.
std::int64_t packed_tile_bytes(std::int64_t rows, std::int32_t slots);

// Packs rows 0 .. rows - 1 of the first `tiles` tiles of the layout, which is on the device, all with `slots`
// slots: byte s of row r of tile t is the code of the tile's slot s, 0 in padding. Tile t goes to packed + t
// * packed_tile_bytes. Enqueues.
void pack_rows(const LayoutView* layout, std::int32_t tiles, std::int32_t slots, std::int64_t rows,
               std::uint8_t* packed, cudaStream_t stream);

// Copies host words to the device as arguments of kernels, so that the caller's memory is free again at once
// and nothing waits. For small tables: about 1,000 words a launch.
void store_words(std::uint32_t* to, std::span<const std::uint32_t> words, cudaStream_t stream);

}  // namespace ramet::cuda
