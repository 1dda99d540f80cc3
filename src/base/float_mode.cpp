#include "base/float_mode.hpp"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace ramet {
namespace {

#if defined(__x86_64__)
// Keeps the exception masks; clears rounding control, flush-to-zero and denormals-are-zero.
constexpr unsigned contract_bits = 0x6000u | 0x8000u | 0x0040u;
#endif

}  // namespace

FloatMode::FloatMode() noexcept : saved_(0) {
#if defined(__x86_64__)
  saved_ = _mm_getcsr();
  if ((saved_ & contract_bits) != 0) _mm_setcsr(saved_ & ~contract_bits);
#endif
}

FloatMode::~FloatMode() {
#if defined(__x86_64__)
  if ((saved_ & contract_bits) != 0) _mm_setcsr(saved_);
#endif
}

}  // namespace ramet
