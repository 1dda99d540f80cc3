#include "cpu/used_cells.hpp"

#include "cpu/split_scan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/used_cells.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whole vectors of empty cells are passed over; of others each cell is an entry that the next one replaces if
// it is empty. Returns the number of entries.
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
    for (std::int32_t j = i; j < i + lanes; ++j) {
      sum += packed[j];
      prefix[entries] = sum;
      cells[entries] = j;
      entries += packed[j] != 0 ? 1 : 0;
    }
  }
  for (; i < size; ++i) {
    sum += packed[i];
    prefix[entries] = sum;
    cells[entries] = i;
    entries += packed[i] != 0 ? 1 : 0;
  }
  return entries;
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
