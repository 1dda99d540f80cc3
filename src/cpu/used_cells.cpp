#include "cpu/used_cells.hpp"

#include "cpu/set_bits.hpp"
#include "cpu/split_scan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/used_cells.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Each cell is an entry that the next one replaces if it is empty. Returns the number of entries so far.
HWY_ATTR std::int32_t find_one_by_one(const std::int64_t* packed, std::int32_t begin, std::int32_t end,
                                      std::int64_t& sum, std::int32_t entries, std::int64_t* prefix,
                                      std::int32_t* cells) {
  for (std::int32_t i = begin; i < end; ++i) {
    sum += packed[i];
    prefix[entries] = sum;
    cells[entries] = i;
    entries += packed[i] != 0 ? 1 : 0;
  }
  return entries;
}

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
// The lanes moved up by `by`, and zeros.
template <class D, class V>
HWY_ATTR V move_up(D d, V v, std::int64_t by) {
  const auto from = hn::Sub(hn::Iota(d, 0), hn::Set(d, by));
  const auto inside = hn::Gt(from, hn::Set(d, -1));
  return hn::IfThenElseZero(inside,
                            hn::TableLookupLanes(v, hn::IndicesFromVec(d, hn::IfThenElseZero(inside, from))));
}

// Sums of the lanes up to each one.
template <class D, class V>
HWY_ATTR V prefix_sums(D d, V v) {
  v = hn::Add(v, move_up(d, v, 1));
  v = hn::Add(v, move_up(d, v, 2));
  return hn::Add(v, move_up(d, v, 4));
}

// Vectors of prefix sums, compressed to the lanes whose cells are not empty.
HWY_ATTR std::int32_t find_packed_target(const std::int64_t* packed, std::int32_t size, std::int64_t* prefix,
                                         std::int32_t* cells) {
  const hn::FixedTag<std::int64_t, 8> d;
  const hn::FixedTag<std::int32_t, 8> d32;
  const hn::FixedTag<std::uint8_t, 8> bytes;
  const auto zero = hn::Zero(d);
  const auto last = hn::Set(d, 7);
  auto before = zero;
  std::int64_t sum = 0;
  std::int32_t entries = 0;
  std::int32_t i = 0;
  for (; i + 8 <= size; i += 8) {
    const auto values = hn::LoadU(d, packed + i);
    const auto used = hn::Ne(values, zero);
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, used, bits);
    if (bits[0] == 0) continue;
    const auto sums = hn::Add(before, prefix_sums(d, values));
    before = hn::TableLookupLanes(sums, hn::IndicesFromVec(d, last));
    // Whole vectors are stored: what follows the entries is overwritten or padding.
    const auto order = hn::PromoteTo(d32, hn::LoadU(bytes, set_bits[bits[0]].data()));
    hn::StoreU(hn::TableLookupLanes(sums, hn::IndicesFromVec(d, hn::PromoteTo(d, order))), d,
               prefix + entries);
    hn::StoreU(hn::Add(order, hn::Set(d32, i)), d32, cells + entries);
    entries += __builtin_popcount(bits[0]);
  }
  sum = hn::GetLane(before);
  return find_one_by_one(packed, i, size, sum, entries, prefix, cells);
}
#else
// Whole vectors of empty cells are passed over.
HWY_ATTR std::int32_t find_packed_target(const std::int64_t* packed, std::int32_t size, std::int64_t* prefix,
                                         std::int32_t* cells) {
  const hn::CappedTag<std::int64_t, 8> d;
  const auto lanes = static_cast<std::int32_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  std::int64_t sum = 0;
  std::int32_t entries = 0;
  std::int32_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    if (hn::AllTrue(d, hn::Eq(hn::LoadU(d, packed + i), zero))) continue;
    entries = find_one_by_one(packed, i, i + lanes, sum, entries, prefix, cells);
  }
  return find_one_by_one(packed, i, size, sum, entries, prefix, cells);
}
#endif

HWY_ATTR std::int32_t find_filled_target(const std::int64_t* counted, std::int32_t size,
                                         std::int64_t least_rows, std::int32_t* cells) {
  const hn::CappedTag<std::int64_t, 8> d;
  const auto lanes = static_cast<std::int32_t>(hn::Lanes(d));
  const auto below = hn::Set(d, least_rows - 1);
  std::int32_t found = 0;
  std::int32_t i = 0;
  for (; 2 * i + lanes <= 2 * size && lanes > 1; i += lanes / 2) {
    std::uint8_t bytes[8] = {};
    hn::StoreMaskBits(d, hn::Gt(hn::LoadU(d, counted + std::ptrdiff_t{2} * i), below), bytes);
    // Numbers of rows are the odd ones.
    for (std::uint32_t bits = bytes[0] & 0xaau; bits != 0; bits &= bits - 1)
      cells[found++] = i + __builtin_ctz(bits) / 2;
  }
  for (; i < size; ++i) {
    if (counted[std::ptrdiff_t{2} * i + 1] >= least_rows) cells[found++] = i;
  }
  return found;
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {
namespace {

// Entry 0, an entry for each cell, the one that an empty last cell leaves behind, and the padding.
template <class T>
T* entries_of(std::vector<T>& values, std::int32_t size) {
  const auto needed = static_cast<std::size_t>(size) + 2 + scan_padding;
  if (values.size() < needed) values.resize(needed);
  values[0] = 0;
  return values.data() + 1;
}

}  // namespace

HWY_EXPORT(find_packed_target);
HWY_EXPORT(find_filled_target);

std::int32_t find_filled(const std::int64_t* counted, std::int32_t size, std::int64_t least_rows,
                         std::int32_t* cells) {
  return HWY_DYNAMIC_DISPATCH(find_filled_target)(counted, size, least_rows, cells);
}

void UsedCells::find(const std::int64_t* packed, std::int32_t size) {
  count = HWY_DYNAMIC_DISPATCH(find_packed_target)(packed, size, entries_of(prefix, size),
                                                   entries_of(cells, size));
}

void UsedCells::find(const WideCell* wide, std::int32_t size) {
  std::int64_t* g = entries_of(prefix, size);
  std::int64_t* h = entries_of(prefix_h, size);
  std::int32_t* at = entries_of(cells, size);
  WideCell sum;
  count = 0;
  for (std::int32_t i = 0; i < size; ++i) {
    sum.g += wide[i].g;
    sum.h += wide[i].h;
    g[count] = sum.g;
    h[count] = sum.h;
    at[count] = i;
    count += wide[i].g != 0 || wide[i].h != 0 ? 1 : 0;
  }
}

}  // namespace ramet::cpu
#endif
