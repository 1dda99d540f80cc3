// Splits nodes' rows between their children, page by page.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/tasks.hpp"
#include "cpu/partition.hpp"
#include "cpu/tree_rows.hpp"

namespace ramet::cpu {

struct PartitionJob {
  TreeRows* rows = nullptr;
  const data::DatasetData* data = nullptr;
  const data::StoredColumn* column = nullptr;
  const backend::SplitRule* rule = nullptr;
  std::vector<std::uint8_t> table;  // category_table of the rule
  Side side = Side::root;           // the parent's
  std::vector<Segment> parent;      // per page
  std::vector<std::uint32_t> mids;  // per page, the result: left child [begin, mid), right child [mid, end)

  std::int64_t rows_to_split() const;
  std::int64_t left_rows() const;
};

// One job in chunks of rows that any workers carry out, in any order: start; mark(i) for each chunk; then
// place; then scatter(i) for each. Its memory is kept from job to job.
class ChunkedPartition {
 public:
  // At most `chunk_rows` rows of one page are a chunk.
  void start(PartitionJob& job, std::uint32_t chunk_rows);
  std::int64_t chunks() const { return static_cast<std::int64_t>(chunks_.size()); }
  void mark(std::int64_t i);
  // Sets the job's mids.
  void place();
  void scatter(std::int64_t i) const;

 private:
  struct Chunk {
    std::int32_t page = 0;
    std::uint32_t begin = 0;  // positions in the page
    std::uint32_t end = 0;
    std::int64_t words = 0;        // where its flags start
    std::uint32_t left = 0;        // how many of its rows go left
    std::uint32_t left_start = 0;  // where they go
  };
  PartitionJob* job_ = nullptr;
  std::vector<Chunk> chunks_;
  std::vector<std::uint64_t> words_;
};

// The size of chunks for so many rows to partition at a time, so that there are some for each thread.
std::uint32_t rows_of_chunk(std::int64_t rows, int threads);

// Carries out one job on the calling thread.
void partition_one(PartitionJob& job);

// Carries out all jobs, cut into chunks, in parallel.
void partition_all(std::span<PartitionJob* const> jobs, Tasks& tasks);

}  // namespace ramet::cpu
