#include "emulation/atomics.hpp"

#include <algorithm>

#include "observer.hpp"

namespace emulation {
namespace {

template <class T>
void tell(const T* at, bool reads, Site site) {
  if (observer != nullptr) {
    observer->atomic(at, sizeof(T), reads, site);
  }
}

// Signed sums wrap around, as the hardware's do.
template <class T>
T wrapping_sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + static_cast<std::make_unsigned_t<T>>(b));
  } else {
    return a + b;
  }
}

}  // namespace

#define RAMET_EMULATED_DEFINE(name, reads, expression) \
  template <class T>                                   \
  T name(T* at, T value, Site site) {                  \
    tell(at, reads, site);                             \
    const T old = *at;                                 \
    *at = expression;                                  \
    return old;                                        \
  }
RAMET_EMULATED_DEFINE(atomic_add, true, wrapping_sum(old, value))
RAMET_EMULATED_DEFINE(atomic_min, true, std::min(old, value))
RAMET_EMULATED_DEFINE(atomic_max, true, std::max(old, value))
RAMET_EMULATED_DEFINE(atomic_and, true, old& value)
RAMET_EMULATED_DEFINE(atomic_or, true, old | value)
RAMET_EMULATED_DEFINE(atomic_xor, true, old ^ value)
RAMET_EMULATED_DEFINE(atomic_exchange, false, value)
RAMET_EMULATED_DEFINE(atomic_increment, true, old >= value ? T(0) : old + 1)
RAMET_EMULATED_DEFINE(atomic_decrement, true, old == 0 || old > value ? value : old - 1)
#undef RAMET_EMULATED_DEFINE

template <class T>
T atomic_compare_exchange(T* at, T expected, T value, Site site) {
  tell(at, true, site);
  const T old = *at;
  if (old == expected) {
    *at = value;
  }
  return old;
}

#define RAMET_EMULATED_INSTANTIATE(name, type) template type name(type*, type, Site);
#define RAMET_EMULATED_INTEGERS(name)        \
  RAMET_EMULATED_INSTANTIATE(name, int)      \
  RAMET_EMULATED_INSTANTIATE(name, unsigned) \
  RAMET_EMULATED_INSTANTIATE(name, unsigned long long)
RAMET_EMULATED_INTEGERS(atomic_add)
RAMET_EMULATED_INSTANTIATE(atomic_add, float)
RAMET_EMULATED_INSTANTIATE(atomic_add, double)
RAMET_EMULATED_INTEGERS(atomic_min)
RAMET_EMULATED_INSTANTIATE(atomic_min, long long)
RAMET_EMULATED_INTEGERS(atomic_max)
RAMET_EMULATED_INSTANTIATE(atomic_max, long long)
RAMET_EMULATED_INTEGERS(atomic_and)
RAMET_EMULATED_INTEGERS(atomic_or)
RAMET_EMULATED_INTEGERS(atomic_xor)
RAMET_EMULATED_INTEGERS(atomic_exchange)
RAMET_EMULATED_INSTANTIATE(atomic_exchange, float)
RAMET_EMULATED_INSTANTIATE(atomic_increment, unsigned)
RAMET_EMULATED_INSTANTIATE(atomic_decrement, unsigned)
template int atomic_compare_exchange(int*, int, int, Site);
template unsigned atomic_compare_exchange(unsigned*, unsigned, unsigned, Site);
template unsigned short atomic_compare_exchange(unsigned short*, unsigned short, unsigned short, Site);
template unsigned long long atomic_compare_exchange(unsigned long long*, unsigned long long,
                                                    unsigned long long, Site);

}  // namespace emulation
