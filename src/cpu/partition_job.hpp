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

  std::int64_t left_rows() const;
};

// Carries out one job on the calling thread.
void partition_one(PartitionJob& job);

// Carries out all jobs, cut into chunks, in parallel.
void partition_all(std::span<PartitionJob* const> jobs, Tasks& tasks);

}  // namespace ramet::cpu
