// Leaves over the rows of one or more devices, for tests of cuda/leaves.hpp, and their values the plain way.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "cuda/leaves.hpp"

namespace ramet::cuda::test {

// One device's rows.
struct LeafMember {
  std::int64_t rows = 0;
  std::vector<std::vector<float>> g;  // per output
  std::vector<std::vector<float>> h;
  std::vector<std::vector<std::int64_t>> scores;
  std::vector<double> labels;
  std::vector<double> weights;                  // empty: all 1
  std::vector<std::vector<std::uint32_t>> ids;  // per leaf
};

struct LeafCase {
  LeafSettings settings;
  std::vector<std::int32_t> unit_exponents;  // per output
  std::vector<std::int32_t> output_of_leaf;  // per leaf
  std::vector<LeafMember> members;
  bool all_rows = false;  // the only leaf has all rows and no ids
};

// One leaf per entry of `sizes` on each of the members, with that many rows altogether; rows in any order.
LeafCase random_leaves(std::uint64_t seed, const std::vector<std::int64_t>& sizes, int outputs, int members);

// `weights` for all rows: 0 to 4 in halves.
void add_weights(LeafCase& leaves, std::uint64_t seed);

// What the device computes, the same on all members.
std::vector<std::int64_t> newton_units(const LeafCase& leaves);
std::vector<std::int64_t> median_units(const LeafCase& leaves);

// The same by plain loops.
std::vector<std::int64_t> naive_newton_units(const LeafCase& leaves);
std::vector<std::int64_t> naive_median_units(const LeafCase& leaves);

}  // namespace ramet::cuda::test
