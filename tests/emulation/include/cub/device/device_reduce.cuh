// cub::DeviceReduce: of all items, and of runs with equal keys.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "emulation/library.hpp"

namespace cub {

struct DeviceReduce {
  template <class In, class Out, class Operation, class T, class Count>
  static cudaError_t Reduce(void* temporary, std::size_t& bytes, In in, Out out, Count count,
                            Operation operation, T initial, cudaStream_t stream = nullptr) {
    constexpr const char* name = "cub::DeviceReduce";
    const auto items = static_cast<std::size_t>(count);
    return emulation::two_phases(name, temporary, bytes, emulation::tile_storage(items), stream, [=] {
      emulation::check_items(name, "input", in, items);
      emulation::check_items(name, "output", out, 1);
      T result = initial;
      for (std::size_t i = 0; i < items; ++i) {
        result = static_cast<T>(operation(result, in[i]));
      }
      out[0] = static_cast<emulation::ValueOf<Out>>(result);
    });
  }
  template <class In, class Out, class Count>
  static cudaError_t Sum(void* temporary, std::size_t& bytes, In in, Out out, Count count,
                         cudaStream_t stream = nullptr) {
    return Reduce(temporary, bytes, in, out, count, std::plus<>{}, emulation::ValueOf<Out>{}, stream);
  }
  template <class In, class Out, class Count>
  static cudaError_t Max(void* temporary, std::size_t& bytes, In in, Out out, Count count,
                         cudaStream_t stream = nullptr) {
    using T = emulation::ValueOf<In>;
    return Reduce(
        temporary, bytes, in, out, count, [](T a, T b) { return a < b ? b : a; },
        std::numeric_limits<T>::lowest(), stream);
  }
  template <class In, class Out, class Count>
  static cudaError_t Min(void* temporary, std::size_t& bytes, In in, Out out, Count count,
                         cudaStream_t stream = nullptr) {
    using T = emulation::ValueOf<In>;
    return Reduce(
        temporary, bytes, in, out, count, [](T a, T b) { return b < a ? b : a; },
        std::numeric_limits<T>::max(), stream);
  }
  template <class Keys, class Unique, class Values, class Aggregates, class Runs, class Operation,
            class Count>
  static cudaError_t ReduceByKey(void* temporary, std::size_t& bytes, Keys keys, Unique unique, Values values,
                                 Aggregates aggregates, Runs runs, Operation operation, Count count,
                                 cudaStream_t stream = nullptr) {
    constexpr const char* name = "cub::DeviceReduce::ReduceByKey";
    const auto items = static_cast<std::size_t>(count);
    return emulation::two_phases(name, temporary, bytes, emulation::tile_storage(items), stream, [=] {
      emulation::check_items(name, "keys", keys, items);
      emulation::check_items(name, "values", values, items);
      emulation::check_items(name, "number of runs", runs, 1);
      std::vector<emulation::ValueOf<Keys>> run_keys;
      std::vector<emulation::ValueOf<Values>> run_values;
      for (std::size_t i = 0; i < items; ++i) {
        if (i > 0 && keys[i] == run_keys.back()) {
          run_values.back() =
              static_cast<emulation::ValueOf<Values>>(operation(run_values.back(), values[i]));
        } else {
          run_keys.push_back(keys[i]);
          run_values.push_back(values[i]);
        }
      }
      emulation::check_items(name, "unique keys", unique, run_keys.size());
      emulation::check_items(name, "aggregates", aggregates, run_keys.size());
      for (std::size_t i = 0; i < run_keys.size(); ++i) {
        unique[i] = static_cast<emulation::ValueOf<Unique>>(run_keys[i]);
        aggregates[i] = static_cast<emulation::ValueOf<Aggregates>>(run_values[i]);
      }
      runs[0] = static_cast<emulation::ValueOf<Runs>>(run_keys.size());
    });
  }
};

}  // namespace cub
