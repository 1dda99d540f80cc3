#include "cuda/dynamic_shared.cuh"
#include "cuda/histogram_limbs.cuh"
#include "cuda/histogram_work.cuh"
#include "cuda/instructions.cuh"
#include "cuda/launch.cuh"
#include "cuda/resident_grid.cuh"

// Sums stand in shared memory as 32-bit integers, 64 words a code: 32 of g and 32 of h, one for each of the
// 32 memory banks. A lane takes a row, and adds the code of slot (lane ^ k) % slots in step k to word lane ^
// k of the code's 32. So the lanes of an instruction always meet different banks, whatever the codes are.
// With fewer than 32 slots the words are several copies of the slots.
namespace ramet::cuda {
namespace {

constexpr unsigned code_words = 2 * warp_lanes;
constexpr unsigned plane_bytes = 4 * warp_lanes;
constexpr int most_blocks_per_multiprocessor = 8;

template <unsigned slots>
struct RowCodes {
  std::uint32_t words[slots / 4];
};

// Swaps words whose numbers differ in `bit` if the lane asks for it.
template <unsigned slots>
__device__ __forceinline__ void swap_words(RowCodes<slots>& row, unsigned bit, bool swap) {
  for (unsigned i = 0; i < slots / 4; ++i) {
    if ((i & bit) != 0) continue;
    const std::uint32_t low = row.words[i];
    const std::uint32_t high = row.words[i | bit];
    row.words[i] = swap ? high : low;
    row.words[i | bit] = swap ? low : high;
  }
}

// Loads a row as it lies in memory, except that with 32 slots lanes 16 .. 31 get their second half first.
template <unsigned slots>
__device__ __forceinline__ RowCodes<slots> load_row(const std::uint8_t* rows, std::uint32_t id,
                                                    unsigned lane) {
  RowCodes<slots> row;
  const std::uint8_t* at = rows + std::uint64_t{id} * slots;
  if constexpr (slots == 8) {
    const uint2 both = __ldg(reinterpret_cast<const uint2*>(at));
    row.words[0] = both.x;
    row.words[1] = both.y;
  } else {
    const unsigned flip = slots == 32 ? lane & 16u : 0;
    for (unsigned part = 0; part < slots / 16; ++part) {
      const uint4 four = __ldg(reinterpret_cast<const uint4*>(at + ((16 * part) ^ flip)));
      row.words[4 * part] = four.x;
      row.words[4 * part + 1] = four.y;
      row.words[4 * part + 2] = four.z;
      row.words[4 * part + 3] = four.w;
    }
  }
  return row;
}

// Then word i is the row's word i ^ lane / 4.
template <unsigned slots>
__device__ __forceinline__ void order_words(RowCodes<slots>& row, unsigned lane) {
  if constexpr (slots > 8) swap_words(row, 2, (lane & 8u) != 0);
  swap_words(row, 1, (lane & 4u) != 0);
}

// What a lane needs to turn four codes into addresses: 256 * code + 4 * (lane ^ k).
struct AddressBytes {
  std::uint32_t words;         // byte j: 4 * (lane ^ j)
  std::uint32_t selectors[4];  // for the step's byte j
};

__device__ __forceinline__ AddressBytes address_bytes(unsigned lane) {
  AddressBytes bytes;
  bytes.words = 0;
  for (unsigned j = 0; j < 4; ++j) {
    bytes.words |= 4 * (lane ^ j) << (8 * j);
    // From low to high: that byte, the code, and two bytes of its top bit, which is 0.
    bytes.selectors[j] = (4 + j) | (((lane ^ j) & 3u) << 4) | ((12 + j) << 8) | ((12 + j) << 12);
  }
  return bytes;
}

template <unsigned slots, bool counting>
__device__ __forceinline__ void add_row(unsigned char* cells, const RowCodes<slots>& row,
                                        const AddressBytes& bytes, uint2 values) {
  for (unsigned i = 0; i < slots / 4; ++i) {
    const std::uint32_t words = bytes.words ^ (0x10101010u * i);
    for (unsigned j = 0; j < 4; ++j) {
      unsigned char* cell = cells + permute_bytes(row.words[i], words, bytes.selectors[j]);
      atomicAdd(reinterpret_cast<std::uint32_t*>(cell), values.x);
      if constexpr (!counting) atomicAdd(reinterpret_cast<std::uint32_t*>(cell + plane_bytes), values.y);
    }
  }
}

// Rows of a task: [first, last) of its ids, or row numbers.
struct Segment {
  const std::uint8_t* rows = nullptr;
  const std::uint32_t* ids = nullptr;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

// Row i; the last one instead of those after it.
__device__ __forceinline__ std::uint32_t row_id(const Segment& segment, std::uint32_t i) {
  const std::uint32_t within = min(i, segment.last - 1);
  return segment.ids == nullptr ? within : __ldg(segment.ids + within);
}

template <bool counting>
__device__ __forceinline__ std::uint32_t load_pair(const Limb& limb, std::uint32_t id) {
  return counting ? 1u : __ldg(limb.pairs + id);
}

// Adds the segment's rows to the block's cells. Ids are loaded two steps before they are used, codes and
// gradients one.
template <unsigned slots, bool counting>
__device__ void add_segment(unsigned char* cells, const Segment& segment, const Limb& limb) {
  if (segment.first == segment.last) return;
  const unsigned lane = threadIdx.x % warp_lanes;
  const AddressBytes bytes = address_bytes(lane);
  std::uint32_t i = segment.first + threadIdx.x;
  std::uint32_t id = row_id(segment, i);
  std::uint32_t next_id = row_id(segment, i + histogram_threads);
  RowCodes<slots> row = load_row<slots>(segment.rows, id, lane);
  std::uint32_t pair = load_pair<counting>(limb, id);
  for (; i - lane < segment.last; i += histogram_threads) {
    id = next_id;
    next_id = row_id(segment, i + 2 * histogram_threads);
    const RowCodes<slots> next_row = load_row<slots>(segment.rows, id, lane);
    const std::uint32_t next_pair = load_pair<counting>(limb, id);
    order_words(row, lane);
    add_row<slots, counting>(cells, row, bytes, limb_values(limb, i < segment.last ? pair : 0));
    row = next_row;
    pair = next_pair;
  }
}

// Takes the cells to the histogram and sets them to 0. `store`: nothing is there yet.
template <unsigned slots>
__device__ void flush(std::uint32_t* cells, const Tile& tile, std::int64_t plane_cells, const Limb& limb,
                      bool store) {
  constexpr unsigned codes_together = warp_lanes / slots;
  constexpr unsigned loaded = 4;
  const unsigned column = threadIdx.x % warp_lanes;
  const unsigned h = threadIdx.x / warp_lanes % 2;
  unsigned long long* target = limb.plane + h * plane_cells + tile.first_cell + column % slots;
  const bool is_signed = limb.g_signed && h == 0;
  const bool takes_part = column < slots && (h == 0 || limb.pairs != nullptr);
  const unsigned codes =
      (static_cast<unsigned>(tile.codes) + codes_together - 1) / codes_together * codes_together;
  const unsigned words = codes * code_words;
  for (unsigned first = threadIdx.x; first < words; first += loaded * histogram_threads) {
    std::uint32_t sums[loaded];
    for (unsigned i = 0; i < loaded; ++i) {
      const unsigned word = first + i * histogram_threads;
      sums[i] = word < words ? cells[word] : 0;
      if (word < words) cells[word] = 0;
    }
    for (unsigned i = 0; i < loaded; ++i) {
      for (unsigned copy = slots; copy < warp_lanes; copy *= 2) {
        sums[i] += __shfl_xor_sync(full_warp, sums[i], static_cast<int>(copy));
      }
    }
    for (unsigned i = 0; i < loaded; ++i) {
      const unsigned word = first + i * histogram_threads;
      if (word >= words || !takes_part) continue;
      put_sum(target + word / code_words * slots, sums[i], is_signed, limb.shift, store);
    }
  }
}

template <unsigned slots>
__device__ void add_rows(std::uint32_t* cells, const BuildTask& task, const UnitRows& rows) {
  auto* bytes = reinterpret_cast<unsigned char*>(cells);
  const Tile& tile = task.layout->tiles[rows.unit];
  std::uint32_t first = rows.first;
  do {
    const Segment segment{tile.rows, task.ids, first, first + min(rows.last - first, most_segment_rows)};
    for_each_limb(task, [&](const Limb& limb) {
      if (limb.pairs == nullptr) {
        add_segment<slots, true>(bytes, segment, limb);
      } else {
        add_segment<slots, false>(bytes, segment, limb);
      }
      __syncthreads();
      flush<slots>(cells, tile, task.layout->cells, limb, rows.whole && first == 0 && limb.first);
      __syncthreads();
    });
    first = segment.last;
  } while (first < rows.last);
}

// Shared memory has room for the codes of any tile, and as many more as make up whole warps of cells.
constexpr std::int64_t code_rounding = 4;

unsigned shared_words(const HistogramShape& shape) {
  return static_cast<unsigned>(blocks_for(shape.most_codes, code_rounding) * code_rounding) * code_words;
}

std::size_t shared_bytes(const HistogramShape& shape) { return sizeof(std::uint32_t) * shared_words(shape); }

template <unsigned slots>
__global__ void __launch_bounds__(histogram_threads, 3)
    byte_histogram_kernel(const BuildTask* tasks, std::int32_t count, const std::int64_t* starts,
                          unsigned words) {
  auto* cells = dynamic_shared<std::uint32_t>();
  for (unsigned i = threadIdx.x; i < words; i += histogram_threads) cells[i] = 0;
  __syncthreads();
  for_each_unit(tasks, count, starts,
                [&](const BuildTask& task, const UnitRows& rows) { add_rows<slots>(cells, task, rows); });
}

using ByteKernel = void (*)(const BuildTask*, std::int32_t, const std::int64_t*, unsigned);

ByteKernel byte_kernel(std::int32_t slots) {
  if (slots == 32) return byte_histogram_kernel<32>;
  return slots == 16 ? byte_histogram_kernel<16> : byte_histogram_kernel<8>;
}

}  // namespace

std::int64_t byte_histogram_blocks(const HistogramShape& shape) {
  return resident_grid(byte_kernel(shape.slots), histogram_threads, shared_bytes(shape),
                       most_blocks_per_multiprocessor);
}

void launch_byte_histogram(const HistogramShape& shape, std::int64_t blocks, const BuildTask* tasks,
                           std::int32_t count, const std::int64_t* starts, cudaStream_t stream) {
  launch(byte_kernel(shape.slots), blocks, histogram_threads, shared_bytes(shape), stream, tasks, count,
         starts, shared_words(shape));
}

}  // namespace ramet::cuda
