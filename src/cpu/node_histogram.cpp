#include "cpu/node_histogram.hpp"

#include <algorithm>
#include <cstring>

#include "cpu/cell_kernels.hpp"
#include "cpu/packed_adder.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t least_share_rows = 512;
// A share's own cells are cleared and added up: that should take much less than adding its rows.
constexpr std::int64_t least_additions_per_cell = 4;
constexpr std::int64_t reduce_cells = 8'192;
// Fewer jobs are built one by one in the time that they take side by side.
constexpr int least_side_by_side = 3;

std::int64_t words_per_cell(const Histogram& h) { return h.wide ? 2 : 1; }

void clear_cells(const Histogram& h, std::int64_t begin, std::int64_t end) {
  if (begin == end) return;  // a histogram without cells has no memory
  const std::int64_t words = words_per_cell(h);
  std::memset(h.data + begin * words, 0,
              static_cast<std::size_t>((end - begin) * words) * sizeof(std::int64_t));
}

// Clears the cells of some columns, of those that are wanted.
void clear_columns(const BuildJob& job, const Histogram& h, std::int32_t begin, std::int32_t end) {
  while (begin < end) {
    const auto [first, last] = alive_run(job.alive, begin, end);
    const auto cells = job.layout->cell_range(first, last);
    clear_cells(h, cells.first, cells.second);
    begin = last;
  }
}

// The tile whose columns the share builds; 0 where one share builds all.
std::size_t tile_of(const BuildJob& job, const BuildShare& share) {
  const std::vector<std::int32_t>& tiles = job.layout->tiles;
  const auto tile = std::lower_bound(tiles.begin(), tiles.end(), share.column_begin);
  return static_cast<std::size_t>(tile - tiles.begin());
}

// Adds rows through packed cells that are flushed to wide ones before they can overflow.
struct PackedBlocks {
  PackedAdder adder;
  std::int64_t* packed;  // zero between blocks
  WideCell* wide;
  std::pair<std::int64_t, std::int64_t> cells;
  std::int64_t filled = 0;

  void flush() {
    adder.finish();
    flush_packed(packed + cells.first, wide + cells.first, cells.second - cells.first);
    filled = 0;
  }
  void add(std::int32_t p, RowSlice rows) {
    while (rows.count > 0) {
      if (filled == max_packed_rows) flush();
      const RowSlice block = take_rows(rows, std::min(rows.count, max_packed_rows - filled));
      adder.add(p, block);
      filled += block.count;
    }
  }
};

// Calls visit(page, segment) for the parts of the job's segments that hold its rows [begin, end).
template <class Visit>
void for_each_part(const BuildJob& job, std::int64_t begin, std::int64_t end, const Visit& visit) {
  std::int64_t passed = 0;
  for (std::size_t p = 0; p < job.segments.size(); ++p) {
    const Segment segment = job.segments[p];
    const std::int64_t from = std::max(begin, passed);
    const std::int64_t to = std::min(end, passed + segment.size());
    if (from < to) {
      const auto start = static_cast<std::uint32_t>(segment.begin + (from - passed));
      visit(static_cast<std::int32_t>(p), Segment{start, start + static_cast<std::uint32_t>(to - from)});
    }
    passed += segment.size();
  }
}

// Packed cells for one share, all zero: its own, and with joint rows those as well.
Histogram zeroed_scratch(const BuildJob& job, const BuildShare& share,
                         std::pair<std::int64_t, std::int64_t> cells, HistogramPool& pool, int worker) {
  Histogram scratch = pool.acquire(false, worker);
  clear_cells(scratch, cells.first, cells.second);
  if (job.joint != nullptr) {
    const auto joint = job.joint->joint_cells(tile_of(job, share));
    clear_cells(scratch, joint.first, joint.second);
  }
  return scratch;
}

void add_narrow(const BuildJob& job, const BuildShare& share, HistogramPool& pool, int worker) {
  if (!share.targets[0].wide && job.joint == nullptr) {
    PackedAdder adder(job, share, tile_of(job, share), share.targets[0].packed());
    for_each_part(job, share.begin, share.end, [&](std::int32_t p, Segment segment) {
      adder.add(p, job.rows->slice(p, segment, job.side));
    });
    adder.finish();
    return;
  }
  const auto cells = job.layout->cell_range(share.column_begin, share.column_end);
  HistogramPool& scratch_pool = job.joint != nullptr ? *job.joint_pool : pool;
  Histogram scratch = zeroed_scratch(job, share, cells, scratch_pool, worker);
  if (!share.targets[0].wide) {
    PackedAdder adder(job, share, tile_of(job, share), scratch.packed());
    for_each_part(job, share.begin, share.end, [&](std::int32_t p, Segment segment) {
      adder.add(p, job.rows->slice(p, segment, job.side));
    });
    adder.finish();
    std::copy(scratch.packed() + cells.first, scratch.packed() + cells.second,
              share.targets[0].packed() + cells.first);
    scratch_pool.release(scratch, worker);
    return;
  }
  PackedBlocks blocks{PackedAdder(job, share, tile_of(job, share), scratch.packed()), scratch.packed(),
                      share.targets[0].wide_cells(), cells};
  for_each_part(job, share.begin, share.end, [&](std::int32_t p, Segment segment) {
    blocks.add(p, job.rows->slice(p, segment, job.side));
  });
  blocks.flush();
  scratch_pool.release(scratch, worker);
}

void add_wide_share(const BuildJob& job, const BuildShare& share) {
  SparseTotal<WideCell> total;
  WideCell* cells = share.targets[0].wide_cells();
  for_each_part(job, share.begin, share.end, [&](std::int32_t p, Segment segment) {
    const RowSlice rows = job.rows->slice(p, segment, job.side);
    const WideGradient* gradients = job.gradients->wide.data() + rows.page->first_row;
    if (job.sparse != nullptr) {
      add_wide_sparse(job.sparse->pages[static_cast<std::size_t>(p)], rows, gradients, cells, total);
    } else {
      add_wide(*job.layout, share.column_begin, share.column_end,
               {rows.page->packed.data(), job.data->layout.row_bytes, gradients}, rows, cells);
    }
  });
  if (job.sparse != nullptr) derive_frequent(*job.sparse, *job.layout, job.alive, total, cells);
}

// The rows and columns that a job's packed cells are built from.
const HistogramLayout& source_layout(const BuildJob& job) {
  return job.joint != nullptr ? job.joint->layout : *job.layout;
}

std::pair<std::int32_t, std::int32_t> source_columns(const BuildJob& job, const BuildShare& share) {
  if (job.joint == nullptr) return {share.column_begin, share.column_end};
  const std::size_t tile = tile_of(job, share);
  return {job.joint->tile_columns[tile], job.joint->tile_columns[tile + 1]};
}

// Several jobs' rows, which are the same, at once.
void add_side_by_side(std::span<const BuildJob> jobs, const BuildShare& share, int worker) {
  const BuildJob& first = jobs[share.job];
  SideBySideCells& together = (*first.side_by_side)[static_cast<std::size_t>(worker)];
  const auto [begin, end] = source_columns(first, share);
  together.start(source_layout(first), begin, end);
  for_each_part(first, share.begin, share.end, [&](std::int32_t p, Segment segment) {
    RowSlice rows = first.rows->slice(p, segment, first.side);
    std::array<const std::uint32_t*, most_side_by_side> gradients{};
    for (int k = 0; k < share.jobs; ++k) {
      const BuildJob& job = jobs[share.job + static_cast<std::size_t>(k)];
      gradients[static_cast<std::size_t>(k)] = job.gradients->narrow.data() + rows.page->first_row;
    }
    if (first.joint != nullptr) rows.page = &first.joint->rows.pages[static_cast<std::size_t>(p)];
    together.add(first.joint != nullptr ? first.joint->rows.row_bytes : first.data->layout.row_bytes, rows,
                 std::span(gradients).first(static_cast<std::size_t>(share.jobs)));
  });
  const auto cells = first.layout->cell_range(share.column_begin, share.column_end);
  for (int k = 0; k < share.jobs; ++k) {
    const Histogram& target = share.targets[static_cast<std::size_t>(k)];
    if (first.joint == nullptr) {
      clear_cells(target, cells.first, cells.second);
      together.copy(k, target.packed());
      continue;
    }
    Histogram scratch = zeroed_scratch(first, share, cells, *first.joint_pool, worker);
    together.copy(k, scratch.packed());
    fold_joint_cells(*first.joint, *first.layout, tile_of(first, share), scratch.packed());
    std::copy(scratch.packed() + cells.first, scratch.packed() + cells.second, target.packed() + cells.first);
    first.joint_pool->release(scratch, worker);
  }
}

// Whether `other` has the same rows to add to the same cells as `first`, which may be built with others.
bool builds_alike(const BuildJob& first, const BuildJob& other) {
  return other.side_by_side != nullptr && other.layout == first.layout && other.joint == first.joint &&
         other.side == Side::root && other.gradients->scale.bits <= 16;
}

// How many jobs from `begin` on are built side by side.
int count_alike(std::span<const BuildJob> jobs, std::size_t begin) {
  const BuildJob& first = jobs[begin];
  if (first.side_by_side == nullptr || !builds_alike(first, first)) return 1;
  const HistogramLayout& layout = source_layout(first);
  const std::vector<std::int32_t>& tiles = first.joint != nullptr ? first.joint->tile_columns : layout.tiles;
  for (std::size_t t = 0; t + 1 < tiles.size(); ++t) {
    if (!SideBySideCells::fit(layout, tiles[t], tiles[t + 1])) return 1;
  }
  int count = 1;
  while (count < static_cast<int>(most_side_by_side) &&
         begin + static_cast<std::size_t>(count) < jobs.size() &&
         builds_alike(first, jobs[begin + static_cast<std::size_t>(count)])) {
    ++count;
  }
  return count >= least_side_by_side ? count : 1;
}

void add_to(const Histogram& target, const Histogram& part, std::int64_t begin, std::int64_t end) {
  for (std::int64_t c = begin; c < end; ++c) {
    if (!target.wide) {
      target.packed()[c] += part.packed()[c];
    } else if (part.wide) {
      target.wide_cells()[c].g += part.wide_cells()[c].g;
      target.wide_cells()[c].h += part.wide_cells()[c].h;
    } else {
      target.wide_cells()[c].g += packed_g(part.packed()[c]);
      target.wide_cells()[c].h += packed_h(part.packed()[c]);
    }
  }
}

}  // namespace

std::int64_t BuildJob::local_rows() const {
  std::int64_t count = 0;
  for (const Segment& segment : segments) count += segment.size();
  return count;
}

std::span<const std::int32_t> BuildJob::tiles() const {
  // A row's list holds the cells of all columns.
  return sparse != nullptr ? std::span<const std::int32_t>(sparse->tiles) : layout->tiles;
}

bool fits_packed(const math::GradientScale& scale, std::int64_t global_rows) {
  return scale.bits <= 16 && global_rows <= max_packed_rows;
}

void build_share(std::span<const BuildJob> jobs, const BuildShare& share, HistogramPool& pool, int worker) {
  if (share.jobs > 1) return add_side_by_side(jobs, share, worker);
  const BuildJob& job = jobs[share.job];
  if (share.targets[0].wide || job.joint == nullptr)
    clear_columns(job, share.targets[0], share.column_begin, share.column_end);
  if (job.gradients->scale.bits <= 16) {
    add_narrow(job, share, pool, worker);
    return;
  }
  add_wide_share(job, share);
}

void build_one(const BuildJob& job, HistogramPool& pool, int worker) {
  const std::int64_t rows = job.local_rows();
  const std::span<const std::int32_t> tiles = job.tiles();
  for (std::size_t t = 0; t + 1 < tiles.size(); ++t) {
    build_share({&job, 1}, {0, 1, 0, rows, tiles[t], tiles[t + 1], {job.target}}, pool, worker);
  }
}

// The fewest rows of a job that are worth cells of their own.
std::int64_t least_rows_of_share(const BuildJob& job) {
  const HistogramLayout& layout = source_layout(job);
  const auto columns = static_cast<std::int64_t>(layout.columns.size());
  if (columns == 0) return least_share_rows;
  return std::max(least_share_rows, least_additions_per_cell * layout.total_cells / columns);
}

BuildPlan plan_build(std::span<const BuildJob> jobs, HistogramPool& pool, int parts, int worker) {
  BuildPlan plan;
  plan.partials.resize(jobs.size());
  std::int64_t total = 0;
  for (const BuildJob& job : jobs) total += job.local_rows();
  for (std::size_t j = 0; j < jobs.size();) {
    const BuildJob& job = jobs[j];
    const std::int64_t rows = job.local_rows();
    const std::int64_t share_rows = std::max(least_rows_of_share(job), (total + parts - 1) / parts);
    const int together = count_alike(jobs, j);
    // Rounded, so that a job a little over the size is not cut in two.
    std::int64_t shares =
        parts == 1 ? 1 : std::max<std::int64_t>(1, (rows * together + share_rows / 2) / share_rows);
    // Side by side cells are packed, and stay so.
    if (together > 1) shares = std::max(shares, (rows + max_packed_rows - 1) / max_packed_rows);
    const bool in_parts = shares > 1 || (together > 1 && job.target.wide);
    for (std::int64_t s = 0; s < shares; ++s) {
      BuildShare share{j, together, rows * s / shares, rows * (s + 1) / shares, 0, 0, {}};
      for (int k = 0; k < together; ++k) {
        const std::size_t of = j + static_cast<std::size_t>(k);
        Histogram& target = share.targets[static_cast<std::size_t>(k)];
        target = jobs[of].target;
        if (!in_parts) continue;
        target = pool.acquire(!fits_packed(job.gradients->scale, share.end - share.begin), worker);
        plan.partials[of].push_back(target);
      }
      const std::span<const std::int32_t> tiles = job.tiles();
      for (std::size_t t = 0; t + 1 < tiles.size(); ++t) {
        share.column_begin = tiles[t];
        share.column_end = tiles[t + 1];
        plan.shares.push_back(share);
      }
    }
    j += static_cast<std::size_t>(together);
  }
  return plan;
}

void sum_partials(const Histogram& target, std::span<const Histogram> partials, std::int64_t begin,
                  std::int64_t end) {
  if (partials.empty()) return;
  clear_cells(target, begin, end);
  for (const Histogram& part : partials) add_to(target, part, begin, end);
}

void reduce_partials(std::span<const BuildJob> jobs, BuildPlan& plan, HistogramPool& pool, Tasks& tasks) {
  struct Piece {
    std::size_t job;
    std::int64_t begin;
    std::int64_t end;
  };
  std::vector<Piece> pieces;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    if (plan.partials[j].empty()) continue;
    for (std::int64_t c = 0; c < jobs[j].layout->total_cells; c += reduce_cells) {
      pieces.push_back({j, c, std::min<std::int64_t>(c + reduce_cells, jobs[j].layout->total_cells)});
    }
  }
  tasks.for_each(static_cast<std::int64_t>(pieces.size()), [&](std::int64_t i) {
    const Piece& piece = pieces[static_cast<std::size_t>(i)];
    const Histogram& target = jobs[piece.job].target;
    sum_partials(target, plan.partials[piece.job], piece.begin, piece.end);
  });
  for (std::vector<Histogram>& parts : plan.partials) {
    for (Histogram& part : parts) pool.release(part);
  }
}

void build_all(std::span<const BuildJob> jobs, HistogramPool& pool, Tasks& tasks) {
  BuildPlan plan = plan_build(jobs, pool, tasks.threads() == 1 ? 1 : 2 * tasks.threads());
  tasks.for_each_by_worker(static_cast<std::int64_t>(plan.shares.size()), [&](std::int64_t i, int worker) {
    build_share(jobs, plan.shares[static_cast<std::size_t>(i)], pool, worker);
  });
  reduce_partials(jobs, plan, pool, tasks);
}

void all_reduce_histograms(std::span<const BuildJob> jobs, Communicator& communicator) {
  if (communicator.size() == 1 || jobs.empty()) return;
  std::vector<std::int64_t> all;
  for (const BuildJob& job : jobs) {
    const std::int64_t words = job.layout->total_cells * words_per_cell(job.target);
    all.insert(all.end(), job.target.data, job.target.data + words);
  }
  communicator.all_reduce_sum(all);
  const std::int64_t* from = all.data();
  for (const BuildJob& job : jobs) {
    const std::int64_t words = job.layout->total_cells * words_per_cell(job.target);
    std::copy_n(from, words, job.target.data);
    from += words;
  }
}

void subtract_cells(const Histogram& parent, const Histogram& smaller, const Histogram& larger,
                    std::int64_t begin, std::int64_t end) {
  if (!parent.wide) {
    subtract_packed(parent.packed() + begin, smaller.packed() + begin, larger.packed() + begin, end - begin);
    return;
  }
  for (std::int64_t c = begin; c < end; ++c) {
    WideCell cell = parent.wide_cells()[c];
    if (smaller.wide) {
      cell.g -= smaller.wide_cells()[c].g;
      cell.h -= smaller.wide_cells()[c].h;
    } else {
      cell.g -= packed_g(smaller.packed()[c]);
      cell.h -= packed_h(smaller.packed()[c]);
    }
    if (larger.wide) {
      larger.wide_cells()[c] = cell;
    } else {
      larger.packed()[c] = static_cast<std::int64_t>(static_cast<std::uint64_t>(cell.g) << 32) + cell.h;
    }
  }
}

}  // namespace ramet::cpu
