#include "device_shadow.hpp"

#include <algorithm>

namespace emulation {

void DeviceShadow::allocated(const char* at, std::size_t bytes) {
  if (bytes == 0) {
    return;
  }
  const std::lock_guard lock(mutex_);
  allocations_[at] = {at, std::vector<std::uint8_t>(bytes)};
}

void DeviceShadow::freed(const char* at) {
  const std::lock_guard lock(mutex_);
  allocations_.erase(at);
}

DeviceShadow::Flags* DeviceShadow::find(const char* at) {
  const auto next = allocations_.upper_bound(at);
  if (next == allocations_.begin()) {
    return nullptr;
  }
  Flags& flags = std::prev(next)->second;
  return at < flags.begin + flags.written.size() ? &flags : nullptr;
}

void DeviceShadow::set(const char* at, std::size_t bytes, std::uint8_t value) {
  const std::lock_guard lock(mutex_);
  if (Flags* flags = find(at); flags != nullptr) {
    const auto offset = static_cast<std::size_t>(at - flags->begin);
    const std::size_t count = std::min(bytes, flags->written.size() - offset);
    std::fill_n(flags->written.begin() + static_cast<std::ptrdiff_t>(offset), count, value);
  }
}

void DeviceShadow::copied(const char* to, const char* from, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  Flags* target = find(to);
  if (target == nullptr) {
    return;
  }
  const Flags* source = find(from);
  const auto first = static_cast<std::size_t>(to - target->begin);
  const std::size_t from_first = source == nullptr ? 0 : static_cast<std::size_t>(from - source->begin);
  // Backwards and forwards alike: overlapping copies of flags differ from those of data only in what is
  // written.
  const std::vector<std::uint8_t> copy =
      source == nullptr ? std::vector<std::uint8_t>(bytes, 1)
                        : std::vector<std::uint8_t>(
                              source->written.begin() + static_cast<std::ptrdiff_t>(from_first),
                              source->written.begin() + static_cast<std::ptrdiff_t>(from_first + bytes));
  std::copy(copy.begin(), copy.end(), target->written.begin() + static_cast<std::ptrdiff_t>(first));
}

bool DeviceShadow::initialised(const char* at, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const Flags* flags = find(at);
  if (flags == nullptr) {
    return true;
  }
  const auto first = flags->written.begin() + (at - flags->begin);
  return std::all_of(first, first + static_cast<std::ptrdiff_t>(bytes),
                     [](std::uint8_t flag) { return flag != 0; });
}

}  // namespace emulation
