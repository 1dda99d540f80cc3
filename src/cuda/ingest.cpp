#include "cuda/ingest.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/event.hpp"
#include "cuda/ingest_check.hpp"
#include "cuda/ingest_coder.hpp"
#include "cuda/ingest_distinct.hpp"
#include "cuda/ingest_numbers.hpp"
#include "cuda/ingest_rows.hpp"
#include "cuda/stream.hpp"
#include "data/remote_numbers.hpp"

namespace ramet::cuda {
namespace {

using Visit = std::function<void(const data::Batch&)>;

class TableSource final : public data::Source, public data::RemoteNumbers {
 public:
  // The table's device is current.
  TableSource(const data::DeviceTable& table, const IngestLimits& limits);

  std::span<const data::SourceColumn> columns() const override { return columns_; }
  bool named() const override { return table_.named; }
  std::int64_t rows() const override { return table_.rows; }
  bool in_memory() const override { return true; }
  RemoteNumbers* remote() override { return this; }
  void scan(const Visit& visit) override;

  void scan_columns(std::span<const std::int32_t> columns) override {
    scanned_.assign(columns.begin(), columns.end());
  }
  std::vector<data::DistinctValues> distinct(std::span<const std::int32_t> columns,
                                             std::span<const std::int64_t> rows, Tasks& tasks) override;
  std::vector<data::Presence> presence(std::span<const std::int32_t> columns, Tasks& tasks) override;
  data::RemoteCodes bin(std::span<const data::RemoteFeature> features, data::DatasetData& data,
                        Tasks& tasks) override;

 private:
  void wait_for_values();
  data::Batch batch_without_values(std::int64_t rows) const;
  void scan_host(const Visit& visit) const;
  void scan_device(const Visit& visit) const;
  void check_labels(std::int32_t column, const double* labels, std::int64_t first_row,
                    std::int64_t rows) const;

  data::DeviceTable table_;
  IngestLimits limits_;
  Stream stream_;
  std::vector<data::SourceColumn> columns_;
  std::vector<std::int32_t> scanned_;
};

TableSource::TableSource(const data::DeviceTable& table, const IngestLimits& limits)
    : table_(table), limits_(limits) {
  for (const data::TableColumn& column : table_.columns) columns_.push_back({.name = column.name});
  if (table_.rows > 0) wait_for_values();
}

void TableSource::wait_for_values() {
  Event produced;
  auto ready = static_cast<cudaEvent_t>(table_.ready);
  if (ready == nullptr) {
    produced.record(static_cast<cudaStream_t>(table_.stream));
    ready = produced.get();
  }
  check(cudaStreamWaitEvent(stream_.get(), ready, 0), "waiting for the data");
  if (table_.on_host) stream_.synchronize();  // the host reads, too
}

data::Batch TableSource::batch_without_values(std::int64_t rows) const {
  data::Batch batch{.rows = rows};
  batch.columns.assign(columns_.size(), data::Strided<double>{nullptr, 0});
  return batch;
}

void TableSource::scan(const Visit& visit) {
  if (table_.rows == 0) return;
  if (scanned_.empty()) {
    visit(batch_without_values(table_.rows));
  } else if (table_.on_host) {
    scan_host(visit);
  } else {
    scan_device(visit);
  }
}

void TableSource::scan_host(const Visit& visit) const {
  data::Batch batch = batch_without_values(table_.rows);
  for (const std::int32_t c : scanned_) {
    const data::TableColumn& column = table_.columns[c];
    if (column.type == data::NumberType::float32) {
      batch.columns[c] = data::Strided<float>{static_cast<const float*>(column.values), column.stride};
    } else {
      batch.columns[c] = data::Strided<double>{static_cast<const double*>(column.values), column.stride};
    }
  }
  visit(batch);
}

void TableSource::scan_device(const Visit& visit) const {
  const CurrentDevice current(table_.device);
  Tasks alone(1);
  const std::size_t row_bytes = scanned_.size() * sizeof(double);
  const std::int64_t most = std::min({table_.rows, rows_within(limits_.device_bytes, row_bytes),
                                      rows_within(limits_.pinned_bytes, row_bytes)});
  RowReader reader(table_, scanned_, most, false, alone, stream_.get());
  DeviceArray<double> numbers(static_cast<std::size_t>(most) * scanned_.size());
  PinnedArray<double> labels(numbers.size());
  for (std::int64_t row = 0; row < table_.rows; row += most) {
    const std::int64_t rows = std::min(most, table_.rows - row);
    copy_numbers(reader.read(row, rows), numbers.data(), stream_.get());
    copy(labels.data(), static_cast<const double*>(numbers.data()),
         static_cast<std::size_t>(rows) * scanned_.size(), stream_.get());
    stream_.synchronize();
    data::Batch batch = batch_without_values(rows);
    for (std::size_t k = 0; k < scanned_.size(); ++k) {
      const double* column = labels.data() + static_cast<std::int64_t>(k) * rows;
      check_labels(scanned_[k], column, row, rows);
      batch.columns[scanned_[k]] = data::Strided<double>{column, 1};
    }
    visit(batch);
  }
}

// Larger integers would be rounded, and two categories might become one.
void TableSource::check_labels(std::int32_t column, const double* labels, std::int64_t first_row,
                               std::int64_t rows) const {
  const data::NumberType type = table_.columns[column].type;
  if (type != data::NumberType::int64 && type != data::NumberType::uint64) return;
  for (std::int64_t i = 0; i < rows; ++i) {
    if (std::fabs(labels[i]) < 0x1p53 || labels[i] != labels[i]) continue;
    fail(ErrorCode::invalid_data,
         "column `{}`, row {}: integers that are categories must be between -2^53 and 2^53; larger ones need "
         "Dataset::from_columns",
         columns_[column].name, first_row + i);
  }
}

std::vector<data::DistinctValues> TableSource::distinct(std::span<const std::int32_t> columns,
                                                        std::span<const std::int64_t> rows, Tasks& tasks) {
  const CurrentDevice current(table_.device);
  return find_distinct(table_, columns, rows, limits_, tasks, stream_.get());
}

std::vector<data::Presence> TableSource::presence(std::span<const std::int32_t> columns, Tasks& tasks) {
  std::vector<data::Presence> presence(columns.size());
  if (table_.rows == 0 || columns.empty()) return presence;
  const CurrentDevice current(table_.device);
  const std::int64_t most = std::min(
      {table_.rows, rows_within(limits_.device_bytes, RowReader::device_bytes(table_, columns, false)),
       rows_within(limits_.pinned_bytes, RowReader::pinned_bytes(table_, columns, false))});
  RowReader reader(table_, columns, most, false, tasks, stream_.get());
  DeviceArray<std::uint32_t> found(columns.size());
  fill_zero(found.data(), found.size(), stream_.get());
  for (std::int64_t row = 0; row < table_.rows; row += most)
    find_presence(reader.read(row, std::min(most, table_.rows - row)), found.data(), stream_.get());
  std::vector<std::uint32_t> bits(columns.size());
  copy(bits.data(), static_cast<const std::uint32_t*>(found.data()), bits.size(), stream_.get());
  stream_.synchronize();
  for (std::size_t k = 0; k < bits.size(); ++k) {
    presence[k] = {.missing = (bits[k] & has_missing_value) != 0,
                   .value = (bits[k] & has_present_value) != 0};
  }
  return presence;
}

data::RemoteCodes TableSource::bin(std::span<const data::RemoteFeature> features, data::DatasetData& data,
                                   Tasks& tasks) {
  const CurrentDevice current(table_.device);
  return code_table(table_, features, data, limits_, tasks, stream_.get());
}

IngestLimits limits_of_device() {
  std::size_t available = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&available, &total), "asking for free memory");
  IngestLimits limits;
  limits.device_bytes = std::min(limits.device_bytes, available / 4);
  return limits;
}

}  // namespace

std::unique_ptr<data::Source> open_table(const data::DeviceTable& table, std::optional<IngestLimits> limits) {
  data::DeviceTable here = table;
  here.device = check_memory(table);
  const CurrentDevice current(here.device);
  return std::make_unique<TableSource>(here, limits ? *limits : limits_of_device());
}

std::unique_ptr<data::Source> bin_matrix(const data::DeviceTable& table) { return open_table(table); }

}  // namespace ramet::cuda
