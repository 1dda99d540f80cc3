// Barriers of a block, and what is wrong when no thread of a block can go on.
#include <algorithm>

#include "block.hpp"
#include "observer.hpp"

namespace emulation {
namespace {

bool same_site(Site a, Site b) {
  return a.line() == b.line() && a.column() == b.column() && std::string_view(a.file_name()) == b.file_name();
}

}  // namespace

int Block::barrier(Vote vote, int predicate, Site site) {
  Thread& self = *current_;
  self.vote = vote;
  self.predicate = predicate;
  ++waiting_at_barrier_;
  wait(ThreadState::at_barrier, site);
  return static_cast<int>(static_cast<std::int64_t>(self.result));
}

// Lets all threads go on if every one of them is at the same barrier.
bool Block::release_barrier() {
  if (waiting_at_barrier_ != threads_.size()) {
    return false;
  }
  const Thread& first = threads_.front();
  int count = 0;
  for (const Thread& thread : threads_) {
    if (!same_site(thread.site, first.site) || thread.vote != first.vote) {
      fault("divergent barrier: waits at " + describe(thread.site) + " while thread 0 waits at " +
                describe(first.site),
            thread);
    }
    count += thread.predicate != 0 ? 1 : 0;
  }
  const int all = static_cast<int>(threads_.size());
  for (Thread& thread : threads_) {
    switch (thread.vote) {
      case Vote::none:
        thread.result = 0;
        break;
      case Vote::any:
        thread.result = count > 0;
        break;
      case Vote::all:
        thread.result = count == all;
        break;
      case Vote::count:
        thread.result = static_cast<std::uint64_t>(count);
        break;
    }
    thread.state = ThreadState::ready;
  }
  waiting_at_barrier_ = 0;
  if (observer != nullptr) {
    observer->block_synchronised();
  }
  return true;
}

void Block::stalled() {
  for (const Thread& thread : threads_) {
    if (thread.state == ThreadState::in_warp_operation) {
      stalled_warp(thread);
    }
  }
  for (const Thread& thread : threads_) {
    if (thread.state == ThreadState::at_barrier) {
      stalled_barrier(thread);
    }
  }
  const auto yielded = std::find_if(threads_.begin(), threads_.end(), [](const Thread& thread) {
    return thread.state == ThreadState::yielded;
  });
  fault("deadlock: the block's threads only wait for each other",
        yielded == threads_.end() ? threads_[0] : *yielded);
}

void Block::stalled_barrier(const Thread& waiting) {
  for (const Thread& thread : threads_) {
    if (thread.state == ThreadState::done) {
      fault("divergent barrier: waits at " + describe(waiting.site) + " for thread " +
                std::to_string(&thread - threads_.data()) + ", which has returned",
            waiting);
    }
  }
  fault("deadlock: waits at the barrier " + describe(waiting.site) + " that other threads never reach",
        waiting);
}

void Block::stalled_warp(const Thread& waiting) {
  const std::string where = "warp operation at " + describe(waiting.site) + " waits for lane ";
  for (unsigned index = 0; index < warp_size; ++index) {
    if ((waiting.request.mask >> index & 1u) == 0) {
      continue;
    }
    const Thread& other = lane(waiting.warp, index);
    const std::string who = where + std::to_string(index);
    if (other.state == ThreadState::done) {
      fault(who + ", which has returned", waiting);
    }
    if (other.state == ThreadState::at_barrier) {
      fault(who + ", which waits at the barrier " + describe(other.site), waiting);
    }
    if (other.state == ThreadState::in_warp_operation && other.request.mask != waiting.request.mask) {
      fault(who + ", which asks for another mask at " + describe(other.site), waiting);
    }
    if (other.state == ThreadState::yielded) {
      fault(who + ", which does not arrive (deadlock)", waiting);
    }
  }
  fault("deadlock in a warp operation at " + describe(waiting.site), waiting);
}

}  // namespace emulation
