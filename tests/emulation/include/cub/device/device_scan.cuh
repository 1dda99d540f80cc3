// cub::DeviceScan: prefix sums, also in place.
#pragma once

#include <cstddef>
#include <functional>

#include "emulation/library.hpp"

namespace cub {

struct DeviceScan {
  template <class In, class Out, class Count>
  static cudaError_t ExclusiveSum(void* temporary, std::size_t& bytes, In in, Out out, Count count,
                                  cudaStream_t stream = nullptr) {
    return ExclusiveScan(temporary, bytes, in, out, std::plus<>{}, emulation::ValueOf<In>{}, count, stream);
  }
  template <class InOut, class Count>
  static cudaError_t ExclusiveSum(void* temporary, std::size_t& bytes, InOut data, Count count,
                                  cudaStream_t stream = nullptr) {
    return ExclusiveSum(temporary, bytes, data, data, count, stream);
  }
  template <class In, class Out, class Count>
  static cudaError_t InclusiveSum(void* temporary, std::size_t& bytes, In in, Out out, Count count,
                                  cudaStream_t stream = nullptr) {
    return InclusiveScan(temporary, bytes, in, out, std::plus<>{}, count, stream);
  }
  template <class InOut, class Count>
  static cudaError_t InclusiveSum(void* temporary, std::size_t& bytes, InOut data, Count count,
                                  cudaStream_t stream = nullptr) {
    return InclusiveSum(temporary, bytes, data, data, count, stream);
  }
  template <class In, class Out, class Operation, class Initial, class Count>
  static cudaError_t ExclusiveScan(void* temporary, std::size_t& bytes, In in, Out out, Operation operation,
                                   Initial initial, Count count, cudaStream_t stream = nullptr) {
    constexpr const char* name = "cub::DeviceScan (exclusive)";
    const auto items = static_cast<std::size_t>(count);
    return emulation::two_phases(name, temporary, bytes, emulation::tile_storage(items), stream, [=] {
      emulation::check_items(name, "input", in, items);
      emulation::check_items(name, "output", out, items);
      Initial sum = initial;
      for (std::size_t i = 0; i < items; ++i) {
        const auto value = in[i];
        out[i] = static_cast<emulation::ValueOf<Out>>(sum);
        sum = static_cast<Initial>(operation(sum, value));
      }
    });
  }
  template <class In, class Out, class Operation, class Count>
  static cudaError_t InclusiveScan(void* temporary, std::size_t& bytes, In in, Out out, Operation operation,
                                   Count count, cudaStream_t stream = nullptr) {
    constexpr const char* name = "cub::DeviceScan (inclusive)";
    const auto items = static_cast<std::size_t>(count);
    return emulation::two_phases(name, temporary, bytes, emulation::tile_storage(items), stream, [=] {
      emulation::check_items(name, "input", in, items);
      emulation::check_items(name, "output", out, items);
      emulation::ValueOf<In> sum{};
      for (std::size_t i = 0; i < items; ++i) {
        const emulation::ValueOf<In> value = in[i];
        sum = i == 0 ? value : static_cast<emulation::ValueOf<In>>(operation(sum, value));
        out[i] = static_cast<emulation::ValueOf<Out>>(sum);
      }
    });
  }
};

}  // namespace cub
