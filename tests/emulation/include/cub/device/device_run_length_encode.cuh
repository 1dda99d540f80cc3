// cub::DeviceRunLengthEncode: runs of equal items and their lengths.
#pragma once

#include "cub/device/device_reduce.cuh"

namespace cub {

struct DeviceRunLengthEncode {
  template <class In, class Unique, class Lengths, class Runs, class Count>
  static cudaError_t Encode(void* temporary, std::size_t& bytes, In in, Unique unique, Lengths lengths,
                            Runs runs, Count count, cudaStream_t stream = nullptr) {
    return DeviceReduce::ReduceByKey(temporary, bytes, in, unique, Ones<emulation::ValueOf<Lengths>>{},
                                     lengths, runs, std::plus<>{}, count, stream);
  }

 private:
  template <class T>
  struct Ones {
    T operator[](std::size_t) const { return T{1}; }
  };
};

}  // namespace cub
