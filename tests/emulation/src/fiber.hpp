// Fibers with pooled stacks: each runs one piece of work after another and can stop in the midst of one.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace emulation {

// Thrown inside of a suspended fiber whose work is given up, so that its stack unwinds.
struct Cancelled {};

class Fiber {
 public:
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs `work` until it ends or suspends. Call from outside of fibers.
  void start(const std::function<void()>* work);
  // Continues after suspend().
  void resume();
  // Back to the caller of start or resume. Call from inside of the fiber. Throws Cancelled if it was
  // cancelled.
  void suspend();
  // Ends suspended work by an exception at its suspend().
  void cancel();
  bool idle() const { return work_ == nullptr; }

 private:
  void enter();
  void leave();
  boost::context::fiber main(boost::context::fiber&& caller);

  boost::context::fiber context_;  // of the fiber, while it does not run
  boost::context::fiber caller_;   // of whoever resumed it, while it runs
  const std::function<void()>* work_ = nullptr;
  bool cancelled_ = false;
  void* stack_bottom_ = nullptr;
  std::size_t stack_bytes_ = 0;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
};

// Fibers that wait for work. They live as long as the program.
class FiberPool {
 public:
  Fiber& take();
  void put_back(Fiber& fiber) { free_.push_back(&fiber); }

 private:
  std::vector<std::unique_ptr<Fiber>> all_;
  std::vector<Fiber*> free_;
};

// Whether an address lies on the stack of some fiber.
bool on_fiber_stack(const void* address);

}  // namespace emulation
