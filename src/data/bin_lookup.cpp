#include "data/bin_lookup.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "data/lookup_kernel.hpp"

namespace ramet::data {
namespace {

// The largest float that is not above `value`.
float round_down(double value) {
  const auto nearest = static_cast<float>(value);
  return static_cast<double>(nearest) > value
             ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
             : nearest;
}

// Sorted cuts in the order of a CutTree.
std::vector<double> make_tree(std::span<const double> cuts, int steps) {
  const std::size_t size = std::size_t{1} << steps;
  std::vector<double> tree(std::max(size, min_tree_size), std::numeric_limits<double>::infinity());
  for (std::size_t k = 1; k < size; ++k) {
    // Node k of a level with 2^level nodes.
    const int level = static_cast<int>(std::bit_width(k)) - 1;
    const std::size_t number = k - (std::size_t{1} << level);
    const std::size_t sorted = ((2 * number + 1) << (steps - 1 - level)) - 1;
    if (sorted < cuts.size()) tree[k] = cuts[sorted];
  }
  return tree;
}

}  // namespace

BinLookup::BinLookup(std::span<const double> cuts)
    : steps_(static_cast<int>(std::bit_width(cuts.size()))), tree_(make_tree(cuts, steps_)) {
  for (const double cut : tree_) float_tree_.push_back(round_down(cut));
}

std::uint32_t BinLookup::code(double value) const {
  std::uint32_t code = 0;
  codes(&value, 1, &code);
  return code;
}

template <class Value, class Code>
void BinLookup::codes(const Value* values, std::int64_t count, Code* codes) const {
  find_codes({.float_tree = {.cuts = float_tree_.data(), .steps = steps_},
              .double_tree = {.cuts = tree_.data(), .steps = steps_},
              .values = values,
              .count = count,
              .codes = codes});
}

template void BinLookup::codes(const float*, std::int64_t, std::uint8_t*) const;
template void BinLookup::codes(const float*, std::int64_t, std::uint16_t*) const;
template void BinLookup::codes(const float*, std::int64_t, std::uint32_t*) const;
template void BinLookup::codes(const double*, std::int64_t, std::uint8_t*) const;
template void BinLookup::codes(const double*, std::int64_t, std::uint16_t*) const;
template void BinLookup::codes(const double*, std::int64_t, std::uint32_t*) const;

}  // namespace ramet::data
