// Histograms of whole nodes: built in shares, reduced, all-reduced, subtracted.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/tasks.hpp"
#include "cpu/gradients.hpp"
#include "cpu/histogram_pool.hpp"
#include "cpu/joint_rows.hpp"
#include "cpu/row_records.hpp"
#include "cpu/side_by_side.hpp"
#include "cpu/sparse_rows.hpp"
#include "cpu/tree_rows.hpp"
#include "ramet/communicator.hpp"

namespace ramet::cpu {

// One node's rows of this rank, and what is added up over them.
struct BuildJob {
  const HistogramLayout* layout = nullptr;
  const OutputGradients* gradients = nullptr;
  const data::DatasetData* data = nullptr;
  const TreeRows* rows = nullptr;
  Side side = Side::root;
  std::span<const Segment> segments;    // per page
  Histogram target;                     // overwritten
  const SparseRows* sparse = nullptr;   // the data as lists of cells; null: from the packed rows
  const JointRows* joint = nullptr;     // columns together, for narrow gradients; null: from the packed rows
  HistogramPool* joint_pool = nullptr;  // of its cells
  // The data's rows, or the joint ones, with the output's gradients, which the root's histogram puts there;
  // null: gradients are elsewhere.
  RowRecords* records = nullptr;
  // 1 for each column that is wanted, of sparse rows built alone; the others' cells get any values. Null: all
  // are.
  const std::uint8_t* alive = nullptr;
  // Per worker, if the job may be built with others; null: it is built alone.
  std::vector<SideBySideCells>* side_by_side = nullptr;

  std::int64_t local_rows() const;
  // Column ranges that are built one after another: [tiles[i], tiles[i + 1]).
  std::span<const std::int32_t> tiles() const;
};

// Whether a node's sums over all ranks fit packed cells.
bool fits_packed(const math::GradientScale& scale, std::int64_t global_rows);

// Builds one histogram on the calling thread, which works as `worker` of the pool.
void build_one(const BuildJob& job, HistogramPool& pool, int worker = 0);

// Builds all of them in parallel.
void build_all(std::span<const BuildJob> jobs, HistogramPool& pool, Tasks& tasks);

// Sums the histograms of all ranks, in place.
void all_reduce_histograms(std::span<const BuildJob> jobs, Communicator& communicator);

// larger = parent - smaller for cells [begin, end). `larger` may be `parent`.
void subtract_cells(const Histogram& parent, const Histogram& smaller, const Histogram& larger,
                    std::int64_t begin, std::int64_t end);

// The shares that build_all cuts the jobs into: some rows and columns of one job, or of several over the same
// rows.
struct BuildShare {
  std::size_t job = 0;
  int jobs = 1;            // built side by side: the job and those behind it
  std::int64_t begin = 0;  // among the job's rows, over its segments in order
  std::int64_t end = 0;
  std::int32_t column_begin = 0;
  std::int32_t column_end = 0;
  std::array<Histogram, most_side_by_side> targets;  // of each job
};

struct BuildPlan {
  std::vector<BuildShare> shares;
  std::vector<std::vector<Histogram>> partials;  // per job; empty: its one share goes to the target
};

// Cuts all jobs into about `parts` shares of rows, on a thread that works as `worker` of the pool.
BuildPlan plan_build(std::span<const BuildJob> jobs, HistogramPool& pool, int parts, int worker = 0);
void build_share(std::span<const BuildJob> jobs, const BuildShare& share, HistogramPool& pool, int worker);
// target = sum of a job's partials for cells [begin, end); nothing to do if there are none.
void sum_partials(const Histogram& target, std::span<const Histogram> partials, std::int64_t begin,
                  std::int64_t end);
void reduce_partials(std::span<const BuildJob> jobs, BuildPlan& plan, HistogramPool& pool, Tasks& tasks);

}  // namespace ramet::cpu
