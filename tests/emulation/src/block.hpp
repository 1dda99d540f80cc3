// One thread block: its threads as fibers, scheduled until all have returned.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "emulation/execution.hpp"
#include "fiber.hpp"

namespace emulation {

enum class ThreadState { unstarted, ready, running, yielded, at_barrier, in_warp_operation, done };

struct Thread {
  uint3 index{0, 0, 0};
  unsigned lane = 0;
  unsigned warp = 0;
  ThreadState state = ThreadState::unstarted;
  Fiber* fiber = nullptr;
  Site site = {};  // of the call it waits in
  Vote vote = Vote::none;
  int predicate = 0;
  WarpRequest request = {};
  std::uint64_t result = 0;  // of the call it waited in
  bool in_kernel = false;    // past the copying of the arguments
};

// The lanes of one warp that wait in warp operations.
struct WarpGroup {
  unsigned waiting = 0;
  unsigned done = 0;         // lanes that have returned
  bool common = true;        // those that wait do so for the same operation with the same mask
  WarpRequest request = {};  // of the first
};

// The grid that a block belongs to, and what each of its threads runs.
struct Grid {
  dim3 size;
  dim3 block_size;
  const char* kernel_name = "";
  const std::function<void()>* thread_body = nullptr;
  std::uint64_t seed = 0;
};

class Block {
 public:
  explicit Block(const Grid& grid);
  // Runs all threads of one block. Throws Fault. Can be called again for another block of the grid.
  void run(uint3 index);

  Thread& current() { return *current_; }
  bool has_current() const { return current_ != nullptr; }
  int barrier(Vote vote, int predicate, Site site);
  std::uint64_t exchange(const WarpRequest& request, Site site);
  unsigned active_lanes() const;
  void yield();
  void enter_kernel() { current_->in_kernel = true; }
  [[noreturn]] void fault(const std::string& what, const Thread& thread) const;
  // The same for callers that no exception can pass through: the current thread's stack is given up as it is.
  [[noreturn]] void abandon(const std::string& what);

 private:
  static constexpr unsigned warp_size = 32;

  void reset(uint3 index);
  void schedule();
  void run_warp(unsigned warp);
  void run_thread(Thread& thread);
  void work();
  Thread* next_unstarted(unsigned warp);
  void set_current(Thread& thread);
  void wait(ThreadState state, Site site);
  void cancel_all();
  bool release_barrier();
  [[noreturn]] void stalled();
  [[noreturn]] void stalled_barrier(const Thread& waiting);
  [[noreturn]] void stalled_warp(const Thread& waiting);
  void check_request(Thread& thread);
  [[noreturn]] void refuse(const Thread& thread, const std::string& why) const;
  bool complete(const WarpRequest& request, unsigned warp);
  Thread& lane(unsigned warp, unsigned index) { return threads_[warp * warp_size + index]; }
  unsigned lanes_in(unsigned warp) const;

  Grid grid_;
  std::vector<Thread> threads_;
  std::vector<WarpGroup> groups_;  // per warp
  std::vector<unsigned> warp_order_;
  std::vector<unsigned> lane_order_;
  std::function<void()> work_;
  Thread* current_ = nullptr;
  unsigned done_ = 0;
  unsigned waiting_at_barrier_ = 0;
  bool progress_ = false;  // some thread has done more than yield
  std::exception_ptr failure_;
};

// While it lives, what the thread does is not the kernel's doing: the engine may use functions (of
// std::string, say) that the linker took from traced files.
class OutsideOfKernel {
 public:
  explicit OutsideOfKernel(Thread& thread) : thread_(thread), before_(thread.in_kernel) {
    thread.in_kernel = false;
  }
  OutsideOfKernel(const OutsideOfKernel&) = delete;
  OutsideOfKernel& operator=(const OutsideOfKernel&) = delete;
  ~OutsideOfKernel() { thread_.in_kernel = before_; }

 private:
  Thread& thread_;
  bool before_;
};

// The block whose threads run now, or null outside of kernels.
extern Block* running_block;

// The fibers of all blocks; used under the launch lock.
FiberPool& fiber_pool();

// "file:line" of a call in a kernel.
std::string describe(Site site);

// A permutation of 0 .. n - 1 drawn from the seed; the identity for seed 0.
std::vector<unsigned> permutation(unsigned n, std::uint64_t seed);

}  // namespace emulation
