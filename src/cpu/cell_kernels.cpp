#include "cpu/cell_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/cell_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<std::int64_t, 8>;

HWY_ATTR std::int64_t sum_cells_target(const std::int64_t* cells, std::int64_t count) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    even = hn::Add(even, hn::LoadU(d, cells + i));
    odd = hn::Add(odd, hn::LoadU(d, cells + i + lanes));
  }
  std::int64_t sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
  for (; i < count; ++i) sum += cells[i];
  return sum;
}

HWY_ATTR void subtract_packed_target(const std::int64_t* a, const std::int64_t* b, std::int64_t* out,
                                     std::int64_t count) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::Sub(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
  for (; i < count; ++i) out[i] = a[i] - b[i];
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(sum_cells_target);
HWY_EXPORT(subtract_packed_target);

std::int64_t sum_cells(const std::int64_t* cells, std::int64_t count) {
  return HWY_DYNAMIC_DISPATCH(sum_cells_target)(cells, count);
}

void subtract_packed(const std::int64_t* a, const std::int64_t* b, std::int64_t* out, std::int64_t count) {
  HWY_DYNAMIC_DISPATCH(subtract_packed_target)(a, b, out, count);
}

}  // namespace ramet::cpu
#endif
