// Matrices with everything that can go wrong in a column.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "data/naive.hpp"

namespace ramet::test {

// Column c is of kind c % 10; all values are floats.
inline Matrix odd_matrix(std::int64_t rows, std::int64_t cols, std::uint32_t seed) {
  using Limits = std::numeric_limits<float>;
  std::mt19937 random(seed);
  Matrix x{.rows = rows, .cols = cols, .values = std::vector<double>(static_cast<std::size_t>(rows * cols))};
  const auto uniform = [&] { return static_cast<float>(random()) * 0x1p-32F; };
  const auto value = [&](std::int64_t kind) -> float {
    switch (kind) {
      case 0:
        return uniform();
      case 1:
        return std::floor(uniform() * 7);
      case 2:  // heavy in the middle
        return uniform() < 0.4F ? 0.5F : uniform();
      case 3:
        return uniform() < 0.2F ? Limits::quiet_NaN() : std::floor(uniform() * 1000) - 500;
      case 4:
        return Limits::quiet_NaN();
      case 5:
        return 3;
      case 6: {
        const float u = uniform();
        if (u < 0.1F) return Limits::infinity();
        return u < 0.2F ? -Limits::infinity() : (u - 0.5F) * Limits::max();
      }
      case 7:
        return static_cast<float>(random() % 50) * Limits::denorm_min() * (random() % 2 == 0 ? 1 : -1);
      case 8:  // -0, 0 and neighbours
        return static_cast<float>(static_cast<int>(random() % 3) - 1) * (uniform() < 0.3F ? 0.0F : 1.0F);
      default:  // constant but for missing values
        return uniform() < 0.01F ? Limits::quiet_NaN() : 1.0F;
    }
  };
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) x.at(r, c) = static_cast<double>(value(c % 10));
  }
  return x;
}

inline std::vector<float> as_floats(const Matrix& x) { return {x.values.begin(), x.values.end()}; }

}  // namespace ramet::test
