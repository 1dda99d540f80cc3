// Small made-up tables with every kind of column, for tests that train.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ramet/dataset.hpp"

namespace ramet::naive {

enum class ToyLabels { real, binary, three_classes, counts };

struct ToyOptions {
  std::int64_t rows = 600;
  std::uint64_t seed = 1;
  ToyLabels labels = ToyLabels::real;
  bool missing = true;      // a tenth of most columns
  bool categorical = true;  // a column of 3 and one of 40 categories, some of them rare
  bool weights = false;     // 0 to 4, some of them 0
  bool outlier = false;     // one label a million times the others
  int base_margins = 0;     // outputs; 0 = none
};

// The last rows that a shard takes are one past its own.
struct ToyShard {
  std::int64_t begin = 0;
  std::int64_t end = -1;  // -1: all rows
  std::shared_ptr<Communicator> communicator{};
};

class ToyTable {
 public:
  explicit ToyTable(const ToyOptions& options);

  std::int64_t rows() const { return options_.rows; }
  const std::vector<double>& labels() const { return labels_; }
  const std::vector<double>& weights() const { return weights_; }

  // All columns. `doubles`: numbers are passed as double instead of float; the values are the same.
  Dataset dataset(const DatasetOptions& options = {}, const ToyShard& shard = {}, bool doubles = false) const;
  // The numeric columns only.
  Dataset dense(const DatasetOptions& options = {}) const;
  Dataset csr(const DatasetOptions& options = {}) const;
  // The numeric columns, row-major.
  std::vector<float> matrix() const;
  int numeric_columns() const { return static_cast<int>(numeric_.size()); }

 private:
  DatasetOptions with_roles(DatasetOptions options, const ToyShard& shard) const;

  ToyOptions options_;
  std::vector<std::vector<float>> numeric_;
  std::vector<std::vector<double>> numeric_as_double_;
  std::vector<std::uint8_t> boolean_;
  std::vector<std::vector<std::int32_t>> codes_;
  std::vector<std::vector<std::string>> dictionaries_;
  std::vector<double> labels_;
  std::vector<double> weights_;
  std::vector<double> base_margins_;
};

}  // namespace ramet::naive
