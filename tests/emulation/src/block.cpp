#include "block.hpp"

#include <algorithm>
#include <numeric>

#include "emulation/control.hpp"
#include "observer.hpp"
#include "shared_memory.hpp"

namespace emulation {

Block* running_block = nullptr;

FiberPool& fiber_pool() {
  static auto* pool = new FiberPool();  // its fibers are suspended when the program ends: never destroyed
  return *pool;
}

std::string describe(Site site) { return std::string(site.file_name()) + ":" + std::to_string(site.line()); }

std::vector<unsigned> permutation(unsigned n, std::uint64_t seed) {
  std::vector<unsigned> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (unsigned i = n; seed != 0 && i > 1; --i) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    std::swap(order[i - 1], order[(seed >> 33) % i]);
  }
  return order;
}

Block::Block(const Grid& grid)
    : grid_(grid),
      threads_(std::size_t{grid.block_size.x} * grid.block_size.y * grid.block_size.z),
      work_([this] { work(); }) {
  unsigned linear = 0;
  for (Thread& thread : threads_) {
    const dim3& size = grid_.block_size;
    thread.index = {linear % size.x, linear / size.x % size.y, linear / size.x / size.y};
    thread.lane = linear % warp_size;
    thread.warp = linear / warp_size;
    ++linear;
  }
}

void Block::run(uint3 index) {
  reset(index);
  running_block = this;
  try {
    schedule();
  } catch (...) {
    cancel_all();
    running_block = nullptr;
    indices = {};
    throw;
  }
  running_block = nullptr;
  indices = {};
}

void Block::reset(uint3 index) {
  for (Thread& thread : threads_) {
    thread.state = ThreadState::unstarted;
    thread.in_kernel = false;
  }
  const std::uint64_t number =
      index.x + std::uint64_t{grid_.size.x} * (index.y + std::uint64_t{grid_.size.y} * index.z);
  const std::uint64_t seed = grid_.seed == 0 ? 0 : grid_.seed * 0x9e3779b97f4a7c15ull + number;
  const auto warps = static_cast<unsigned>((threads_.size() + warp_size - 1) / warp_size);
  if (warp_order_.empty() || seed != 0) {
    warp_order_ = permutation(warps, seed);
    lane_order_ = permutation(warp_size, seed);
  }
  groups_.assign(warps, WarpGroup{});
  done_ = 0;
  waiting_at_barrier_ = 0;
  failure_ = nullptr;
  indices.block = index;
  indices.block_size = grid_.block_size;
  indices.grid_size = grid_.size;
  fill_shared_memory();
  if (observer != nullptr) {
    observer->block_begins();
  }
}

void Block::schedule() {
  constexpr int most_idle_turns = 10'000;
  int idle_turns = 0;
  while (done_ < threads_.size()) {
    progress_ = false;
    for (const unsigned warp : warp_order_) {
      run_warp(warp);
    }
    if (release_barrier() || progress_) {
      idle_turns = 0;
      continue;
    }
    bool yielded = false;
    for (Thread& thread : threads_) {
      if (thread.state == ThreadState::yielded) {
        thread.state = ThreadState::ready;
        yielded = true;
      }
    }
    if (!yielded || ++idle_turns > most_idle_turns) {
      stalled();
    }
  }
}

// Runs the warp's threads until each is done or waits.
void Block::run_warp(unsigned warp) {
  for (bool again = true; again;) {
    again = false;
    for (const unsigned index : lane_order_) {
      if (index >= lanes_in(warp)) {
        continue;
      }
      Thread& thread = lane(warp, index);
      if (thread.state == ThreadState::unstarted || thread.state == ThreadState::ready) {
        run_thread(thread);
        again = true;
      }
    }
  }
}

void Block::run_thread(Thread& thread) {
  if (thread.state == ThreadState::unstarted) {
    Fiber& fiber = fiber_pool().take();
    thread.fiber = &fiber;
    set_current(thread);
    fiber.start(&work_);
    if (fiber.idle()) {
      fiber_pool().put_back(fiber);
    }
  } else {
    Fiber& fiber = *thread.fiber;
    set_current(thread);
    fiber.resume();
    if (fiber.idle()) {
      fiber_pool().put_back(fiber);
    }
  }
  current_ = nullptr;
  if (failure_) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

// Runs in a fiber: the current thread, and after it others of its warp that have not begun, so that kernels
// without barriers need one fiber only.
void Block::work() {
  Fiber* const fiber = current_->fiber;
  const unsigned warp = current_->warp;
  for (Thread* thread = current_; thread != nullptr; thread = next_unstarted(warp)) {
    thread->fiber = fiber;
    set_current(*thread);
    try {
      (*grid_.thread_body)();
    } catch (const Cancelled&) {
      thread->in_kernel = false;
      throw;
    } catch (...) {
      thread->in_kernel = false;
      failure_ = std::current_exception();
    }
    thread->in_kernel = false;
    thread->state = ThreadState::done;
    progress_ = true;
    thread->fiber = nullptr;
    groups_[warp].done |= 1u << thread->lane;
    ++done_;
    if (failure_) {
      return;
    }
  }
}

Thread* Block::next_unstarted(unsigned warp) {
  for (const unsigned index : lane_order_) {
    if (index < lanes_in(warp) && lane(warp, index).state == ThreadState::unstarted) {
      return &lane(warp, index);
    }
  }
  return nullptr;
}

void Block::set_current(Thread& thread) {
  thread.state = ThreadState::running;
  current_ = &thread;
  indices.thread = thread.index;
}

void Block::wait(ThreadState state, Site site) {
  Thread& self = *current_;
  self.state = state;
  self.site = site;
  progress_ |= state != ThreadState::yielded;
  self.fiber->suspend();
}

void Block::cancel_all() {
  for (Thread& thread : threads_) {
    if (thread.fiber != nullptr && !thread.fiber->idle()) {
      Fiber& fiber = *thread.fiber;
      fiber.cancel();
      fiber_pool().put_back(fiber);
    }
    thread.fiber = nullptr;
  }
  current_ = nullptr;
}

void Block::abandon(const std::string& what) {
  Thread& self = *current_;
  try {
    fault(what, self);
  } catch (...) {
    failure_ = std::current_exception();
  }
  Fiber& fiber = *self.fiber;
  self.fiber = nullptr;  // nobody cancels or reuses it
  self.in_kernel = false;
  while (true) {
    fiber.suspend();
  }
}

void Block::yield() { wait(ThreadState::yielded, Site::current()); }

unsigned Block::lanes_in(unsigned warp) const {
  return std::min(warp_size, static_cast<unsigned>(threads_.size()) - warp * warp_size);
}

// Only the lanes that have begun and wait nowhere: a kernel that needs more of them to be active is wrong.
unsigned Block::active_lanes() const { return 1u << current_->lane; }

void Block::fault(const std::string& what, const Thread& thread) const {
  const auto text = [](uint3 v) {
    return "(" + std::to_string(v.x) + "," + std::to_string(v.y) + "," + std::to_string(v.z) + ")";
  };
  throw Fault(std::string(grid_.kernel_name) + ", block " + text(indices.block) + ", thread " +
              text(thread.index) + ": " + what);
}

}  // namespace emulation
