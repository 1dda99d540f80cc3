// From a kernel and its arguments to a launch that the engine can run thread by thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "driver_types.h"
#include "emulation/execution.hpp"
#include "vector_types.h"

namespace emulation {

// Bytes of one argument, searched for pointers to another device's memory.
struct ArgumentBytes {
  const void* data;
  std::size_t size;
};

struct Launch {
  const void* kernel = nullptr;
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
  std::function<void()> thread_body;          // runs the kernel once, for the thread that is current
  std::vector<ArgumentBytes> arguments = {};  // point into thread_body
};

// Runs the launch in the order of its stream. Returns CUDA's errors of the call; throws Fault for what
// kernels do wrong.
cudaError_t launch(Launch launch);

template <class... P, std::size_t... I>
cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments, std::size_t shared_bytes,
                   cudaStream_t stream, std::index_sequence<I...>) {
  // Shared, so that the copies of the body all see the arguments at one address.
  auto values = std::make_shared<std::tuple<std::remove_cv_t<P>...>>(
      *static_cast<const std::remove_cv_t<P>*>(arguments[I])...);
  Launch request{reinterpret_cast<const void*>(kernel), grid, block, shared_bytes, stream, {}, {}};
  // Padding may hold what was there before: an old pointer, say.
  (__builtin_clear_padding(&std::get<I>(*values)), ...);
  request.arguments = {ArgumentBytes{&std::get<I>(*values), sizeof(P)}...};
  request.thread_body = [kernel, values] {
    std::apply(
        [kernel](std::remove_cv_t<P>... copies) {
          enter_kernel();
          kernel(std::move(copies)...);
        },
        *values);
  };
  return launch(std::move(request));
}

cudaError_t copy_symbol(char* symbol, std::size_t symbol_bytes, std::size_t offset, const void* from,
                        std::size_t bytes, cudaMemcpyKind kind);

}  // namespace emulation
