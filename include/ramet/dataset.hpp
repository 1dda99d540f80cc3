// Training data, binned and compressed; built once, shared by any number of trainings.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ramet/communicator.hpp"
#include "ramet/schema.hpp"

namespace ramet {

namespace data {
struct DatasetData;
class Source;
}  // namespace data

// How numeric values become bins. A function of the values and these three numbers only.
struct BinParams {
  int max_bin = 255;                  // 2 to 65535: most bins of a numeric feature
  std::int64_t bin_sample = 262'144;  // rows that the edges are computed from; 0 = all rows
  std::uint64_t seed = 0;             // which rows those are

  bool operator==(const BinParams&) const = default;
};

class Dataset;

// What comes with the feature values. Spans are read during construction only. Empty = not given.
struct DatasetOptions {
  std::span<const double> labels{};          // rows
  std::span<const double> weights{};         // rows, finite, >= 0
  std::span<const double> base_margins{};    // rows x outputs, row-major: initial scores
  std::span<const std::int64_t> groups{};    // rows: query id; rows of a query are consecutive
  std::vector<std::string> feature_names{};  // columns; default "f0", "f1", ...
  std::vector<int> categorical{};            // numeric columns whose values are labels (7 -> category "7")
  std::vector<std::string> class_names{};    // label k is class_names[k]
  std::string target_name{};
  BinParams bins{};
  // Use this data set's schema, bins and stored columns (validation sets); `bins` is ignored. Typed columns
  // and sources are matched by name, in any order, none missing and none more; matrices by position.
  // Categories that it does not know are missing.
  const Dataset* reference = nullptr;
  std::shared_ptr<Communicator> communicator{};  // the rows are one rank's shard; default: all rows are here
  std::int64_t page_rows = 0;                    // rows a page, 0 = default; never changes a model
  int threads = 0;                               // 0 = all cores; never changes a model
};

// A typed column of caller-owned memory; `size` rows with `stride` elements between them.
struct Column {
  // Numeric values (NaN missing), booleans as 0/1/255 (missing), or codes into `dictionary` (-1 missing).
  using Values = std::variant<std::span<const float>, std::span<const double>, std::span<const std::int64_t>,
                              std::span<const std::uint8_t>, std::span<const std::int32_t>,
                              std::span<const std::string>>;
  std::string name;
  Values values;                          // uint8: boolean; int32: codes; string: categories ("" missing)
  std::vector<std::string> dictionary{};  // int32 codes only: code -> category
};

// Compressed sparse rows. Row r's entries are [row_offsets[r], row_offsets[r+1]) of `columns` and `values`.
struct CsrView {
  std::span<const std::int64_t> row_offsets;  // rows + 1, ascending from 0
  std::span<const std::int32_t> columns;      // 0 <= column < cols, each at most once in a row
  std::span<const float> values;
  int cols = 0;
  bool absent_is_missing = false;  // default: an absent entry is 0
};

// An immutable, cheaply copied handle. Safe to read from any number of threads.
class Dataset {
 public:
  // Dense matrix, rows x cols; element (r, c) is x[r * row_stride + c * col_stride] (strides in elements;
  // row_stride 0 = row-major, i.e. cols, with col_stride 1). NaN is missing; infinities are ordinary values.
  // Each throws Error{invalid_data, invalid_parameter} naming the row, column or option at fault; with a
  // communicator on all ranks if on any.
  static Dataset from_dense(const float* x, std::int64_t rows, int cols, const DatasetOptions& options = {},
                            std::int64_t row_stride = 0, std::int64_t col_stride = 1);
  static Dataset from_dense(const double* x, std::int64_t rows, int cols, const DatasetOptions& options = {},
                            std::int64_t row_stride = 0, std::int64_t col_stride = 1);
  static Dataset from_columns(std::span<const Column> columns, const DatasetOptions& options = {});
  static Dataset from_csr(const CsrView& csr, const DatasetOptions& options = {});

  // For `ramet::io` and other streaming readers inside the library. The source is read twice.
  static Dataset from_source(data::Source& source, const DatasetOptions& options);
  // `make` is called once; with a communicator its failure on one rank is all ranks' failure.
  static Dataset from_source(const std::function<std::shared_ptr<data::Source>()>& make,
                             const DatasetOptions& options);

  std::int64_t rows() const noexcept;        // of this rank
  std::int64_t total_rows() const noexcept;  // of all ranks
  int features() const noexcept;
  const Schema& schema() const noexcept;
  const BinParams& bin_params() const noexcept;
  std::span<const double> labels() const noexcept;
  std::uint64_t fingerprint() const noexcept;  // order-free hash of all ranks' values
  std::int64_t memory_bytes() const noexcept;  // of the binned pages

  const data::DatasetData& data() const noexcept { return *data_; }  // for the library's own floors

 private:
  explicit Dataset(std::shared_ptr<const data::DatasetData> data) : data_(std::move(data)) {}
  std::shared_ptr<const data::DatasetData> data_;
};

}  // namespace ramet
