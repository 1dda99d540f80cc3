// Operations of the lanes of a warp.
#include <algorithm>
#include <bit>
#include <functional>

#include "block.hpp"
#include "observer.hpp"

namespace emulation {
namespace {

// What a lane reads that is not part of the shuffle, where CUDA leaves the value undefined.
constexpr std::uint64_t undefined_value = 0xcbcbcbcbcbcbcbcbull;

std::uint64_t combine(WarpOperation operation, std::uint64_t a, std::uint64_t b) {
  const auto x = static_cast<std::uint32_t>(a);
  const auto y = static_cast<std::uint32_t>(b);
  const auto signed_x = static_cast<std::int32_t>(x);
  const auto signed_y = static_cast<std::int32_t>(y);
  switch (operation) {
    case WarpOperation::add:
      return static_cast<std::uint32_t>(x + y);
    case WarpOperation::min_signed:
      return signed_x < signed_y ? x : y;
    case WarpOperation::max_signed:
      return signed_x < signed_y ? y : x;
    case WarpOperation::min_unsigned:
      return std::min(x, y);
    case WarpOperation::max_unsigned:
      return std::max(x, y);
    case WarpOperation::bit_and:
      return x & y;
    case WarpOperation::bit_or:
      return x | y;
    case WarpOperation::bit_xor:
      return x ^ y;
    default:
      return 0;
  }
}

// The lanes of the mask whose value is `value`.
template <class Value>
unsigned lanes_where(unsigned mask, const Value& value) {
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1u) != 0 && value(lane)) {
      lanes |= 1u << lane;
    }
  }
  return lanes;
}

}  // namespace

std::uint64_t Block::exchange(const WarpRequest& request, Site site) {
  Thread& self = *current_;
  self.request = request;
  self.site = site;
  WarpGroup& group = groups_[self.warp];
  if (group.waiting == 0) {
    group.common = true;
    group.request = request;
    check_request(self);
  } else if (!group.common || (request.mask & group.done) != 0 || !group.request.joins(request) ||
             (request.mask >> self.lane & 1u) == 0) {
    check_request(self);
    group.common = false;
  }
  group.waiting |= 1u << self.lane;
  self.state = ThreadState::in_warp_operation;
  // Mostly all lanes that wait are of one group: then it is complete when they are all there.
  if (group.common && group.waiting != request.mask) {
    wait(ThreadState::in_warp_operation, site);
    return self.result;
  }
  if (complete(request, self.warp)) {
    self.state = ThreadState::running;
  } else {
    wait(ThreadState::in_warp_operation, site);
  }
  return self.result;
}

// Refuses what can never succeed, whatever the others do.
void Block::check_request(Thread& thread) {
  const unsigned mask = thread.request.mask;
  if ((mask >> thread.lane & 1u) == 0) {
    refuse(thread, "has a mask without the calling lane");
  }
  const unsigned lanes = lanes_in(thread.warp);
  if (lanes < warp_size && mask >> lanes != 0) {
    refuse(thread, "has a lane in its mask, which the warp does not have: lane " +
                       std::to_string(31 - std::countl_zero(mask)));
  }
  const Thread* of_warp = &lane(thread.warp, 0);
  for (unsigned left = mask; left != 0; left &= left - 1) {
    const auto index = static_cast<unsigned>(std::countr_zero(left));
    const Thread& other = of_warp[index];
    if (other.state == ThreadState::done) {
      refuse(thread, "has lane " + std::to_string(index) + " in its mask, which has returned");
    }
    if (other.state != ThreadState::in_warp_operation || (other.request.mask >> thread.lane & 1u) == 0) {
      continue;
    }
    if (other.request.mask != mask) {
      refuse(thread,
             "meets another mask, that of lane " + std::to_string(index) + " at " + describe(other.site));
    }
    if (other.request.operation != thread.request.operation || other.request.bytes != thread.request.bytes) {
      refuse(thread, "meets another operation, that of lane " + std::to_string(index) + " at " +
                         describe(other.site));
    }
  }
}

void Block::refuse(const Thread& thread, const std::string& why) const {
  fault("warp operation at " + describe(thread.site) + ' ' + why, thread);
}

// Gives all lanes of the mask their results if the last of them has arrived.
bool Block::complete(const WarpRequest& request, unsigned warp) {
  const unsigned mask = request.mask;
  // From the last lane on, since lanes mostly come in their order.
  for (unsigned left = mask; left != 0;) {
    const auto index = static_cast<unsigned>(31 - std::countl_zero(left));
    left ^= 1u << index;
    const Thread& thread = lane(warp, index);
    if (thread.state != ThreadState::in_warp_operation || thread.request.mask != mask) {
      return false;
    }
  }
  std::uint64_t reduced = 0;
  bool first = true;
  for (unsigned index = 0; index < warp_size; ++index) {
    if ((mask >> index & 1u) == 0) {
      continue;
    }
    const Thread& thread = lane(warp, index);
    reduced = first ? thread.request.value : combine(request.operation, reduced, thread.request.value);
    first = false;
  }
  const auto value = [&](unsigned index) { return lane(warp, index).request.value; };
  const bool votes_count = request.operation == WarpOperation::ballot ||
                           request.operation == WarpOperation::any || request.operation == WarpOperation::all;
  const unsigned votes =
      votes_count ? lanes_where(mask, [&](unsigned index) { return value(index) != 0; }) : 0;
  for (unsigned index = 0; index < warp_size; ++index) {
    if ((mask >> index & 1u) == 0) {
      continue;
    }
    Thread& thread = lane(warp, index);
    const auto equal = [&](unsigned other) { return value(other) == thread.request.value; };
    const unsigned source = thread.request.source;
    switch (request.operation) {
      case WarpOperation::sync:
        thread.result = 0;
        break;
      case WarpOperation::shuffle:
      case WarpOperation::shuffle_up:
      case WarpOperation::shuffle_down:
      case WarpOperation::shuffle_xor:
        thread.result = (mask >> source & 1u) != 0 ? value(source) : undefined_value;
        break;
      case WarpOperation::ballot:
        thread.result = votes;
        break;
      case WarpOperation::any:
        thread.result = votes != 0;
        break;
      case WarpOperation::all:
        thread.result = votes == mask;
        break;
      case WarpOperation::match_any:
        thread.result = lanes_where(mask, equal);
        break;
      case WarpOperation::match_all:
        thread.result = lanes_where(mask, equal) == mask ? mask : 0;
        break;
      default:
        thread.result = reduced;
        break;
    }
    thread.state = ThreadState::ready;
  }
  groups_[warp].waiting &= ~mask;
  if (observer != nullptr) {
    observer->lanes_synchronised(warp, mask);
  }
  return true;
}

}  // namespace emulation
