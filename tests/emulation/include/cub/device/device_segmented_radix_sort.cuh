// cub::DeviceSegmentedRadixSort: sorts within segments; what lies in no segment is not written.
#pragma once

#include "cub/device/device_radix_sort.cuh"

namespace cub {

struct DeviceSegmentedRadixSort {
  template <class Key, class Begins, class Ends>
  static cudaError_t SortKeys(void* temporary, std::size_t& bytes, const Key* keys_in, Key* keys_out,
                              std::int64_t count, std::int64_t segments, Begins begins, Ends ends,
                              int begin_bit = 0, int end_bit = sizeof(Key) * 8,
                              cudaStream_t stream = nullptr) {
    const emulation::NoValue* const values_in = nullptr;
    emulation::NoValue* const values_out = nullptr;
    const emulation::RadixSort<Key, emulation::NoValue> sort{
        "cub::DeviceSegmentedRadixSort::SortKeys", keys_in,   keys_out, values_in, values_out,
        static_cast<std::size_t>(count),           begin_bit, end_bit,  false};
    return run(sort, temporary, bytes, segments, begins, ends, stream);
  }
  template <class Key, class Value, class Begins, class Ends>
  static cudaError_t SortPairs(void* temporary, std::size_t& bytes, const Key* keys_in, Key* keys_out,
                               const Value* values_in, Value* values_out, std::int64_t count,
                               std::int64_t segments, Begins begins, Ends ends, int begin_bit = 0,
                               int end_bit = sizeof(Key) * 8, cudaStream_t stream = nullptr) {
    const emulation::RadixSort<Key, Value> sort{"cub::DeviceSegmentedRadixSort::SortPairs",
                                                keys_in,
                                                keys_out,
                                                values_in,
                                                values_out,
                                                static_cast<std::size_t>(count),
                                                begin_bit,
                                                end_bit,
                                                false};
    return run(sort, temporary, bytes, segments, begins, ends, stream);
  }

 private:
  template <class Sort, class Begins, class Ends>
  static cudaError_t run(const Sort& sort, void* temporary, std::size_t& bytes, std::int64_t segments,
                         Begins begins, Ends ends, cudaStream_t stream) {
    return emulation::two_phases(sort.name, temporary, bytes, sort.storage(), stream, [=] {
      sort.check();
      emulation::check_items(sort.name, "begins of segments", begins, static_cast<std::size_t>(segments));
      emulation::check_items(sort.name, "ends of segments", ends, static_cast<std::size_t>(segments));
      for (std::int64_t i = 0; i < segments; ++i) {
        const auto first = static_cast<std::size_t>(begins[i]);
        const auto last = static_cast<std::size_t>(ends[i]);
        if (last > first) {
          emulation::check_items(sort.name, "keys of a segment", sort.keys_in + first, last - first);
          sort.sort(first, last);
        }
      }
    });
  }
};

}  // namespace cub
