// Small arrays on their way to the device or back: side by side in page-locked memory, moved in one copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "cuda/memory.hpp"

namespace ramet::cuda {

// One step's life: clear(), put() any number of times, send() or fetch(). The next clear() only after the
// device has finished what was enqueued since the last one.
class Staging {
 public:
  void clear();

  // Room for this many more bytes, so that what is put next allocates nothing (as it must not while
  // collectives are under way).
  void reserve(std::size_t bytes);

  // `count` zeroed elements to be filled in, and where they will lie on the device. Both stay valid until
  // clear().
  template <class T>
  std::pair<T*, T*> put(std::size_t count) {
    const auto [host, device] = place(count * sizeof(T));
    return {reinterpret_cast<T*>(host), reinterpret_cast<T*>(device)};
  }
  template <class T>
  T* put(std::span<const T> values) {
    const auto [host, device] = put<T>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) host[i] = values[i];
    return device;
  }

  // Enqueues the copies of what was put since the last send.
  void send(cudaStream_t stream);
  // Enqueues the copies back to the host of all that was put since clear().
  void fetch(cudaStream_t stream);

 private:
  struct Block {
    explicit Block(std::size_t bytes) : host(bytes), device(bytes) {}
    PinnedArray<std::byte> host;
    DeviceArray<std::byte> device;
    std::size_t used = 0;
    std::size_t sent = 0;
  };

  std::pair<std::byte*, std::byte*> place(std::size_t bytes);

  std::vector<Block> blocks_;
};

}  // namespace ramet::cuda
