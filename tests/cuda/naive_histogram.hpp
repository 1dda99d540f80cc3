// Histograms by plain loops, in the cells of a HistogramLayout, and gradients to build them from.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "cuda/coded_data.hpp"
#include "cuda/histogram_layout.hpp"
#include "cuda/memory.hpp"
#include "cuda/scale.hpp"

namespace ramet::cuda::test {

// Quantised gradients of all rows, on both sides.
struct TestGradients {
  std::vector<std::int64_t> g;
  std::vector<std::int64_t> h;
  DeviceArray<std::uint32_t> low;
  DeviceArray<std::uint32_t> high;
  DeviceArray<DeviceScale> scale;
  GradientView view() const;
};

// `bits`: at most 16 give one limb, more give two.
TestGradients make_gradients(std::vector<std::int64_t> g, std::vector<std::int64_t> h, std::int32_t bits);
// Uniform over all values of so many bits; h is not negative.
TestGradients random_gradients(std::int64_t rows, std::int32_t bits, std::mt19937& random);

// What a histogram must be.
struct NaiveHistogram {
  std::vector<std::int64_t> sums;
  std::vector<bool> is_cell;  // else: padding, where anything may be
};

NaiveHistogram naive_histogram(const HistogramLayout& layout, std::span<const CodedColumn> columns,
                               std::span<const std::uint32_t> rows, const TestGradients& gradients);

}  // namespace ramet::cuda::test
