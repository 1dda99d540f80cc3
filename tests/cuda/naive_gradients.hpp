// Gradients of one round by the letter of the contract's rule 2: all rows of all ranks, one after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "objective/objective.hpp"

namespace ramet::cuda::test {

struct GradientCase {
  objective::Objective objective;
  std::vector<std::int32_t> unit_exponents{};
  std::vector<std::int64_t> scores{};  // row-major
  std::vector<double> labels{};
  std::vector<double> weights{};   // empty: all 1
  std::vector<double> caller_g{};  // of objective::Caller, row-major
  std::vector<double> caller_h{};
  std::int64_t first_global_row = 0;
  std::int64_t total_rows = 0;  // at least the rows there are: more make the integers smaller
  int gradient_bits = 16;
  std::uint64_t seed = 0;

  std::int64_t rows() const { return static_cast<std::int64_t>(labels.size()); }
  int outputs() const { return static_cast<int>(unit_exponents.size()); }
  bool constant_hessian() const { return weights.empty() && objective::traits(objective).unit_hessian; }
};

// One output's.
struct NaiveGradients {
  std::vector<float> g;
  std::vector<float> h;
  std::vector<std::int64_t> quantised_g;
  std::vector<std::int64_t> quantised_h;
  int bits = 0;
  int g_exponent = 0;
  int h_exponent = 0;
  double largest_g = 0;
  double largest_h = 0;
};

// The lowest global row with something that is not finite; INT64_MAX: there is none.
std::int64_t naive_bad_row(const std::vector<NaiveGradients>& outputs, std::int64_t first_global_row);

// Scales and integers only where all is finite.
std::vector<NaiveGradients> naive_gradients(const GradientCase& input, int round);

}  // namespace ramet::cuda::test
