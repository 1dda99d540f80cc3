// From values to bin codes with a list of cuts: code = 1 + number of cuts < value; 0 (missing) for NaN.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ramet::data {

// Immutable, safe to use from any number of threads.
class BinLookup {
 public:
  BinLookup() : BinLookup(std::span<const double>{}) {}
  // `cuts`: strictly ascending, none NaN; fewer than 2^31.
  explicit BinLookup(std::span<const double> cuts);

  std::uint32_t code(double value) const;

  // The 2^steps() - 1 places of the search tree in breadth-first order (data/lookup_kernel.hpp), from
  // tree()[1].
  std::span<const double> tree() const { return std::span(tree_).first(std::size_t{1} << steps_); }
  int steps() const { return steps_; }

  // codes[i] = code(values[i]) for i < count. Value: float or double; Code: std::uint8_t, uint16_t or
  // uint32_t, wide enough for 1 + the number of cuts.
  template <class Value, class Code>
  void codes(const Value* values, std::int64_t count, Code* codes) const;

 private:
  int steps_ = 0;
  std::vector<double> tree_;  // see data/lookup_kernel.hpp
  // Rounded down: for a float x, cut < x and float_cut < x agree.
  std::vector<float> float_tree_;
};

}  // namespace ramet::data
