#include "data/survey.hpp"

#include <algorithm>
#include <atomic>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "data/csr.hpp"
#include "data/cuts.hpp"
#include "data/sorted_values.hpp"
#include "data/tile.hpp"

namespace ramet::data {
namespace {

bool is_missing(float value) { return value != value; }
bool is_missing(double value) { return value != value; }
bool is_missing(std::uint8_t value) { return value == 255; }
bool is_missing(std::int32_t) { return false; }
bool is_missing(std::int64_t) { return false; }

std::int64_t missing_values(const ColumnChunk& chunk, std::int64_t rows) {
  return std::visit(
      [&](const auto& values) {
        std::int64_t missing = 0;
        for (std::int64_t i = 0; i < rows; ++i) missing += is_missing(values[i]) ? 1 : 0;
        return missing;
      },
      chunk);
}

}  // namespace

void Survey::scan(const Visit& visit) {
  comm::together(*data_.communicator, [&] {
    std::int64_t first_row = 0;
    source_.scan([&](const Batch& batch) {
      visit(batch, first_row);
      first_row += batch.rows;
    });
  });
}

void Survey::read_batch(Roles& roles, const Batch& batch, std::int64_t first_row) {
  const std::size_t cols = source_.columns().size();
  if (batch.csr) {
    check_csr(*batch.csr, batch.rows, static_cast<std::int64_t>(cols), first_row, tasks_);
  } else if (batch.columns.size() != cols) {
    fail(ErrorCode::internal, "a batch has {} columns but its source {}", batch.columns.size(), cols);
  }
  roles.add(batch);
}

void Survey::read_roles(Roles& roles) {
  scan([&](const Batch& batch, std::int64_t first_row) { read_batch(roles, batch, first_row); });
  comm::together(*data_.communicator, [&] { roles.finish(); });
  roles.agree_over_ranks(*data_.communicator);
}

Survey::Result Survey::read_all(Roles& roles, const BinParams& params) {
  const auto cols = static_cast<std::int64_t>(source_.columns().size());
  const auto features = static_cast<std::int32_t>(features_.size());
  for (std::int32_t f = 0; f < features; ++f)
    (features_[f].reading == Reading::numbers ? numeric_ : categorical_).push_back(f);
  counters_.resize(features_.size());
  presence_.resize(features_.size());

  SampledValues sample(params, cols, data_);
  const std::int64_t budget = std::int64_t{1} << (source_.in_memory() ? 24 : 28);
  // The same on all ranks, for they exchange values group by group.
  const auto per_group = static_cast<std::size_t>(
      -comm::max(*data_.communicator, -static_cast<std::int64_t>(sample.columns_within(budget))));
  RemoteNumbers* remote = source_.remote();
  const std::span<const std::int32_t> numeric(numeric_);
  // Of remote numbers a scan finds only the rows.
  const auto gathered = [&](std::size_t begin) {
    if (remote != nullptr) return std::vector<std::int32_t>{};
    return columns_of(numeric.subspan(begin, std::min(per_group, numeric.size() - begin)));
  };
  sample.begin(gathered(0));
  scan([&](const Batch& batch, std::int64_t first_row) {
    read_batch(roles, batch, first_row);
    count_categories(batch, first_row);
    if (!source_.in_memory()) find_presence(batch, numeric_);
    sample.add(batch, first_row, tasks_);
  });
  comm::together(*data_.communicator, [&] { roles.finish(); });
  const std::int64_t positive_rows = roles.agree_over_ranks(*data_.communicator);
  if (positive_rows == 0)
    fail(ErrorCode::invalid_data, "all weights are 0: at least one row must have a positive weight");
  const auto gather = [&](const Batch& batch, std::int64_t first_row) {
    sample.add(batch, first_row, tasks_);
  };
  while (!sample.choose(*data_.communicator, positive_rows, tasks_)) {
    sample.begin(gathered(0));
    scan(gather);
  }

  Result result;
  result.bins.params = params;
  result.bins.features.resize(features_.size());
  for (std::int32_t f = 0; f < features; ++f) result.bins.features[f].type = features_[f].type;
  set_dictionaries(result);
  for (std::size_t begin = 0; begin < numeric_.size(); begin += per_group) {
    if (begin > 0 && remote == nullptr) {
      sample.begin(gathered(begin));
      scan(gather);
    }
    set_cuts(result, sample, begin, std::min(begin + per_group, numeric_.size()));
  }
  set_varies(result);
  return result;
}

std::vector<std::int32_t> Survey::columns_of(std::span<const std::int32_t> features) const {
  std::vector<std::int32_t> columns;
  for (const std::int32_t f : features) columns.push_back(features_[f].column);
  return columns;
}

void Survey::count_categories(const Batch& batch, std::int64_t first_row) {
  if (categorical_.empty()) return;
  const auto cols = static_cast<std::int64_t>(source_.columns().size());
  std::span<const double> weights(data_.weights);
  if (!weights.empty()) weights = weights.subspan(first_row);
  // Sparse rows tile by tile; the columns of other batches whole, so that each is one task.
  const std::int64_t step = batch.csr ? tile_rows(cols) : batch.rows;
  for (std::int64_t begin = 0; begin < batch.rows; begin += step) {
    const Tile tile = make_tile(batch, cols, begin, std::min(step, batch.rows - begin));
    const auto tile_weights = weights.empty() ? weights : weights.subspan(begin, tile.rows);
    tasks_.for_each(static_cast<std::int64_t>(categorical_.size()), [&](std::int64_t k) {
      const std::int32_t f = categorical_[k];
      const FeatureInput& input = features_[f];
      const ColumnChunk& chunk = tile.columns[input.column];
      if (input.reading == Reading::codes) {
        counters_[f].add_codes(source_.columns()[input.column], chunk, tile_weights, first_row + begin,
                               tile.rows);
      } else {
        counters_[f].add_numbers(input.name, chunk, tile_weights, tile.rows);
      }
    });
  }
}

void Survey::find_presence(const Batch& batch, const std::vector<std::int32_t>& features) {
  const auto cols = static_cast<std::int64_t>(source_.columns().size());
  const std::int64_t step = tile_rows(cols);
  std::vector<std::atomic<std::uint8_t>> found(features.size());  // 1: missing, 2: value
  tasks_.for_ranges(batch.rows, step, [&](std::int64_t begin, std::int64_t end) {
    const Tile tile = make_tile(batch, cols, begin, end - begin);
    for (std::size_t k = 0; k < features.size(); ++k) {
      const std::int64_t missing = missing_values(tile.columns[features_[features[k]].column], tile.rows);
      const int seen = (missing > 0 ? 1 : 0) | (missing < tile.rows ? 2 : 0);
      found[k].fetch_or(static_cast<std::uint8_t>(seen), std::memory_order_relaxed);
    }
  });
  for (std::size_t k = 0; k < features.size(); ++k) {
    Presence& presence = presence_[features[k]];
    presence.missing |= (found[k] & 1) != 0;
    presence.value |= (found[k] & 2) != 0;
  }
}

void Survey::find_remote_presence(const std::vector<std::int32_t>& features) {
  const std::vector<Presence> found = source_.remote()->presence(columns_of(features), tasks_);
  for (std::size_t k = 0; k < features.size(); ++k) presence_[features[k]] = found[k];
}

void Survey::set_dictionaries(Result& result) {
  result.dictionaries.resize(features_.size());
  for (const std::int32_t f : categorical_) {
    const FeatureInput& input = features_[f];
    const auto mine = counters_[f].counts(source_.columns()[input.column]);
    std::int64_t present = 0;
    for (const auto& [label, count] : mine) present += count.rows;
    presence_[f] = {.missing = present<data_.rows, .value = present> 0};
    result.dictionaries[f] = merge_dictionary(*data_.communicator, input.name, mine);
    result.bins.features[f].categories = static_cast<std::int32_t>(result.dictionaries[f].size());
  }
}

void Survey::set_cuts(Result& result, SampledValues& sample, std::size_t begin, std::size_t end) {
  const std::span<const std::int32_t> group = std::span(numeric_).subspan(begin, end - begin);
  std::vector<SampledColumn>& values = sample.values();
  std::vector<DistinctValues> distinct(group.size());
  const auto columns = static_cast<std::int64_t>(group.size());
  RemoteNumbers* remote = source_.remote();
  const auto cut = [&](std::int64_t k) {
    const std::int32_t f = group[k];
    result.bins.features[f].cuts = make_cuts(distinct[k], result.bins.params.max_bin);
    distinct[k] = {};
  };
  const bool alone = data_.communicator->size() == 1;
  comm::together(*data_.communicator, [&] {
    if (remote != nullptr) distinct = remote->distinct(columns_of(group), sample.rows(), tasks_);
    tasks_.for_each(columns, [&](std::int64_t k) {
      if (remote == nullptr) {
        distinct[k] = std::visit(
            []<class Value>(const RawVector<Value>& column) {
              return count_distinct(std::span<const Value>(column));
            },
            values[k]);
        values[k] = {};
      }
      if (alone) cut(k);
    });
  });
  if (alone) return;
  distinct = merge_over_ranks(*data_.communicator, std::move(distinct));
  tasks_.for_each(columns, cut);
}

// Features with one bin may still differ in what is missing, which the sample does not tell.
void Survey::set_varies(Result& result) {
  std::vector<std::int32_t> unsure;
  for (const std::int32_t f : numeric_) {
    if (result.bins.features[f].cuts.empty()) unsure.push_back(f);
  }
  comm::together(*data_.communicator, [&] {
    if (unsure.empty() || !source_.in_memory()) return;
    if (source_.remote() != nullptr) {
      find_remote_presence(unsure);
    } else {
      source_.scan([&](const Batch& batch) { find_presence(batch, unsure); });
    }
  });
  std::vector<std::int64_t> seen;
  for (const Presence& presence : presence_) {
    seen.push_back(presence.missing ? 1 : 0);
    seen.push_back(presence.value ? 1 : 0);
  }
  data_.communicator->all_reduce_max(seen);
  for (std::size_t f = 0; f < features_.size(); ++f)
    result.varies.push_back(result.bins.features[f].value_bins() > 1 || seen[2 * f] + seen[2 * f + 1] == 2);
}

}  // namespace ramet::data
