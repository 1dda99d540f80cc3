#include "cuda/launch.cuh"
#include "cuda/pack.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t tile_alignment = 256;
constexpr unsigned warp_lanes = 32;
constexpr unsigned lane_rows = 4;       // of a thread: one word of each of its four columns
constexpr unsigned image_words = 1024;  // packed by a block: 16 bytes a thread
constexpr unsigned block_images = 8;    // so that finding the columns takes little of a block's time
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
  for (unsigned q = 0; q < lane_rows; ++q) {
    if (row + q < rows) word |= static_cast<std::uint32_t>(codes[row + q]) << (8 * q);
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

// Where a block's rows come from and go to.
struct PackJob {
  const LayoutView* layout = nullptr;
  std::uint8_t* packed = nullptr;
  std::int64_t tile_bytes = 0;
  std::uint32_t rows = 0;
  unsigned row_words = 0;
  unsigned tile_blocks = 0;
};

// A block packs some images of 4 KB of one tile: its warps take different words of the row, or different
// rows.
__global__ void __launch_bounds__(block_threads) pack_rows_kernel(PackJob job) {
  __shared__ std::uint32_t image[image_words + image_words / 32];
  const unsigned tile_number = blockIdx.x / job.tile_blocks;
  const Tile& tile = job.layout->tiles[tile_number];
  std::uint8_t* target = job.packed + tile_number * job.tile_bytes;
  const unsigned warp = threadIdx.x / warp_lanes;
  const unsigned word = warp % job.row_words;
  const unsigned row = (warp / job.row_words * warp_lanes + threadIdx.x % warp_lanes) * lane_rows;
  const std::uint8_t* codes[4];
  for (unsigned s = 0; s < 4; ++s) {
    const std::int32_t column =
        job.layout->slot_columns[tile.first_slot + static_cast<std::int32_t>(4 * word + s)];
    codes[s] = column < 0 ? nullptr : job.layout->columns[column].codes;
  }
  const std::uint32_t image_rows = image_words / job.row_words;
  std::uint32_t first = blockIdx.x % job.tile_blocks * block_images * image_rows;
  for (unsigned i = 0; i < block_images && first < job.rows; ++i, first += image_rows) {
    std::uint32_t words[4];
    for (unsigned s = 0; s < 4; ++s) {
      words[s] = codes[s] == nullptr ? 0 : load_codes(codes[s], first + row, job.rows);
    }
    transpose_bytes(words);
    for (unsigned q = 0; q < lane_rows; ++q) image[padded((row + q) * job.row_words + word)] = words[q];
    __syncthreads();
    const unsigned d = 4 * threadIdx.x;
    if (first + d / job.row_words < job.rows) {
      reinterpret_cast<uint4*>(target + std::int64_t{first} * job.row_words * 4)[threadIdx.x] =
          make_uint4(image[padded(d)], image[padded(d + 1)], image[padded(d + 2)], image[padded(d + 3)]);
    }
    __syncthreads();
  }
}

}  // namespace

std::int64_t packed_tile_bytes(std::int64_t rows, std::int32_t slots) {
  return (rows * slots + tile_alignment - 1) / tile_alignment * tile_alignment;
}

void pack_rows(const LayoutView* layout, std::int32_t tiles, std::int32_t slots, std::int64_t rows,
               std::uint8_t* packed, cudaStream_t stream) {
  const auto row_words = static_cast<unsigned>(slots) / 4;
  const std::int64_t tile_blocks = blocks_for(rows, std::int64_t{image_words} / row_words * block_images);
  launch(pack_rows_kernel, tiles * tile_blocks, block_threads, 0, stream,
         PackJob{layout, packed, packed_tile_bytes(rows, slots), static_cast<std::uint32_t>(rows), row_words,
                 static_cast<unsigned>(tile_blocks)});
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
