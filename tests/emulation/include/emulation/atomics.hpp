// CUDA's atomic functions. Threads of a kernel never run at the same time, so they are plain arithmetic,
// reported to the traced build's recorder.
#pragma once

#include "emulation/site.hpp"

namespace emulation {

template <class T>
T atomic_add(T* at, T value, Site site);
template <class T>
T atomic_min(T* at, T value, Site site);
template <class T>
T atomic_max(T* at, T value, Site site);
template <class T>
T atomic_and(T* at, T value, Site site);
template <class T>
T atomic_or(T* at, T value, Site site);
template <class T>
T atomic_xor(T* at, T value, Site site);
template <class T>
T atomic_exchange(T* at, T value, Site site);
template <class T>
T atomic_compare_exchange(T* at, T expected, T value, Site site);
template <class T>
T atomic_increment(T* at, T limit, Site site);
template <class T>
T atomic_decrement(T* at, T limit, Site site);

}  // namespace emulation

#define RAMET_EMULATED_ATOMIC(cuda_name, name, type)                                                        \
  inline type cuda_name(type* at, type value, emulation::Site site = emulation::Site::current()) {          \
    return emulation::name(at, value, site);                                                                \
  }                                                                                                         \
  inline type cuda_name##_block(type* at, type value, emulation::Site site = emulation::Site::current()) {  \
    return emulation::name(at, value, site);                                                                \
  }                                                                                                         \
  inline type cuda_name##_system(type* at, type value, emulation::Site site = emulation::Site::current()) { \
    return emulation::name(at, value, site);                                                                \
  }

#define RAMET_EMULATED_INTEGER_ATOMIC(cuda_name, name) \
  RAMET_EMULATED_ATOMIC(cuda_name, name, int)          \
  RAMET_EMULATED_ATOMIC(cuda_name, name, unsigned)     \
  RAMET_EMULATED_ATOMIC(cuda_name, name, unsigned long long)

RAMET_EMULATED_INTEGER_ATOMIC(atomicAdd, atomic_add)
RAMET_EMULATED_ATOMIC(atomicAdd, atomic_add, float)
RAMET_EMULATED_ATOMIC(atomicAdd, atomic_add, double)
RAMET_EMULATED_INTEGER_ATOMIC(atomicMin, atomic_min)
RAMET_EMULATED_ATOMIC(atomicMin, atomic_min, long long)
RAMET_EMULATED_INTEGER_ATOMIC(atomicMax, atomic_max)
RAMET_EMULATED_ATOMIC(atomicMax, atomic_max, long long)
RAMET_EMULATED_INTEGER_ATOMIC(atomicAnd, atomic_and)
RAMET_EMULATED_INTEGER_ATOMIC(atomicOr, atomic_or)
RAMET_EMULATED_INTEGER_ATOMIC(atomicXor, atomic_xor)
RAMET_EMULATED_INTEGER_ATOMIC(atomicExch, atomic_exchange)
RAMET_EMULATED_ATOMIC(atomicExch, atomic_exchange, float)
RAMET_EMULATED_ATOMIC(atomicInc, atomic_increment, unsigned)
RAMET_EMULATED_ATOMIC(atomicDec, atomic_decrement, unsigned)
#undef RAMET_EMULATED_INTEGER_ATOMIC
#undef RAMET_EMULATED_ATOMIC

#define RAMET_EMULATED_SUBTRACT(type)                                                              \
  inline type atomicSub(type* at, type value, emulation::Site site = emulation::Site::current()) { \
    return emulation::atomic_add(at, static_cast<type>(0u - static_cast<unsigned>(value)), site);  \
  }
RAMET_EMULATED_SUBTRACT(int)
RAMET_EMULATED_SUBTRACT(unsigned)
#undef RAMET_EMULATED_SUBTRACT

#define RAMET_EMULATED_COMPARE(type)                                         \
  inline type atomicCAS(type* at, type expected, type value,                 \
                        emulation::Site site = emulation::Site::current()) { \
    return emulation::atomic_compare_exchange(at, expected, value, site);    \
  }
RAMET_EMULATED_COMPARE(int)
RAMET_EMULATED_COMPARE(unsigned)
RAMET_EMULATED_COMPARE(unsigned long long)
RAMET_EMULATED_COMPARE(unsigned short)
#undef RAMET_EMULATED_COMPARE
