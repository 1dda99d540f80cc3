// The search behind BinLookup, many values at a time. SIMD; the codes do not depend on the target.
#pragma once

#include <cstdint>
#include <variant>

namespace ramet::data {

// A search tree over 2^steps - 1 cuts in breadth-first order: the root is tree[1], the children of tree[k]
// are tree[2k] and tree[2k + 1]; a value goes right if the cut is below it. Absent cuts are +infinity.
template <class Value>
struct CutTree {
  const Value* cuts = nullptr;  // at least max(2^steps, min_tree_size) entries
  int steps = 0;
};
inline constexpr std::size_t min_tree_size = 64;

struct LookupJob {
  CutTree<float> float_tree;
  CutTree<double> double_tree;
  std::variant<const float*, const double*> values;
  std::int64_t count = 0;
  std::variant<std::uint8_t*, std::uint16_t*, std::uint32_t*> codes;
};

// codes[i] = 1 + number of cuts < values[i]; 0 for NaN.
void find_codes(const LookupJob& job);

}  // namespace ramet::data
