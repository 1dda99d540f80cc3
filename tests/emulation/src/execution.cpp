// The calls that kernels make, passed on to the block that runs.
#include "emulation/execution.hpp"

#include <chrono>

#include "block.hpp"
#include "emulation/control.hpp"
#include "observer.hpp"
#include "shared_memory.hpp"

namespace emulation {
namespace {

Block& block(const char* what) {
  if (running_block == nullptr || !running_block->has_current()) {
    throw Fault(std::string(what) + " outside of a kernel");
  }
  return *running_block;
}

}  // namespace

Observer* observer = nullptr;

int block_barrier(Vote vote, int predicate, Site site) {
  Block& running = block("barrier");
  const OutsideOfKernel scope(running.current());
  return running.barrier(vote, predicate, site);
}

std::uint64_t warp_exchange(const WarpRequest& request, Site site) {
  Block& running = block("warp operation");
  const OutsideOfKernel scope(running.current());
  return running.exchange(request, site);
}

void enter_kernel() { block("enter_kernel").enter_kernel(); }

unsigned lane_index() { return block("warp operation").current().lane; }
unsigned active_lanes() { return block("__activemask").active_lanes(); }

void* dynamic_shared() {
  block("dynamic shared memory");
  return dynamic_shared_memory().data;
}
std::size_t dynamic_shared_bytes() { return dynamic_shared_memory().bytes; }

void yield_thread() {
  Block& running = block("__nanosleep");
  const OutsideOfKernel scope(running.current());
  running.yield();
}

void trap(Site site) {
  Block& running = block("__trap");
  const OutsideOfKernel scope(running.current());
  running.fault("trap at " + describe(site), running.current());
}

void check_assumption(bool holds, Site site) {
  if (!holds) {
    Block& running = block("__builtin_assume");
    const OutsideOfKernel scope(running.current());
    running.fault("a false assumption at " + describe(site), running.current());
  }
}

std::int64_t clock() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace emulation
