// Matrices in NumPy's .npy files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace ramet::scaling {

struct Matrix {
  std::unique_ptr<float[]> values;  // rows x columns, row-major
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

// The first `most_rows` rows (0: all) of a row-major matrix of little-endian float32. Throws
// std::runtime_error that names the file and what is wrong with it.
Matrix read_npy(const std::string& path, std::int64_t most_rows);

}  // namespace ramet::scaling
