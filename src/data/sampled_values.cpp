#include "data/sampled_values.hpp"

#include <algorithm>
#include <numeric>

#include "comm/agree.hpp"
#include "data/tile.hpp"

namespace ramet::data {

SampledValues::SampledValues(const BinParams& params, std::int64_t cols, const DatasetData& data)
    : data_(data), cols_(cols), candidates_(params, cols, data.total_rows) {
  const std::int64_t size = sample_size(params, cols);
  expected_rows_ = size == 0 ? data.rows : std::min(size, data.rows);
}

std::size_t SampledValues::columns_within(std::int64_t budget) const {
  return static_cast<std::size_t>(
      std::max<std::int64_t>(1, budget / std::max<std::int64_t>(1, expected_rows_)));
}

void SampledValues::begin(std::vector<std::int32_t> columns) {
  columns_ = std::move(columns);
  values_.assign(columns_.size(), {});
  if (!chosen_) rows_.clear();
}

std::vector<std::int64_t> SampledValues::candidates(std::int64_t first_row, std::int64_t rows,
                                                    Tasks& tasks) const {
  constexpr std::int64_t piece = 1 << 16;
  std::vector<std::vector<std::int64_t>> pieces(static_cast<std::size_t>((rows + piece - 1) / piece));
  tasks.for_ranges(rows, piece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t>& found = pieces[begin / piece];
    for (std::int64_t row = first_row + begin; row < first_row + end; ++row) {
      if (!candidates_.contains(data_.first_global_row + row)) continue;
      if (data_.weights.empty() || data_.weights[row] > 0) found.push_back(row);
    }
  });
  std::vector<std::int64_t> all;
  for (const std::vector<std::int64_t>& found : pieces) all.insert(all.end(), found.begin(), found.end());
  return all;
}

void SampledValues::add(const Batch& batch, std::int64_t first_row, Tasks& tasks) {
  std::vector<std::int64_t> here;
  if (chosen_) {
    const auto begin = std::lower_bound(rows_.begin(), rows_.end(), first_row);
    here.assign(begin, std::lower_bound(begin, rows_.end(), first_row + batch.rows));
  } else {
    here = candidates(first_row, batch.rows, tasks);
    rows_.insert(rows_.end(), here.begin(), here.end());
  }
  if (columns_.empty() || here.empty()) return;
  for (std::int64_t& row : here) row -= first_row;
  const std::size_t before = values_.front().size();
  for (std::vector<double>& column : values_) column.resize(before + here.size());
  const auto rows = static_cast<std::int64_t>(here.size());
  tasks.for_ranges(rows, tile_rows(cols_), [&](std::int64_t begin, std::int64_t end) {
    std::vector<double*> out;
    for (std::vector<double>& column : values_) out.push_back(column.data() + before + begin);
    gather_numbers(batch, cols_, std::span(here).subspan(begin, end - begin), columns_, out);
  });
}

bool SampledValues::choose(Communicator& communicator, std::int64_t positive_rows) {
  std::vector<std::int64_t> global(rows_.size());
  std::transform(rows_.begin(), rows_.end(), global.begin(),
                 [&](std::int64_t row) { return data_.first_global_row + row; });
  const auto chosen = candidates_.choose(communicator, global, positive_rows);
  if (!chosen) return false;
  const auto keep = [&](auto& entries) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if ((*chosen)[i]) entries[kept++] = entries[i];
    }
    entries.resize(kept);
  };
  keep(rows_);
  for (std::vector<double>& column : values_) keep(column);
  chosen_ = true;
  return true;
}

}  // namespace ramet::data
