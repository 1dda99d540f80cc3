// Arrays on the device, and page-locked ones on the host that copies can run to without waiting.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace ramet::cuda {

// On the current device, uninitialised. Throws Error{out_of_memory} that names the size and what is free.
void* allocate_device(std::size_t bytes);
void free_device(void* p) noexcept;
void* allocate_pinned(std::size_t bytes);
void free_pinned(void* p) noexcept;

// Copies and fills are enqueued on the stream. Host memory must be page-locked, or stay as it is until the
// stream is done.
void copy_bytes(void* to, const void* from, std::size_t bytes, cudaStream_t stream);
void fill_bytes(void* to, int value, std::size_t bytes, cudaStream_t stream);

namespace detail {
struct DeviceMemory {
  static void* allocate(std::size_t bytes) { return allocate_device(bytes); }
  static void release(void* p) noexcept { free_device(p); }
};
struct PinnedMemory {
  static void* allocate(std::size_t bytes) { return allocate_pinned(bytes); }
  static void release(void* p) noexcept { free_pinned(p); }
};
}  // namespace detail

// An owning array of plain values, uninitialised.
template <class T, class Memory>
requires std::is_trivially_copyable_v<T>
class Array {
 public:
  Array() = default;
  explicit Array(std::size_t size) : size_(size) {
    if (size > 0) data_ = static_cast<T*>(Memory::allocate(size * sizeof(T)));
  }
  Array(Array&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Array& operator=(Array&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Array() {
    if (data_ != nullptr) Memory::release(data_);
  }

  T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return size_ * sizeof(T); }
  bool empty() const noexcept { return size_ == 0; }
  // At least `size` elements; what was there is lost if it has to grow. Not for the round loop.
  void reserve(std::size_t size) {
    if (size > size_) *this = Array(size);
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// Device memory: only kernels and copies may touch it.
template <class T>
using DeviceArray = Array<T, detail::DeviceMemory>;

// Page-locked host memory.
template <class T>
class PinnedArray : public Array<T, detail::PinnedMemory> {
 public:
  using Array<T, detail::PinnedMemory>::Array;
  T& operator[](std::size_t i) const noexcept { return this->data()[i]; }
  std::span<T> span() const noexcept { return {this->data(), this->size()}; }
};

template <class T>
void copy(T* to, const T* from, std::size_t count, cudaStream_t stream) {
  if (count > 0) copy_bytes(to, from, count * sizeof(T), stream);
}
template <class T>
void fill_zero(T* to, std::size_t count, cudaStream_t stream) {
  if (count > 0) fill_bytes(to, 0, count * sizeof(T), stream);
}

}  // namespace ramet::cuda
