#include "ramet/dataset.hpp"

#include "data/build.hpp"
#include "data/dataset_data.hpp"
#include "data/memory_sources.hpp"

namespace ramet {
Dataset Dataset::from_dense(const float* x, std::int64_t rows, int cols, const DatasetOptions& options,
                            std::int64_t row_stride, std::int64_t col_stride) {
  return Dataset(data::build_dataset(
      options, [&](Tasks&) { return data::make_dense_source(x, rows, cols, row_stride, col_stride); }));
}

Dataset Dataset::from_dense(const double* x, std::int64_t rows, int cols, const DatasetOptions& options,
                            std::int64_t row_stride, std::int64_t col_stride) {
  return Dataset(data::build_dataset(
      options, [&](Tasks&) { return data::make_dense_source(x, rows, cols, row_stride, col_stride); }));
}

Dataset Dataset::from_columns(std::span<const Column> columns, const DatasetOptions& options) {
  return Dataset(
      data::build_dataset(options, [&](Tasks& tasks) { return data::make_columns_source(columns, tasks); }));
}

Dataset Dataset::from_csr(const CsrView& csr, const DatasetOptions& options) {
  return Dataset(data::build_dataset(options, [&](Tasks&) { return data::make_csr_source(csr); }));
}

Dataset Dataset::from_source(data::Source& source, const DatasetOptions& options) {
  return Dataset(data::build_dataset(options, [&](Tasks&) {
    return std::shared_ptr<data::Source>(std::shared_ptr<void>(), &source);
  }));  // not owned
}

Dataset Dataset::from_source(const std::function<std::shared_ptr<data::Source>()>& make,
                             const DatasetOptions& options) {
  return Dataset(data::build_dataset(options, [&](Tasks&) { return make(); }));
}

std::int64_t Dataset::rows() const noexcept { return data_->rows; }
std::int64_t Dataset::total_rows() const noexcept { return data_->total_rows; }
int Dataset::features() const noexcept { return static_cast<int>(data_->schema->features.size()); }
const Schema& Dataset::schema() const noexcept { return *data_->schema; }
const BinParams& Dataset::bin_params() const noexcept { return data_->bins->params; }
std::span<const double> Dataset::labels() const noexcept { return data_->labels; }
std::uint64_t Dataset::fingerprint() const noexcept { return data_->fingerprint; }

std::int64_t Dataset::memory_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const data::Page& page : data_->pages) bytes += page.columns.bytes() + page.packed.bytes();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace ramet
