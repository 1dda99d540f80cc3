#include "cpu/partition_job.hpp"

#include <algorithm>

namespace ramet::cpu {
namespace {

// At most partition_chunk_rows rows of one page of one job.
struct Chunk {
  PartitionJob* job = nullptr;
  std::int32_t page = 0;
  std::uint32_t begin = 0;  // positions in the page
  std::uint32_t end = 0;
  std::int64_t words = 0;  // where its flags start
  std::int64_t left = 0;   // how many of its rows go left
};

std::vector<Chunk> make_chunks(PartitionJob& job, std::uint32_t rows, std::int64_t& words) {
  std::vector<Chunk> chunks;
  for (std::size_t p = 0; p < job.parent.size(); ++p) {
    const Segment segment = job.parent[p];
    for (std::uint32_t begin = segment.begin; begin < segment.end;) {
      const std::uint32_t end = begin + std::min(rows, segment.end - begin);
      chunks.push_back({&job, static_cast<std::int32_t>(p), begin, end, words, 0});
      words += (end - begin + 63) / 64;
      begin = end;
    }
  }
  return chunks;
}

// Rows of a chunk, so that there are some for each thread.
std::uint32_t rows_of_chunk(std::span<PartitionJob* const> jobs, int threads) {
  constexpr std::int64_t least = 1'024;
  std::int64_t rows = 0;
  for (const PartitionJob* job : jobs) {
    for (const Segment& segment : job->parent) rows += segment.size();
  }
  return static_cast<std::uint32_t>(std::clamp(rows / (2 * threads), least, partition_chunk_rows));
}

RowSlice chunk_rows(const Chunk& chunk) {
  return chunk.job->rows->slice(chunk.page, {chunk.begin, chunk.end}, chunk.job->side);
}

void mark_chunk(Chunk& chunk, std::uint64_t* words) {
  const PartitionJob& job = *chunk.job;
  const data::Page& page = job.data->pages[static_cast<std::size_t>(chunk.page)];
  const CodeTest test = make_code_test(*job.rule, *job.column, page, job.table);
  chunk.left = mark_left(test, chunk_rows(chunk), words + chunk.words);
}

// Where each chunk's left rows start, given the chunks of one job in order; sets the job's mids.
std::vector<std::uint32_t> left_starts(PartitionJob& job, std::span<const Chunk> chunks) {
  job.mids.resize(job.parent.size());
  for (std::size_t p = 0; p < job.parent.size(); ++p) job.mids[p] = job.parent[p].begin;
  std::vector<std::uint32_t> starts;
  for (const Chunk& chunk : chunks) {
    std::uint32_t& mid = job.mids[static_cast<std::size_t>(chunk.page)];
    starts.push_back(mid);
    mid += static_cast<std::uint32_t>(chunk.left);
  }
  return starts;
}

void scatter_chunk(const Chunk& chunk, const std::uint64_t* words, std::uint32_t left_start) {
  PartitionJob& job = *chunk.job;
  const auto p = static_cast<std::size_t>(chunk.page);
  std::uint32_t* ids = job.rows->ids(chunk.page, child_side(job.side));
  // Rows before the chunk that went left are left_start - begin of the segment; the others went right.
  const std::uint32_t before = chunk.begin - job.parent[p].begin;
  const std::uint32_t right_start = job.mids[p] + before - (left_start - job.parent[p].begin);
  scatter_rows(chunk_rows(chunk), words + chunk.words, chunk.left, ids + left_start, ids + right_start);
}

// A job that has no more than a chunk of each page.
void partition_chunks(PartitionJob& job) {
  std::uint64_t words[partition_chunk_rows / 64];
  job.mids.resize(job.parent.size());
  for (std::size_t p = 0; p < job.parent.size(); ++p) {
    const auto [begin, end] = job.parent[p];
    Chunk chunk{&job, static_cast<std::int32_t>(p), begin, end, 0, 0};
    mark_chunk(chunk, words);
    job.mids[p] = begin + static_cast<std::uint32_t>(chunk.left);
    scatter_chunk(chunk, words, begin);
  }
}

}  // namespace

std::int64_t PartitionJob::left_rows() const {
  std::int64_t count = 0;
  for (std::size_t p = 0; p < mids.size(); ++p) count += mids[p] - parent[p].begin;
  return count;
}

void partition_one(PartitionJob& job) {
  const auto is_short = [](const Segment& segment) { return segment.size() <= partition_chunk_rows; };
  if (std::all_of(job.parent.begin(), job.parent.end(), is_short)) return partition_chunks(job);
  std::int64_t word_count = 0;
  std::vector<Chunk> chunks = make_chunks(job, partition_chunk_rows, word_count);
  std::vector<std::uint64_t> words(static_cast<std::size_t>(word_count));
  for (Chunk& chunk : chunks) mark_chunk(chunk, words.data());
  const std::vector<std::uint32_t> starts = left_starts(job, chunks);
  for (std::size_t c = 0; c < chunks.size(); ++c) scatter_chunk(chunks[c], words.data(), starts[c]);
}

void partition_all(std::span<PartitionJob* const> jobs, Tasks& tasks) {
  std::vector<Chunk> chunks;
  std::vector<std::size_t> first_chunk;
  std::int64_t word_count = 0;
  const std::uint32_t rows = rows_of_chunk(jobs, tasks.threads());
  for (PartitionJob* job : jobs) {
    first_chunk.push_back(chunks.size());
    const std::vector<Chunk> mine = make_chunks(*job, rows, word_count);
    chunks.insert(chunks.end(), mine.begin(), mine.end());
  }
  first_chunk.push_back(chunks.size());
  Buffer<std::uint64_t> words(static_cast<std::size_t>(word_count));
  const auto count = static_cast<std::int64_t>(chunks.size());
  tasks.for_each(count,
                 [&](std::int64_t c) { mark_chunk(chunks[static_cast<std::size_t>(c)], words.data()); });
  std::vector<std::uint32_t> starts;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const std::span<const Chunk> mine(chunks.data() + first_chunk[j], first_chunk[j + 1] - first_chunk[j]);
    const std::vector<std::uint32_t> of_job = left_starts(*jobs[j], mine);
    starts.insert(starts.end(), of_job.begin(), of_job.end());
  }
  tasks.for_each(count, [&](std::int64_t c) {
    const auto at = static_cast<std::size_t>(c);
    scatter_chunk(chunks[at], words.data(), starts[at]);
  });
}

}  // namespace ramet::cpu
