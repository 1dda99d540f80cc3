// Which bytes of device memory have ever been written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace emulation {

class DeviceShadow {
 public:
  void allocated(const char* at, std::size_t bytes);
  void freed(const char* at);
  void written(const char* at, std::size_t bytes) { set(at, bytes, 1); }
  // What is unwritten stays so where it is copied to. Memory that is not the device's counts as written.
  void copied(const char* to, const char* from, std::size_t bytes);
  bool initialised(const char* at, std::size_t bytes);

 private:
  struct Flags {
    const char* begin = nullptr;
    std::vector<std::uint8_t> written;
  };
  void set(const char* at, std::size_t bytes, std::uint8_t value);
  Flags* find(const char* at);

  std::mutex mutex_;
  std::map<const char*, Flags> allocations_;
};

}  // namespace emulation
