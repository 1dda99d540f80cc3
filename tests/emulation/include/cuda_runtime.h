// CUDA's language extensions and runtime for .cu files that a host compiler compiles: each thread is a fiber.
#pragma once

// The standard headers that use __noinline__ as an attribute's name, before it becomes a macro.
#include <memory>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda_runtime_api.h"
#include "emulation/launch.hpp"

#define __global__
#define __constant__
#define __grid_constant__
#define __managed__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
// A section of its own (see shared_memory.ld), so that the engine can fill and check it.
#define __shared__ static __attribute__((noinit))

#include "emulation/atomics.hpp"
#include "emulation/intrinsics.hpp"
#include "emulation/warp.hpp"

inline constexpr int warpSize = 32;
inline constexpr const uint3& threadIdx = emulation::indices.thread;
inline constexpr const uint3& blockIdx = emulation::indices.block;
inline constexpr const dim3& blockDim = emulation::indices.block_size;
inline constexpr const dim3& gridDim = emulation::indices.grid_size;

template <class T>
cudaError_t cudaMalloc(T** pointer, size_t bytes) {
  return ::cudaMalloc(reinterpret_cast<void**>(pointer), bytes);
}
template <class T>
cudaError_t cudaMallocAsync(T** pointer, size_t bytes, cudaStream_t stream) {
  return ::cudaMallocAsync(reinterpret_cast<void**>(pointer), bytes, stream);
}
template <class T>
cudaError_t cudaMallocHost(T** pointer, size_t bytes, unsigned flags = 0) {
  return ::cudaHostAlloc(reinterpret_cast<void**>(pointer), bytes, flags);
}
template <class T>
cudaError_t cudaHostAlloc(T** pointer, size_t bytes, unsigned flags) {
  return ::cudaHostAlloc(reinterpret_cast<void**>(pointer), bytes, flags);
}
template <class T>
cudaError_t cudaHostGetDevicePointer(T** device_pointer, void* host_pointer, unsigned flags) {
  return ::cudaHostGetDevicePointer(reinterpret_cast<void**>(device_pointer), host_pointer, flags);
}

template <class... P>
cudaError_t cudaFuncSetAttribute(void (*kernel)(P...), cudaFuncAttribute attribute, int value) {
  return ::cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}
template <class... P>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, void (*kernel)(P...)) {
  return ::cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(kernel));
}
template <class... P>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void (*kernel)(P...), int threads,
                                                          size_t dynamic_shared_bytes) {
  return ::cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, reinterpret_cast<const void*>(kernel),
                                                         threads, dynamic_shared_bytes);
}

// Symbols are plain variables here; each emulated device sees the same one.
template <class T>
cudaError_t cudaMemcpyToSymbol(T& symbol, const void* from, size_t bytes, size_t offset = 0,
                               cudaMemcpyKind kind = cudaMemcpyHostToDevice) {
  return emulation::copy_symbol(reinterpret_cast<char*>(&symbol), sizeof symbol, offset, from, bytes, kind);
}

template <class... P>
cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments,
                             size_t shared_bytes = 0, cudaStream_t stream = nullptr) {
  static_assert((!std::is_reference_v<P> && ...), "a kernel takes its parameters by value");
  return emulation::launch(kernel, grid, block, arguments, shared_bytes, stream,
                           std::index_sequence_for<P...>{});
}
