// The small real data sets of data/, read into columns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ramet/dataset.hpp"

namespace ramet::training {

// A gzipped CSV file without quotes. A column is text if any of its cells is neither empty nor a number.
class CsvFile {
 public:
  // `name`: relative to the data folder. Throws std::runtime_error if it cannot be read.
  explicit CsvFile(const std::string& name);

  std::int64_t rows() const { return rows_; }
  // Of a column: the numbers, or for text columns the index of each cell among the sorted distinct ones.
  std::vector<double> values(const std::string& column) const;

  // All columns but `target`, of the rows that `keep` picks; the target's values are the labels.
  Dataset dataset(const std::string& target, const std::function<bool(std::int64_t)>& keep,
                  const Dataset* reference = nullptr) const;

 private:
  struct TextColumn {
    std::string name;
    std::vector<std::string> cells;
  };
  const TextColumn& column(const std::string& name) const;

  std::int64_t rows_ = 0;
  std::vector<TextColumn> columns_;
};

}  // namespace ramet::training
