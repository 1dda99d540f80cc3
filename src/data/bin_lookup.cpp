#include "data/bin_lookup.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace ramet::data {
namespace {

// The largest float that is not above `value`.
float round_down(double value) {
  const auto nearest = static_cast<float>(value);
  return static_cast<double>(nearest) > value
             ? std::nextafter(nearest, -std::numeric_limits<float>::infinity())
             : nearest;
}

// Binary search without branches; `cuts` has 2^steps - 1 entries.
template <class Value>
std::uint32_t search(const Value* cuts, int steps, Value value) {
  std::uint32_t below = 0;
  for (int step = steps - 1; step >= 0; --step) {
    const std::uint32_t half = std::uint32_t{1} << step;
    below += cuts[below + half - 1] < value ? half : 0;
  }
  return value == value ? below + 1 : 0;
}

template <class Value>
const Value* cuts_for(const std::vector<double>& doubles, const std::vector<float>& floats) {
  if constexpr (sizeof(Value) == sizeof(float)) {
    return floats.data();
  } else {
    return doubles.data();
  }
}

}  // namespace

BinLookup::BinLookup(std::span<const double> cuts) : steps_(static_cast<int>(std::bit_width(cuts.size()))) {
  const std::size_t size = (std::size_t{1} << steps_) - 1;
  cuts_.assign(cuts.begin(), cuts.end());
  cuts_.resize(size, std::numeric_limits<double>::infinity());
  for (const double cut : cuts_) float_cuts_.push_back(round_down(cut));
}

std::uint32_t BinLookup::code(double value) const { return search(cuts_.data(), steps_, value); }

template <class Value, class Code>
void BinLookup::codes(const Value* values, std::int64_t count, Code* codes) const {
  const Value* cuts = cuts_for<Value>(cuts_, float_cuts_);
  constexpr std::int64_t lanes = 16;  // searches side by side
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    std::uint32_t below[lanes] = {};
    for (int step = steps_ - 1; step >= 0; --step) {
      const std::uint32_t half = std::uint32_t{1} << step;
      for (int k = 0; k < lanes; ++k) below[k] += cuts[below[k] + half - 1] < values[i + k] ? half : 0;
    }
    for (int k = 0; k < lanes; ++k)
      codes[i + k] = static_cast<Code>(values[i + k] == values[i + k] ? below[k] + 1 : 0);
  }
  for (; i < count; ++i) codes[i] = static_cast<Code>(search(cuts, steps_, values[i]));
}

template void BinLookup::codes(const float*, std::int64_t, std::uint8_t*) const;
template void BinLookup::codes(const float*, std::int64_t, std::uint16_t*) const;
template void BinLookup::codes(const float*, std::int64_t, std::uint32_t*) const;
template void BinLookup::codes(const double*, std::int64_t, std::uint8_t*) const;
template void BinLookup::codes(const double*, std::int64_t, std::uint16_t*) const;
template void BinLookup::codes(const double*, std::int64_t, std::uint32_t*) const;

}  // namespace ramet::data
