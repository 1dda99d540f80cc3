// Generated data that the kernel benchmarks share.
#pragma once

#include <cstdint>
#include <vector>

#include "ramet/dataset.hpp"

namespace ramet::bench {

struct Matrix {
  std::vector<float> x;  // row-major
  std::vector<double> y;
  std::int64_t rows = 0;
  int cols = 0;
};

// Normal features, a binary label of the first eight. `missing`: share of cells that are NaN.
Matrix make_matrix(std::int64_t rows, int cols, double missing = 0);

// Of make_matrix, binned; `threads` as in DatasetOptions.
Dataset make_dataset(const Matrix& matrix, int max_bin = 255, int threads = 0);

}  // namespace ramet::bench
