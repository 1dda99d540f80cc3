// CUDA's barriers and warp operations, on the engine of execution.hpp.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>

#include "emulation/execution.hpp"

namespace emulation {

template <class T>
std::uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The types that CUDA's shuffles take.
template <class T>
concept Shuffled = std::same_as<T, int> || std::same_as<T, unsigned> || std::same_as<T, long> ||
    std::same_as<T, unsigned long> || std::same_as<T, long long> || std::same_as<T, unsigned long long> ||
    std::same_as<T, float> || std::same_as<T, double>;

template <Shuffled T>
T shuffle(WarpOperation operation, unsigned mask, T value, unsigned source, Site site) {
  return from_bits<T>(warp_exchange({operation, sizeof(T), mask, to_bits(value), source}, site));
}

template <class T>
T reduce(WarpOperation operation, unsigned mask, T value, Site site) {
  return from_bits<T>(warp_exchange({operation, sizeof(T), mask, to_bits(value), 0}, site));
}

}  // namespace emulation

inline void __syncthreads(emulation::Site site = emulation::Site::current()) {
  emulation::block_barrier(emulation::Vote::none, 0, site);
}
inline int __syncthreads_or(int predicate, emulation::Site site = emulation::Site::current()) {
  return emulation::block_barrier(emulation::Vote::any, predicate, site);
}
inline int __syncthreads_and(int predicate, emulation::Site site = emulation::Site::current()) {
  return emulation::block_barrier(emulation::Vote::all, predicate, site);
}
inline int __syncthreads_count(int predicate, emulation::Site site = emulation::Site::current()) {
  return emulation::block_barrier(emulation::Vote::count, predicate, site);
}
inline void __syncwarp(unsigned mask = 0xffffffffu, emulation::Site site = emulation::Site::current()) {
  emulation::warp_exchange({emulation::WarpOperation::sync, 0, mask, 0, 0}, site);
}

template <emulation::Shuffled T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
              emulation::Site site = emulation::Site::current()) {
  const unsigned segment = emulation::lane_index() & ~(static_cast<unsigned>(width) - 1);
  const unsigned source = segment | (static_cast<unsigned>(lane) & (static_cast<unsigned>(width) - 1));
  return emulation::shuffle(emulation::WarpOperation::shuffle, mask, value, source, site);
}

template <emulation::Shuffled T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 emulation::Site site = emulation::Site::current()) {
  const unsigned lane = emulation::lane_index();
  const unsigned within = lane & (static_cast<unsigned>(width) - 1);
  const unsigned source = within >= delta ? lane - delta : lane;
  return emulation::shuffle(emulation::WarpOperation::shuffle_up, mask, value, source, site);
}

template <emulation::Shuffled T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   emulation::Site site = emulation::Site::current()) {
  const unsigned lane = emulation::lane_index();
  const unsigned within = lane & (static_cast<unsigned>(width) - 1);
  const unsigned source = delta < static_cast<unsigned>(width) - within ? lane + delta : lane;
  return emulation::shuffle(emulation::WarpOperation::shuffle_down, mask, value, source, site);
}

template <emulation::Shuffled T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  emulation::Site site = emulation::Site::current()) {
  const unsigned lane = emulation::lane_index();
  const unsigned other = lane ^ static_cast<unsigned>(lane_mask);
  // Lanes of a later segment cannot be read, those of an earlier one can.
  const unsigned segment_end = (lane | (static_cast<unsigned>(width) - 1)) + 1;
  const unsigned source = other < segment_end ? other : lane;
  return emulation::shuffle(emulation::WarpOperation::shuffle_xor, mask, value, source, site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              emulation::Site site = emulation::Site::current()) {
  return emulation::reduce<unsigned>(emulation::WarpOperation::ballot, mask, predicate != 0, site);
}
inline int __any_sync(unsigned mask, int predicate, emulation::Site site = emulation::Site::current()) {
  return emulation::reduce<int>(emulation::WarpOperation::any, mask, predicate != 0, site);
}
inline int __all_sync(unsigned mask, int predicate, emulation::Site site = emulation::Site::current()) {
  return emulation::reduce<int>(emulation::WarpOperation::all, mask, predicate != 0, site);
}
inline unsigned __activemask() { return emulation::active_lanes(); }

template <emulation::Shuffled T>
unsigned __match_any_sync(unsigned mask, T value, emulation::Site site = emulation::Site::current()) {
  return static_cast<unsigned>(emulation::warp_exchange(
      {emulation::WarpOperation::match_any, sizeof(T), mask, emulation::to_bits(value), 0}, site));
}
template <emulation::Shuffled T>
unsigned __match_all_sync(unsigned mask, T value, int* all,
                          emulation::Site site = emulation::Site::current()) {
  const auto matched = static_cast<unsigned>(emulation::warp_exchange(
      {emulation::WarpOperation::match_all, sizeof(T), mask, emulation::to_bits(value), 0}, site));
  *all = matched != 0;
  return matched;
}

#define RAMET_EMULATED_REDUCE(cuda_name, type, operation)                                               \
  inline type cuda_name(unsigned mask, type value, emulation::Site site = emulation::Site::current()) { \
    return emulation::reduce<type>(emulation::WarpOperation::operation, mask, value, site);             \
  }
RAMET_EMULATED_REDUCE(__reduce_add_sync, unsigned, add)
RAMET_EMULATED_REDUCE(__reduce_add_sync, int, add)
RAMET_EMULATED_REDUCE(__reduce_min_sync, unsigned, min_unsigned)
RAMET_EMULATED_REDUCE(__reduce_min_sync, int, min_signed)
RAMET_EMULATED_REDUCE(__reduce_max_sync, unsigned, max_unsigned)
RAMET_EMULATED_REDUCE(__reduce_max_sync, int, max_signed)
RAMET_EMULATED_REDUCE(__reduce_and_sync, unsigned, bit_and)
RAMET_EMULATED_REDUCE(__reduce_or_sync, unsigned, bit_or)
RAMET_EMULATED_REDUCE(__reduce_xor_sync, unsigned, bit_xor)
#undef RAMET_EMULATED_REDUCE
