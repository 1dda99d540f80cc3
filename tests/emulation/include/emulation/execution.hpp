// What runs kernels, seen from their code: the indices of the running thread, barriers, warp exchanges.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emulation/site.hpp"
#include "vector_types.h"

namespace emulation {

// Of the thread that runs now; the engine changes them when it switches fibers. Zero outside of kernels.
struct Indices {
  uint3 thread{0, 0, 0};
  uint3 block{0, 0, 0};
  dim3 block_size{0, 0, 0};
  dim3 grid_size{0, 0, 0};
};
inline constinit Indices indices;

enum class Vote { none, any, all, count };

// Waits until all threads of the block are at this call; returns the vote over `predicate`.
int block_barrier(Vote vote, int predicate, Site site);

enum class WarpOperation {
  sync,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  ballot,
  any,
  all,
  match_any,
  match_all,
  add,
  min_signed,
  max_signed,
  min_unsigned,
  max_unsigned,
  bit_and,
  bit_or,
  bit_xor,
};

// One lane's part in an operation of the lanes of `mask`. `source` is the lane that a shuffle reads, within
// the warp.
struct WarpRequest {
  WarpOperation operation;
  unsigned bytes;  // width of the value
  unsigned mask;
  std::uint64_t value;
  unsigned source;

  // Whether lanes with these requests belong together.
  bool joins(const WarpRequest& other) const {
    return mask == other.mask && operation == other.operation && bytes == other.bytes;
  }
};

// Waits until all lanes of the mask have asked for the same operation with the same mask; returns this lane's
// result.
std::uint64_t warp_exchange(const WarpRequest& request, Site site);

// The running thread has its arguments; what it touches from now on is the kernel's doing.
void enter_kernel();

unsigned lane_index();

// Lanes of this warp that have not returned and wait for nothing: never more than a real device would report.
unsigned active_lanes();

// The dynamic shared memory of the running block, as many bytes as its launch asked for; aligned to 128
// bytes.
void* dynamic_shared();
std::size_t dynamic_shared_bytes();

// Lets other threads of the block run. A block in which all threads only do that for too long is a deadlock.
void yield_thread();

[[noreturn]] void trap(Site site);
void check_assumption(bool holds, Site site);
std::int64_t clock();

}  // namespace emulation
