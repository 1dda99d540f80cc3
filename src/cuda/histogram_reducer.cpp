#include "cuda/histogram_reducer.hpp"

#include <algorithm>

namespace ramet::cuda {
namespace {

// A piece takes longer to send than its calls take to start: at 200 GB/s and more some 10 us.
constexpr std::int64_t piece_bytes = std::int64_t{2} << 20;

}  // namespace

HistogramReducer::HistogramReducer(DeviceComm& comm, std::int32_t parts, std::int64_t slot_size)
    : comm_(comm), parts_(parts), slot_size_(slot_size) {}

std::int32_t HistogramReducer::pieces(std::size_t histograms) const {
  if (comm_.size() == 1) return 1;
  const std::int64_t bytes = static_cast<std::int64_t>(histograms) * slot_size_ * 8;
  const std::int64_t most = std::min<std::int64_t>(most_pieces, static_cast<std::int64_t>(histograms));
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(bytes / piece_bytes, 1, std::max<std::int64_t>(most, 1)));
}

void HistogramReducer::built(std::int32_t piece, cudaStream_t stream) {
  if (comm_.size() > 1) built_[piece].record(stream);
}

void HistogramReducer::wait(std::int32_t piece, cudaStream_t stream) {
  if (comm_.size() > 1) reduced_[piece].make_wait(stream);
}

void HistogramReducer::reduce(std::int32_t piece, std::span<const BuiltHistogram> histograms) {
  if (comm_.size() == 1) return;
  built_[piece].make_wait(stream_.get());
  if (parts_ > 1) {
    reduce_parts(histograms);
  } else {
    reduce_all(histograms);
  }
  reduced_[piece].record(stream_.get());
}

// Neighbours in one call.
void HistogramReducer::reduce_all(std::span<const BuiltHistogram> histograms) {
  std::vector<std::int64_t*> slots;
  for (const BuiltHistogram& histogram : histograms) slots.push_back(histogram.values);
  std::sort(slots.begin(), slots.end());
  for (std::size_t i = 0; i < slots.size();) {
    std::size_t end = i + 1;
    while (end < slots.size() && slots[end] == slots[end - 1] + slot_size_) ++end;
    comm_.all_reduce_sum(slots[i], static_cast<std::size_t>(slot_size_) * (end - i), stream_.get());
    i = end;
  }
}

// Those with parts of equal size in one call: all, unless trees have columns of their own.
void HistogramReducer::reduce_parts(std::span<const BuiltHistogram> histograms) {
  std::vector<BuiltHistogram> sorted(histograms.begin(), histograms.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const BuiltHistogram& a, const BuiltHistogram& b) {
    return a.part_size < b.part_size;
  });
  std::vector<std::int64_t*> together;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    together.push_back(sorted[i].values);
    if (i + 1 < sorted.size() && sorted[i + 1].part_size == sorted[i].part_size) continue;
    comm_.reduce_scatter_sum(together, static_cast<std::size_t>(sorted[i].part_size), stream_.get());
    together.clear();
  }
}

}  // namespace ramet::cuda
