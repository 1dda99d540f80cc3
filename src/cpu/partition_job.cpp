#include "cpu/partition_job.hpp"

#include <algorithm>
#include <utility>

namespace ramet::cpu {
namespace {

// Marks the rows of `segment` that go left; how many do.
std::int64_t mark_segment(const PartitionJob& job, std::int32_t p, Segment segment, std::uint64_t* words) {
  const data::Page& page = job.data->pages[static_cast<std::size_t>(p)];
  const CodeTest test = make_code_test(*job.rule, *job.column, page, job.table);
  return mark_left(test, job.rows->slice(p, segment, job.side), words);
}

// Writes a segment's ids to the children, the first left one to `left_start`. The mid of the page is known.
void scatter_segment(const PartitionJob& job, std::int32_t p, Segment segment, const std::uint64_t* words,
                     std::int64_t left, std::uint32_t left_start) {
  const auto at = static_cast<std::size_t>(p);
  std::uint32_t* ids = job.rows->ids(p, child_side(job.side));
  // Rows before the segment that went left are left_start - begin of the parent; the others went right.
  const std::uint32_t before = segment.begin - job.parent[at].begin;
  const std::uint32_t right_start = job.mids[at] + before - (left_start - job.parent[at].begin);
  scatter_rows(job.rows->slice(p, segment, job.side), words, left, ids + left_start, ids + right_start);
}

// A job that has no more than a chunk of each page.
void partition_short(PartitionJob& job) {
  std::uint64_t words[partition_chunk_rows / 64];
  job.mids.resize(job.parent.size());
  for (std::size_t p = 0; p < job.parent.size(); ++p) {
    const Segment segment = job.parent[p];
    const auto page = static_cast<std::int32_t>(p);
    const std::int64_t left = mark_segment(job, page, segment, words);
    job.mids[p] = segment.begin + static_cast<std::uint32_t>(left);
    scatter_segment(job, page, segment, words, left, segment.begin);
  }
}

}  // namespace

std::int64_t PartitionJob::rows_to_split() const {
  std::int64_t count = 0;
  for (const Segment& segment : parent) count += segment.size();
  return count;
}

std::int64_t PartitionJob::left_rows() const {
  std::int64_t count = 0;
  for (std::size_t p = 0; p < mids.size(); ++p) count += mids[p] - parent[p].begin;
  return count;
}

void ChunkedPartition::start(PartitionJob& job, std::uint32_t chunk_rows) {
  job_ = &job;
  chunks_.clear();
  std::int64_t words = 0;
  for (std::size_t p = 0; p < job.parent.size(); ++p) {
    const Segment segment = job.parent[p];
    for (std::uint32_t begin = segment.begin; begin < segment.end;) {
      const std::uint32_t end = begin + std::min(chunk_rows, segment.end - begin);
      chunks_.push_back({static_cast<std::int32_t>(p), begin, end, words, 0, 0});
      words += (end - begin + 63) / 64;
      begin = end;
    }
  }
  if (words_.size() < static_cast<std::size_t>(words)) words_.resize(static_cast<std::size_t>(words));
}

void ChunkedPartition::mark(std::int64_t i) {
  Chunk& chunk = chunks_[static_cast<std::size_t>(i)];
  chunk.left = static_cast<std::uint32_t>(
      mark_segment(*job_, chunk.page, {chunk.begin, chunk.end}, words_.data() + chunk.words));
}

void ChunkedPartition::place() {
  std::vector<std::uint32_t>& mids = job_->mids;
  mids.resize(job_->parent.size());
  for (std::size_t p = 0; p < mids.size(); ++p) mids[p] = job_->parent[p].begin;
  for (Chunk& chunk : chunks_) {
    std::uint32_t& mid = mids[static_cast<std::size_t>(chunk.page)];
    chunk.left_start = mid;
    mid += chunk.left;
  }
}

void ChunkedPartition::scatter(std::int64_t i) const {
  const Chunk& chunk = chunks_[static_cast<std::size_t>(i)];
  scatter_segment(*job_, chunk.page, {chunk.begin, chunk.end}, words_.data() + chunk.words, chunk.left,
                  chunk.left_start);
}

std::uint32_t rows_of_chunk(std::int64_t rows, int threads) {
  constexpr std::int64_t least = 1'024;
  return static_cast<std::uint32_t>(std::clamp(rows / (2 * threads), least, partition_chunk_rows));
}

void partition_one(PartitionJob& job) {
  const auto is_short = [](const Segment& segment) { return segment.size() <= partition_chunk_rows; };
  if (std::all_of(job.parent.begin(), job.parent.end(), is_short)) return partition_short(job);
  ChunkedPartition chunked;
  chunked.start(job, partition_chunk_rows);
  for (std::int64_t c = 0; c < chunked.chunks(); ++c) chunked.mark(c);
  chunked.place();
  for (std::int64_t c = 0; c < chunked.chunks(); ++c) chunked.scatter(c);
}

void partition_all(std::span<PartitionJob* const> jobs, Tasks& tasks) {
  std::int64_t rows = 0;
  for (const PartitionJob* job : jobs) rows += job->rows_to_split();
  const std::uint32_t chunk_rows = rows_of_chunk(rows, tasks.threads());
  std::vector<ChunkedPartition> chunked(jobs.size());
  std::vector<std::pair<std::size_t, std::int64_t>> all;  // job and chunk
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    chunked[j].start(*jobs[j], chunk_rows);
    for (std::int64_t c = 0; c < chunked[j].chunks(); ++c) all.emplace_back(j, c);
  }
  const auto count = static_cast<std::int64_t>(all.size());
  tasks.for_each(count, [&](std::int64_t i) {
    const auto [j, c] = all[static_cast<std::size_t>(i)];
    chunked[j].mark(c);
  });
  for (ChunkedPartition& job : chunked) job.place();
  tasks.for_each(count, [&](std::int64_t i) {
    const auto [j, c] = all[static_cast<std::size_t>(i)];
    chunked[j].scatter(c);
  });
}

}  // namespace ramet::cpu
