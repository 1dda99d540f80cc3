#include "bench_data.hpp"

#include <cmath>
#include <limits>
#include <random>

namespace ramet::bench {

Matrix make_matrix(std::int64_t rows, int cols, double missing) {
  Matrix matrix{.rows = rows, .cols = cols};
  matrix.x.resize(static_cast<std::size_t>(rows * cols));
  matrix.y.resize(static_cast<std::size_t>(rows));
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<double> uniform;
  float* x = matrix.x.data();
  for (std::int64_t r = 0; r < rows; ++r) {
    float sum = 2 * normal(random);
    for (int c = 0; c < cols; ++c, ++x) {
      *x = normal(random);
      if (c < 8) sum += c % 2 == 0 ? *x : *x * x[-1];
      if (missing > 0 && uniform(random) < missing) *x = std::numeric_limits<float>::quiet_NaN();
    }
    matrix.y[static_cast<std::size_t>(r)] = sum > 0 ? 1 : 0;
  }
  return matrix;
}

Dataset make_dataset(const Matrix& matrix, int max_bin, int threads) {
  DatasetOptions options;
  options.labels = matrix.y;
  options.bins.max_bin = max_bin;
  options.threads = threads;
  return Dataset::from_dense(matrix.x.data(), matrix.rows, matrix.cols, options);
}

}  // namespace ramet::bench
