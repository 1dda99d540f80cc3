#include "cuda/launch.cuh"
#include "cuda/pack.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t tile_alignment = 256;
constexpr unsigned warp_lanes = 32;
constexpr unsigned lane_rows = 4;     // of a thread: one word of each of its four columns
constexpr unsigned image_words = 1024;  // packed by a block: 16 bytes a thread
constexpr unsigned payload_words = 960;

struct Payload {
  std::uint32_t words[payload_words];
};

__global__ void store_words_kernel(std::uint32_t* to, unsigned count, Payload payload) {
  for (unsigned i = threadIdx.x; i < count; i += blockDim.x) to[i] = payload.words[i];
}

// Where word d of a block's packed rows lies in shared memory. A word of padding in 32, so that neither
// writing columns nor reading rows meets bank conflicts.
__device__ unsigned padded(unsigned d) { return d + d / 32; }

// Codes of rows row .. row + 3 of a column, the first in the lowest byte; 0 beyond the last row.
__device__ std::uint32_t load_codes(const std::uint8_t* codes, std::uint32_t row, std::uint32_t rows) {
  if (row + lane_rows <= rows) return __ldg(reinterpret_cast<const std::uint32_t*>(codes + row));
  std::uint32_t word = 0;
  for (unsigned q = 0; q < lane_rows && row + q < rows; ++q) {
    word |= static_cast<std::uint32_t>(codes[row + q]) << (8 * q);
  }
  return word;
}

// Word q of the result holds byte q of the four words.
__device__ void transpose_bytes(std::uint32_t (&words)[4]) {
  const std::uint32_t low01 = __byte_perm(words[0], words[1], 0x5140);
  const std::uint32_t high01 = __byte_perm(words[0], words[1], 0x7362);
  const std::uint32_t low23 = __byte_perm(words[2], words[3], 0x5140);
  const std::uint32_t high23 = __byte_perm(words[2], words[3], 0x7362);
  words[0] = __byte_perm(low01, low23, 0x5410);
  words[1] = __byte_perm(low01, low23, 0x7632);
  words[2] = __byte_perm(high01, high23, 0x5410);
  words[3] = __byte_perm(high01, high23, 0x7632);
}

// A block packs 4 KB of one tile: its warps take different words of the row, or different rows.
__global__ void __launch_bounds__(block_threads)
    pack_rows_kernel(const LayoutView* layout, unsigned row_words, unsigned tile_blocks, std::uint32_t rows,
                     std::int64_t tile_bytes, std::uint8_t* packed) {
  __shared__ std::uint32_t image[image_words + image_words / 32];
  const Tile& tile = layout->tiles[blockIdx.x / tile_blocks];
  const std::uint32_t block_rows = image_words / row_words;
  const std::uint32_t first = blockIdx.x % tile_blocks * block_rows;
  const unsigned warp = threadIdx.x / warp_lanes;
  const unsigned word = warp % row_words;
  const unsigned row = (warp / row_words * warp_lanes + threadIdx.x % warp_lanes) * lane_rows;
  const std::int32_t* columns = layout->slot_columns + tile.first_slot + 4 * word;
  std::uint32_t words[4];
  for (unsigned s = 0; s < 4; ++s) {
    words[s] = columns[s] < 0 ? 0 : load_codes(layout->columns[columns[s]].codes, first + row, rows);
  }
  transpose_bytes(words);
  for (unsigned q = 0; q < lane_rows; ++q) image[padded((row + q) * row_words + word)] = words[q];
  __syncthreads();
  const unsigned d = 4 * threadIdx.x;
  if (first + d / row_words >= rows) return;
  const uint4 whole = make_uint4(image[padded(d)], image[padded(d + 1)], image[padded(d + 2)],
                                 image[padded(d + 3)]);
  std::uint8_t* target = packed + static_cast<std::int64_t>(blockIdx.x / tile_blocks) * tile_bytes +
                         static_cast<std::int64_t>(first) * row_words * 4;
  reinterpret_cast<uint4*>(target)[threadIdx.x] = whole;
}

}  // namespace

std::int64_t packed_tile_bytes(std::int64_t rows, std::int32_t slots) {
  return (rows * slots + tile_alignment - 1) / tile_alignment * tile_alignment;
}

void pack_rows(const LayoutView* layout, std::int32_t tiles, std::int32_t slots, std::int64_t rows,
               std::uint8_t* packed, cudaStream_t stream) {
  const auto row_words = static_cast<unsigned>(slots) / 4;
  const std::int64_t tile_blocks = blocks_for(rows, image_words / row_words);
  launch(pack_rows_kernel, tiles * tile_blocks, block_threads, 0, stream, layout, row_words,
         static_cast<unsigned>(tile_blocks), static_cast<std::uint32_t>(rows), packed_tile_bytes(rows, slots),
         packed);
}

void store_words(std::uint32_t* to, std::span<const std::uint32_t> words, cudaStream_t stream) {
  Payload payload{};
  while (!words.empty()) {
    const std::size_t count = words.size() < payload_words ? words.size() : payload_words;
    for (std::size_t i = 0; i < count; ++i) payload.words[i] = words[i];
    launch(store_words_kernel, 1, block_threads, 0, stream, to, static_cast<unsigned>(count), payload);
    to += count;
    words = words.subspan(count);
  }
}

}  // namespace ramet::cuda
