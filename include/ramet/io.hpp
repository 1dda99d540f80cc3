// Readers of real files: the optional component ramet::io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ramet/dataset.hpp"
#include "ramet/schema.hpp"

namespace ramet::io {

// Which column plays which role, and how the file is written. Names must exist in the file.
struct TableOptions {
  std::string target{};  // labels; empty: the file has none
  std::string weight{};
  std::vector<std::string> base_margin{};  // one column per output
  std::string group{};                     // query id
  std::vector<std::string> ignore{};
  std::vector<std::string> categorical{};  // treat as categories even if all values are numbers
  std::vector<std::string> numeric{};      // must be numbers: anything else is an error
  bool target_is_class = false;            // the target holds class names: labels are indices into classes()
  std::vector<std::string> classes{};  // with target_is_class: the known classes; empty = those in the file,
                                       // numbers in numeric order, text in byte order
  const Schema* schema = nullptr;      // types of the features, by name (files to predict from); the file
                                       // must have them all, others are ignored
  bool header = true;                  // false: columns are named "f0", "f1", ...
  char delimiter = ',';
  std::int64_t block_bytes = 0;  // read this much at a time; 0 = default; never changes a result
  // Making a data set reads the values twice; up to so many bytes of them are kept in memory in between, more
  // are read from the file again. Never changes a result.
  std::int64_t keep_bytes = std::int64_t{256} << 20;
  int threads = 0;  // 0 = all cores
};

// A CSV file (plain, .gz, .zst) whose columns have been typed from the whole file.
// Immutable; several threads may read it at the same time.
class Table {
 public:
  // Reads the file once to find types, dictionaries, classes and the number of rows.
  // Throws Error{io} if it cannot be read, Error{invalid_data} naming file, line and column if it is
  // malformed.
  static Table open(const std::filesystem::path& path, const TableOptions& options = {});

  std::int64_t rows() const noexcept;
  std::span<const FeatureInfo> features() const noexcept;    // roles and ignored columns excluded
  const std::vector<std::string>& classes() const noexcept;  // of the target, if target_is_class

  // Bins rows [first_row, last_row) (last_row -1 = all) while streaming the file. Labels, weights, base
  // margins, groups, names and classes come from the file; `options` gives bins, reference, communicator,
  // page_rows, threads.
  Dataset dataset(const DatasetOptions& options = {}, std::int64_t first_row = 0,
                  std::int64_t last_row = -1) const;

  // One batch of consecutive rows: typed feature columns, and the roles that the file has (else empty).
  struct RowBatch {
    std::int64_t first_row = 0;
    std::int64_t rows = 0;
    std::vector<Column> columns;
    std::span<const double> labels;
    std::span<const double> weights;
    std::span<const double> base_margins;
  };
  // Visits all rows in order on the calling thread. A batch's memory is valid during the call only.
  void for_each_batch(const std::function<void(const RowBatch&)>& visit) const;

 private:
  struct State;
  explicit Table(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace ramet::io
