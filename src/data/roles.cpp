#include "data/roles.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_set>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "data/fingerprint.hpp"

namespace ramet::data {
namespace {

void check_size(const char* name, std::size_t size, std::int64_t rows) {
  if (size != static_cast<std::size_t>(rows))
    fail(ErrorCode::invalid_data, "{} has {} entries but the data has {} rows", name, size, rows);
}

void check_finite(const char* name, std::span<const double> values, std::size_t first, std::size_t per_row) {
  for (std::size_t i = first; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      fail(ErrorCode::invalid_data, "{} of row {} is {}: must be finite", name, i / per_row, values[i]);
  }
}

void check_weights(std::span<const double> weights, std::size_t first) {
  check_finite("weight", weights, first, 1);
  for (std::size_t i = first; i < weights.size(); ++i) {
    if (weights[i] < 0)
      fail(ErrorCode::invalid_data, "weight of row {} is {}: must be at least 0", i, weights[i]);
  }
}

// Appends what a batch brings of one field and returns how many entries there were before.
template <class T>
std::size_t append(const char* name, std::vector<T>& field, bool from_options, std::span<const T> batch,
                   std::int64_t rows_before, std::int64_t rows, std::int64_t per_row) {
  const std::size_t before = field.size();
  if (batch.empty() && (from_options || field.empty())) return before;
  if (from_options)
    fail(ErrorCode::invalid_data, "{} is given by the source and by the options: leave one out", name);
  if (before != static_cast<std::size_t>(rows_before * per_row) ||
      batch.size() != static_cast<std::size_t>(rows * per_row)) {
    fail(ErrorCode::invalid_data, "{}: rows {} to {} come with {} entries instead of {}", name, rows_before,
         rows_before + rows - 1, batch.size(), rows * per_row);
  }
  field.insert(field.end(), batch.begin(), batch.end());
  return before;
}

// Query ids in the order of their first rows; throws if one has rows in two places.
std::vector<std::int64_t> queries_of(std::span<const std::int64_t> groups) {
  std::vector<std::int64_t> queries;
  std::unordered_set<std::int64_t> seen;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i > 0 && groups[i] == groups[i - 1]) continue;
    if (!seen.insert(groups[i]).second) {
      fail(ErrorCode::invalid_data,
           "row {}: query {} has other rows further up; rows of a query must be consecutive", i, groups[i]);
    }
    queries.push_back(groups[i]);
  }
  return queries;
}

// Throws on every rank if some ranks with rows have the field and others do not.
void agree_on_field(Communicator& communicator, const char* name, std::int64_t rows, bool has) {
  const std::int64_t have = comm::sum(communicator, rows > 0 && has ? 1 : 0);
  const std::int64_t lack = comm::sum(communicator, rows > 0 && !has ? 1 : 0);
  if (have > 0 && lack > 0)
    fail(ErrorCode::invalid_data, "{} ranks have {}, but {} ranks do not", have, name, lack);
}

void agree_on_queries(Communicator& communicator, std::span<const std::int64_t> groups) {
  if (communicator.size() == 1) return;
  const std::vector<std::int64_t> mine = queries_of(groups);
  const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(std::span(mine)));
  std::vector<std::int64_t> all(bytes.size() / sizeof(std::int64_t));
  if (!all.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
  std::sort(all.begin(), all.end());
  const auto twice = std::adjacent_find(all.begin(), all.end());
  if (twice != all.end())
    fail(ErrorCode::invalid_data, "query {} has rows on two ranks: a query must be whole on one rank",
         *twice);
}

}  // namespace

Roles::Roles(DatasetData& data, const DatasetOptions& options, int margin_outputs)
    : data_(data),
      has_labels_(!options.labels.empty()),
      has_weights_(!options.weights.empty()),
      has_margins_(!options.base_margins.empty()),
      has_groups_(!options.groups.empty()) {
  const std::int64_t rows = data.rows;
  if (has_labels_) check_size("labels", options.labels.size(), rows);
  if (has_weights_) check_size("weights", options.weights.size(), rows);
  if (has_groups_) check_size("groups", options.groups.size(), rows);
  data.margin_outputs = margin_outputs;
  if (has_margins_) {
    const std::size_t size = options.base_margins.size();
    if (rows == 0 || size % static_cast<std::size_t>(rows) != 0) {
      fail(ErrorCode::invalid_data, "base_margins has {} entries: must be a multiple of the {} rows", size,
           rows);
    }
    data.margin_outputs = static_cast<std::int32_t>(size / static_cast<std::size_t>(rows));
  }
  data.labels.assign(options.labels.begin(), options.labels.end());
  data.weights.assign(options.weights.begin(), options.weights.end());
  data.base_margins.assign(options.base_margins.begin(), options.base_margins.end());
  data.groups.assign(options.groups.begin(), options.groups.end());
  check_finite("label", data.labels, 0, 1);
  check_weights(data.weights, 0);
  check_finite("base margin", data.base_margins, 0,
               static_cast<std::size_t>(std::max(1, data.margin_outputs)));
}

void Roles::add(const Batch& batch) {
  if (batch.rows > data_.rows - rows_) {
    fail(ErrorCode::invalid_data, "the source has at least {} rows but announced {}", rows_ + batch.rows,
         data_.rows);
  }
  const std::int64_t outputs = std::max(1, data_.margin_outputs);
  std::size_t before = append("labels", data_.labels, has_labels_, batch.labels, rows_, batch.rows, 1);
  check_finite("label", data_.labels, before, 1);
  before = append("weights", data_.weights, has_weights_, batch.weights, rows_, batch.rows, 1);
  check_weights(data_.weights, before);
  before = append("base_margins", data_.base_margins, has_margins_, batch.base_margins, rows_, batch.rows,
                  outputs);
  check_finite("base margin", data_.base_margins, before, static_cast<std::size_t>(outputs));
  append("groups", data_.groups, has_groups_, batch.groups, rows_, batch.rows, 1);
  rows_ += batch.rows;
}

void Roles::finish() {
  if (rows_ != data_.rows)
    fail(ErrorCode::invalid_data, "the source has {} rows but announced {}", rows_, data_.rows);
  queries_of(data_.groups);
}

std::int64_t Roles::agree_over_ranks(Communicator& communicator) {
  const std::int64_t rows = data_.rows;
  agree_on_field(communicator, "labels", rows, !data_.labels.empty());
  agree_on_field(communicator, "weights", rows, !data_.weights.empty());
  agree_on_field(communicator, "base margins", rows, !data_.base_margins.empty());
  agree_on_field(communicator, "groups", rows, !data_.groups.empty());
  agree_on_queries(communicator, data_.groups);

  if (data_.base_margins.empty()) data_.margin_outputs = 0;
  const std::int64_t outputs = comm::max(communicator, data_.margin_outputs);
  const bool other = !data_.base_margins.empty() && data_.margin_outputs != outputs;
  if (comm::sum(communicator, other ? 1 : 0) > 0)
    fail(ErrorCode::invalid_data, "ranks have different numbers of base margins per row; at most {}",
         outputs);
  data_.margin_outputs = static_cast<std::int32_t>(outputs);

  data_.weighted = comm::max(communicator, data_.weights.empty() ? 0 : 1) != 0;
  const std::int64_t zeros = std::count(data_.weights.begin(), data_.weights.end(), 0.0);
  return comm::sum(communicator, rows - zeros);
}

std::uint64_t roles_fingerprint(const DatasetData& data) {
  std::uint64_t sum = 0;
  const auto add = [&](std::span<const double> values, std::int64_t per_row, auto column_of) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i) / per_row;
      const std::int64_t column = column_of(static_cast<std::int64_t>(i) % per_row);
      sum += cell_hash(fingerprint_row_key(data.first_global_row + row), fingerprint_column_key(column),
                       value_bits(values[i]));
    }
  };
  add(data.labels, 1, [](std::int64_t) { return label_column; });
  add(data.weights, 1, [](std::int64_t) { return weight_column; });
  add(data.base_margins, std::max(1, data.margin_outputs),
      [](std::int64_t k) { return first_margin_column - k; });
  for (std::size_t i = 0; i < data.groups.size(); ++i) {
    sum += cell_hash(fingerprint_row_key(data.first_global_row + static_cast<std::int64_t>(i)),
                     fingerprint_column_key(group_column), static_cast<std::uint64_t>(data.groups[i]));
  }
  return sum;
}

}  // namespace ramet::data
