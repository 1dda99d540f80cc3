#include "cpu/column_entries.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/column_entries.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Rows of a column are a few apart, and what they need lies in the third-level cache.
constexpr std::size_t prefetch_distance = 16;

HWY_ATTR void add_entries_target(std::span<const std::uint32_t> rows, const std::uint16_t* codes,
                                 std::uint32_t first_code, const EntryGradients* gradients,
                                 std::int64_t* cells) {
  const hn::CappedTag<std::int64_t, lanes_side_by_side> d;
  const hn::Rebind<std::int32_t, decltype(d)> d32;
  const auto high = hn::Set(d, static_cast<std::int64_t>(0xffff'ffff'0000'0000u));
  const auto low = hn::Set(d, 0xffff);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i + prefetch_distance < rows.size()) __builtin_prefetch(gradients + rows[i + prefetch_distance]);
    const auto* pairs = reinterpret_cast<const std::int32_t*>(gradients[rows[i]].pairs.data());
    std::int64_t* cell = cells + static_cast<std::size_t>(codes[i] - first_code) * lanes_side_by_side;
    for (std::size_t lane = 0; lane < lanes_side_by_side; lane += hn::Lanes(d)) {
      // As packed_gradient does.
      const auto pair = hn::PromoteTo(d, hn::LoadU(d32, pairs + lane));
      const auto value = hn::Or(hn::And(hn::ShiftLeft<16>(pair), high), hn::And(pair, low));
      hn::Store(hn::Add(hn::Load(d, cell + lane), value), d, cell + lane);
    }
  }
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(add_entries_target);

void EntryCells::clear(std::int32_t cells) {
  const std::size_t needed = static_cast<std::size_t>(cells) * lanes_side_by_side;
  if (cells_.size() < needed) cells_ = Buffer<std::int64_t>(needed);
  std::fill_n(cells_.data(), needed, 0);
}

EntrySums EntryCells::cell(std::size_t i) const {
  const std::int64_t* packed = cells_.data() + i * lanes_side_by_side;
  EntrySums sums;
  for (std::size_t k = 0; k < most_side_by_side; ++k) {
    sums.g[k] = packed_g(packed[k]);
    sums.h[k] = packed_h(packed[k]);
  }
  sums.rows = packed[most_side_by_side];
  return sums;
}

void add_entries(std::span<const std::uint32_t> rows, const std::uint16_t* codes, std::uint32_t first_code,
                 const EntryGradients* gradients, EntryCells& cells) {
  HWY_DYNAMIC_DISPATCH(add_entries_target)(rows, codes, first_code, gradients, cells.data());
}

}  // namespace ramet::cpu
#endif
