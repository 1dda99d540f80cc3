// The kernel that turns numbers into bin codes, and hashes them for the fingerprint on the way.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "cuda/ingest_view.hpp"

namespace ramet::cuda {

// Entries of the search trees that a block keeps in shared memory.
inline constexpr std::int32_t most_shared_entries = 4096;

// A feature to be coded; the one with number k is in view k of the rows.
struct CodedFeature {
  const double* tree = nullptr;  // cuts in breadth-first order (data/lookup_kernel.hpp), 2^steps entries
  std::int32_t steps = 0;
  std::int32_t shared_at = -1;   // where the tree is in the block's shared memory; -1: it stays where it is
  std::int32_t width = 1;        // bytes a code: 1 or 2
  std::uint64_t column_key = 0;  // of the fingerprint
  std::int64_t offset = -1;      // of the code in a packed row; -1: codes are not stored
};

// Features [begin, end) that one block codes together: at most tile_columns.
struct FeatureGroup {
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t shared_entries = 0;  // of all of their trees that are shared
};

// Where codes go; all on the device.
struct CodeOutput {
  std::uint8_t* columns = nullptr;  // feature's codes from columns + offset * rows on, row after row
  std::uint8_t* packed = nullptr;   // row's codes from packed + row * row_bytes on
  std::int64_t row_bytes = 0;
  std::uint32_t* missing = nullptr;           // one per feature: set to 1 if a value is missing
  unsigned long long* fingerprint = nullptr;  // cells' hashes are added
};

// Codes the features of the groups (device memory) in all rows. first_global_row: of the rows' first.
// most_entries: the largest shared_entries of a group. Enqueues.
void code_rows(const ReadableRows& rows, std::int64_t first_global_row, const CodedFeature* features,
               const FeatureGroup* groups, std::int32_t group_count, std::int32_t most_entries,
               const CodeOutput& output, cudaStream_t stream);

}  // namespace ramet::cuda
