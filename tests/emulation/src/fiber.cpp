#include "fiber.hpp"

#include <sys/mman.h>

#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace emulation {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stack_size = std::size_t{256} << 10;
#else
constexpr std::size_t stack_size = std::size_t{64} << 10;
#endif
constexpr std::size_t guard_size = 4096;

// All stacks stand in one reserved range, each above a page that must not be touched.
constexpr std::size_t most_fibers = 2048;
char* stacks = nullptr;
std::size_t stacks_used = 0;

char* take_stack() {
  constexpr std::size_t slot = stack_size + guard_size;
  if (stacks == nullptr) {
    void* range =
        mmap(nullptr, most_fibers * slot, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) {
      throw std::bad_alloc();
    }
    stacks = static_cast<char*>(range);
  }
  if (stacks_used == most_fibers) {
    throw std::bad_alloc();
  }
  char* bottom = stacks + stacks_used * slot + guard_size;
  if (mprotect(bottom, stack_size, PROT_READ | PROT_WRITE) != 0) {
    throw std::bad_alloc();
  }
  ++stacks_used;
  return bottom;
}

// Stacks are never given back: the fibers live as long as the program.
struct KeepStack {
  void deallocate(boost::context::stack_context&) {}
};

}  // namespace

Fiber::Fiber() {
  stack_bottom_ = take_stack();
  stack_bytes_ = stack_size;
  boost::context::stack_context stack;
  stack.size = stack_size;
  stack.sp = static_cast<char*>(stack_bottom_) + stack_size;
  const boost::context::preallocated place(stack.sp, stack.size, stack);
  context_ =
      boost::context::fiber(std::allocator_arg, place, KeepStack{},
                            [this](boost::context::fiber&& caller) { return main(std::move(caller)); });
}

// Runs on the fiber's own stack, for ever: between two pieces of work it is suspended.
boost::context::fiber Fiber::main(boost::context::fiber&& caller) {
  caller_ = std::move(caller);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &caller_stack_, &caller_stack_bytes_);
#endif
  while (true) {
    try {
      (*work_)();
    } catch (const Cancelled&) {  // what was to happen
    }
    work_ = nullptr;
    leave();
  }
  return {};
}

void Fiber::start(const std::function<void()>* work) {
  work_ = work;
  enter();
}

void Fiber::resume() { enter(); }

void Fiber::suspend() {
  leave();
  if (cancelled_) {
    cancelled_ = false;
    throw Cancelled();
  }
}

void Fiber::cancel() {
  cancelled_ = true;
  enter();
}

void Fiber::enter() {
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, stack_bottom_, stack_bytes_);
#endif
  context_ = std::move(context_).resume();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

void Fiber::leave() {
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, caller_stack_, caller_stack_bytes_);
#endif
  caller_ = std::move(caller_).resume();
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, &caller_stack_, &caller_stack_bytes_);
#endif
}

Fiber& FiberPool::take() {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Fiber>());
    return *all_.back();
  }
  Fiber& fiber = *free_.back();
  free_.pop_back();
  return fiber;
}

bool on_fiber_stack(const void* address) {
  const auto* at = static_cast<const char*>(address);
  return stacks != nullptr && at >= stacks && at < stacks + stacks_used * (stack_size + guard_size);
}

}  // namespace emulation
