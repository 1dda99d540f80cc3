#include "data/sampled_values.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/buffer.hpp"
#include "comm/agree.hpp"
#include "data/tile.hpp"

namespace ramet::data {
namespace {

void keep_rows(const std::vector<bool>& chosen, std::vector<std::int64_t>& rows) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[kept] = rows[i];
    kept += chosen[i] ? 1 : 0;
  }
  rows.resize(kept);
}

std::vector<std::size_t> not_chosen(const std::vector<bool>& chosen) {
  std::vector<std::size_t> places;
  for (auto at = chosen.begin(); (at = std::find(at, chosen.end(), false)) != chosen.end(); ++at)
    places.push_back(static_cast<std::size_t>(at - chosen.begin()));
  return places;
}

void widen(SampledColumn& column) {
  if (const auto* floats = std::get_if<RawVector<float>>(&column))
    column = RawVector<double>(floats->begin(), floats->end());
}

// Makes room for `count` more values a column and returns where.
std::vector<NumbersOut> grow(std::vector<SampledColumn>& columns, std::size_t count) {
  std::vector<NumbersOut> places;
  for (SampledColumn& column : columns) {
    std::visit(
        [&](auto& values) {
          const std::size_t before = values.size();
          values.resize(before + count);
          places.emplace_back(values.data() + before);
        },
        column);
  }
  return places;
}

}  // namespace

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
    Buffer<std::int64_t> found(static_cast<std::size_t>(end - begin));
    std::size_t count = 0;
    for (std::int64_t row = first_row + begin; row < first_row + end; ++row) {
      const bool wanted = candidates_.contains(data_.first_global_row + row) &&
                          (data_.weights.empty() || data_.weights[row] > 0);
      found[count] = row;
      count += wanted ? 1 : 0;
    }
    pieces[begin / piece].assign(found.data(), found.data() + count);
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
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    if (!is_float(batch, columns_[k])) widen(values_[k]);
  }
  const std::vector<NumbersOut> out = grow(values_, here.size());
  const auto rows = static_cast<std::int64_t>(here.size());
  tasks.for_ranges(rows, tile_rows(cols_), [&](std::int64_t begin, std::int64_t end) {
    std::vector<NumbersOut> tile_out;
    for (const NumbersOut& numbers : out)
      tile_out.push_back(std::visit([&](auto* first) { return NumbersOut(first + begin); }, numbers));
    gather_numbers(batch, cols_, std::span(here).subspan(begin, end - begin), columns_, tile_out);
  });
}

bool SampledValues::choose(Communicator& communicator, std::int64_t positive_rows, Tasks& tasks) {
  const auto chosen = candidates_.choose(communicator, rows_, data_.first_global_row, positive_rows);
  if (!chosen) return false;
  // Candidates are few more than the sample. Their values become missing, which moves none of the others.
  const std::vector<std::size_t> others = not_chosen(*chosen);
  tasks.for_each(static_cast<std::int64_t>(values_.size()), [&](std::int64_t k) {
    std::visit(
        [&]<class Value>(RawVector<Value>& values) {
          for (const std::size_t place : others) values[place] = std::numeric_limits<Value>::quiet_NaN();
        },
        values_[k]);
  });
  keep_rows(*chosen, rows_);
  chosen_ = true;
  return true;
}

}  // namespace ramet::data
