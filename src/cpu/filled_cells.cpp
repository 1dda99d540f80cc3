#include "cpu/filled_cells.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/filled_cells.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/mask_bits-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR std::int32_t find_filled_target(const std::int64_t* counted, std::int32_t size,
                                         std::int64_t least_rows, std::int32_t* cells) {
  const hn::CappedTag<std::int64_t, 8> d;
  const auto lanes = static_cast<std::int32_t>(hn::Lanes(d));
  const auto below = hn::Set(d, least_rows - 1);
  std::int32_t found = 0;
  std::int32_t i = 0;
  for (; 2 * i + lanes <= 2 * size && lanes > 1; i += lanes / 2) {
    const std::uint64_t more = mask_bits(d, hn::Gt(hn::LoadU(d, counted + std::ptrdiff_t{2} * i), below));
    // Numbers of rows are the odd ones.
    for (std::uint64_t bits = more & 0xaau; bits != 0; bits &= bits - 1)
      cells[found++] = i + __builtin_ctzll(bits) / 2;
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

HWY_EXPORT(find_filled_target);

std::int32_t find_filled(const std::int64_t* counted, std::int32_t size, std::int64_t least_rows,
                         std::int32_t* cells) {
  return HWY_DYNAMIC_DISPATCH(find_filled_target)(counted, size, least_rows, cells);
}

}  // namespace ramet::cpu
#endif
