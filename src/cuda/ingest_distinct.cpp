#include "cuda/ingest_distinct.hpp"

#include <algorithm>

#include "cuda/check.hpp"
#include "cuda/device_cuts.hpp"
#include "cuda/ingest_numbers.hpp"
#include "cuda/ingest_rows.hpp"
#include "data/sort_key.hpp"
#include "data/sorted_values.hpp"

namespace ramet::cuda {
namespace {

constexpr std::size_t entry_bytes = sizeof(std::uint64_t) + sizeof(std::uint32_t);  // key and count

// How many rows of how many columns are sorted at a time.
struct Batch {
  std::int64_t rows = 0;
  std::size_t columns = 0;
};

Batch batch_within(const data::DeviceTable& table, std::span<const std::int32_t> columns, std::int64_t rows,
                   const IngestLimits& limits) {
  constexpr std::int64_t most = std::int64_t{1} << 30;  // CUB counts in 32 bits
  constexpr std::int64_t least = 1024;
  const auto bytes = [&](std::int64_t count, std::size_t width) {
    return RunCounter::bytes(count) +
           static_cast<std::size_t>(count) *
               (width * entry_bytes + RowReader::device_bytes(table, columns.first(width), true));
  };
  const auto pinned = [&](std::int64_t count, std::size_t width) {
    return static_cast<std::size_t>(count) * RowReader::pinned_bytes(table, columns.first(width), true);
  };
  const auto fits = [&](std::int64_t count, std::size_t width) {
    return bytes(count, width) <= limits.device_bytes && pinned(count, width) <= limits.pinned_bytes;
  };
  Batch batch{.rows = std::min(rows, most), .columns = 1};
  while (batch.rows > least && !fits(batch.rows, 1)) batch.rows = std::max(least, (batch.rows + 1) / 2);
  while (batch.columns < columns.size() && fits(batch.rows, batch.columns + 1)) ++batch.columns;
  return batch;
}

// Floats as doubles have no bits below these, and their keys none that differ within a sign.
int first_key_bit(data::NumberType type) { return type == data::NumberType::float32 ? 29 : 0; }

// Runs of keys on their way from the device, through page-locked memory of bounded size.
class RunFetcher {
 public:
  RunFetcher(std::size_t pinned_bytes, Tasks& tasks, cudaStream_t stream)
      : tasks_(tasks),
        stream_(stream),
        keys_(std::max<std::size_t>(1024, pinned_bytes / entry_bytes)),
        counts_(keys_.size()) {}

  // Appends `runs` entries to `to`, which must stay where it is until finish.
  void fetch(const std::uint64_t* keys, const std::uint32_t* counts, std::size_t runs,
             data::DistinctValues& to) {
    to.values.resize(runs);
    to.counts.resize(runs);
    for (std::size_t done = 0; done < runs;) {
      if (used_ == keys_.size()) finish();
      const std::size_t size = std::min(runs - done, keys_.size() - used_);
      copy(keys_.data() + used_, keys + done, size, stream_);
      copy(counts_.data() + used_, counts + done, size, stream_);
      slices_.push_back({.to = &to, .at = done, .from = used_, .size = size});
      used_ += size;
      done += size;
    }
  }

  void finish() {
    check(cudaStreamSynchronize(stream_), "sorting a sample");
    tasks_.for_each(static_cast<std::int64_t>(slices_.size()), [&](std::int64_t s) {
      const Slice& slice = slices_[s];
      for (std::size_t i = 0; i < slice.size; ++i) {
        slice.to->values[slice.at + i] = data::value_of<double>(keys_[slice.from + i]);
        slice.to->counts[slice.at + i] = counts_[slice.from + i];
      }
    });
    slices_.clear();
    used_ = 0;
  }

 private:
  struct Slice {
    data::DistinctValues* to = nullptr;
    std::size_t at = 0;
    std::size_t from = 0;
    std::size_t size = 0;
  };

  Tasks& tasks_;
  cudaStream_t stream_;
  PinnedArray<std::uint64_t> keys_;
  PinnedArray<std::uint32_t> counts_;
  std::vector<Slice> slices_;
  std::size_t used_ = 0;
};

// The key of missing values is that of a NaN, and the last one.
void drop_missing(data::DistinctValues& distinct) {
  if (distinct.values.empty() || distinct.values.back() == distinct.values.back()) return;
  distinct.values.pop_back();
  distinct.counts.pop_back();
}

// Sorts and counts batches of columns, all pieces of their rows.
class Counting {
 public:
  Counting(const data::DeviceTable& table, Batch batch, const IngestLimits& limits, Tasks& tasks,
           cudaStream_t stream)
      : table_(table),
        batch_(batch),
        tasks_(tasks),
        stream_(stream),
        counter_(batch.rows),
        keys_(static_cast<std::size_t>(batch.rows) * batch.columns),
        counts_(keys_.size()),
        runs_(batch.columns),
        host_runs_(batch.columns),
        fetcher_(limits.pinned_bytes, tasks, stream) {}

  // `distinct`: one entry per column, empty.
  void count(std::span<const std::int32_t> columns, std::span<const std::int64_t> rows,
             std::span<data::DistinctValues> distinct) {
    RowReader reader(table_, columns, batch_.rows, true, tasks_, stream_);
    const auto most = static_cast<std::size_t>(batch_.rows);
    for (std::size_t begin = 0; begin < rows.size(); begin += most) {
      const auto piece = rows.subspan(begin, std::min(most, rows.size() - begin));
      std::vector<data::DistinctValues> found = count_piece(reader, columns, piece);
      tasks_.for_each(static_cast<std::int64_t>(columns.size()), [&](std::int64_t k) {
        distinct[k] = begin == 0 ? std::move(found[k]) : data::merge(distinct[k], found[k]);
      });
    }
    check(cudaStreamSynchronize(stream_), "sorting a sample");
  }

 private:
  std::vector<data::DistinctValues> count_piece(RowReader& reader, std::span<const std::int32_t> columns,
                                                std::span<const std::int64_t> rows) {
    make_sort_keys(reader.read(rows), keys_.data(), stream_);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      counter_.count(keys_.data() + k * rows.size(), static_cast<std::int64_t>(rows.size()),
                     first_key_bit(table_.columns[columns[k]].type), counts_.data() + k * rows.size(),
                     runs_.data() + k, stream_);
    }
    copy(host_runs_.data(), static_cast<const std::int32_t*>(runs_.data()), columns.size(), stream_);
    check(cudaStreamSynchronize(stream_), "sorting a sample");
    std::vector<data::DistinctValues> found(columns.size());
    for (std::size_t k = 0; k < columns.size(); ++k) {
      fetcher_.fetch(keys_.data() + k * rows.size(), counts_.data() + k * rows.size(),
                     static_cast<std::size_t>(host_runs_[k]), found[k]);
    }
    fetcher_.finish();
    for (data::DistinctValues& column : found) drop_missing(column);
    return found;
  }

  const data::DeviceTable& table_;
  Batch batch_;
  Tasks& tasks_;
  cudaStream_t stream_;
  RunCounter counter_;
  DeviceArray<std::uint64_t> keys_;
  DeviceArray<std::uint32_t> counts_;
  DeviceArray<std::int32_t> runs_;
  PinnedArray<std::int32_t> host_runs_;
  RunFetcher fetcher_;
};

}  // namespace

std::vector<data::DistinctValues> find_distinct(const data::DeviceTable& table,
                                                std::span<const std::int32_t> columns,
                                                std::span<const std::int64_t> rows,
                                                const IngestLimits& limits, Tasks& tasks,
                                                cudaStream_t stream) {
  std::vector<data::DistinctValues> distinct(columns.size());
  if (rows.empty() || columns.empty()) return distinct;
  const Batch batch = batch_within(table, columns, static_cast<std::int64_t>(rows.size()), limits);
  Counting counting(table, batch, limits, tasks, stream);
  for (std::size_t begin = 0; begin < columns.size(); begin += batch.columns) {
    const std::size_t size = std::min(batch.columns, columns.size() - begin);
    counting.count(columns.subspan(begin, size), rows, std::span(distinct).subspan(begin, size));
  }
  return distinct;
}

}  // namespace ramet::cuda
