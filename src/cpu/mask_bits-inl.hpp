// A vector's mask as bits. Included once for each SIMD target.
#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

#if defined(RAMET_CPU_MASK_BITS_PER_TARGET) == defined(HWY_TARGET_TOGGLE)
#ifdef RAMET_CPU_MASK_BITS_PER_TARGET
#undef RAMET_CPU_MASK_BITS_PER_TARGET
#else
#define RAMET_CPU_MASK_BITS_PER_TARGET
#endif

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {

// A bit for each lane, of up to 64.
template <class D, class M>
HWY_ATTR inline std::uint64_t mask_bits(D d, M mask) {
  std::uint8_t bytes[16] = {};
  hwy::HWY_NAMESPACE::StoreMaskBits(d, mask, bytes);
  std::uint64_t bits;
  std::memcpy(&bits, bytes, sizeof bits);
  return bits;
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
