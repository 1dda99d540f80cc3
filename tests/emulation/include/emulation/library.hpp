// For emulated libraries (CUB): the temporary storage that they ask for in a first call, and checks of what
// they are given.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <type_traits>

#include "cuda_runtime_api.h"

namespace emulation {

// Counts a call as one of the runtime and as a launch of `name`. Returns the failure planned for it, if any.
cudaError_t count_library_call(const char* name);

// The same for one that enqueues on a stream, which has to be the current device's.
cudaError_t begin_library_call(const char* name, cudaStream_t stream);

// Throws Fault unless the bytes lie in live memory that the current device may use.
void check_device_range(const char* name, const char* what, const void* data, std::size_t bytes);

// Throws Fault if the ranges share a byte.
void check_disjoint(const char* name, const void* a, std::size_t a_bytes, const void* b, std::size_t b_bytes);

// Gives the stream work, as stream_queue.hpp says.
void enqueue_work(cudaStream_t stream, std::function<void()> work);

// Tells the traced build that these bytes have values.
void note_written(const void* data, std::size_t bytes);

// Fills a library's temporary storage with nonsense, as its use would.
void spoil(void* data, std::size_t bytes);

// Checks what a pointer points to, and takes it for written if it can be; other iterators make their values
// themselves.
template <class Iterator>
void check_items(const char* name, const char* what, Iterator items, std::size_t count) {
  if constexpr (std::is_pointer_v<Iterator>) {
    check_device_range(name, what, items, count * sizeof(*items));
    if constexpr (!std::is_const_v<std::remove_pointer_t<Iterator>>) {
      note_written(items, count * sizeof(*items));
    }
  }
}

// `body` is kept until the stream comes to it. CUB's protocol: without storage the call says how much it
// needs and does nothing else; with too little it fails.
template <class Body>
cudaError_t two_phases(const char* name, void* storage, std::size_t& storage_bytes, std::size_t needed,
                       cudaStream_t stream, const Body& body) {
  if (storage == nullptr) {
    storage_bytes = needed;
    return cudaSuccess;
  }
  if (const cudaError_t error = begin_library_call(name, stream); error != cudaSuccess) {
    return error;
  }
  if (storage_bytes < needed) {
    return cudaErrorInvalidValue;
  }
  enqueue_work(stream, [=] {
    check_device_range(name, "temporary storage", storage, needed);
    spoil(storage, needed);
    body();
  });
  return cudaSuccess;
}

// Storage for a pass over items in tiles.
constexpr std::size_t tile_storage(std::size_t items) { return 256 + items / 128 * 16; }

template <class Iterator>
using ValueOf = std::remove_cvref_t<decltype(std::declval<Iterator>()[0])>;

}  // namespace emulation
