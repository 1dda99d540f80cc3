#include "cpu/differing_bytes.hpp"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/differing_bytes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/mask_bits-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR std::uint64_t differing_block(const std::uint8_t* a, const std::uint8_t* b) {
  const hn::CappedTag<std::uint8_t, 64> d;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 64; i += hn::Lanes(d)) {
    word |= mask_bits(d, hn::Ne(hn::LoadU(d, a + i), hn::LoadU(d, b + i))) << i;
  }
  return word;
}

HWY_ATTR void differing_bytes_target(const std::uint8_t* a, const std::uint8_t* b, std::int64_t count,
                                     std::uint64_t* words) {
  std::int64_t i = 0;
  for (; i + 64 <= count; i += 64) *words++ = differing_block(a + i, b + i);
  if (i == count) return;
  std::uint8_t last_a[64] = {};
  std::uint8_t last_b[64] = {};
  std::memcpy(last_a, a + i, static_cast<std::size_t>(count - i));
  std::memcpy(last_b, b + i, static_cast<std::size_t>(count - i));
  *words = differing_block(last_a, last_b);
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(differing_bytes_target);

void differing_bytes(const std::uint8_t* a, const std::uint8_t* b, std::int64_t count, std::uint64_t* words) {
  HWY_DYNAMIC_DISPATCH(differing_bytes_target)(a, b, count, words);
}

}  // namespace ramet::cpu
#endif
