// Gradients and hessians of one round on the device: from the margins, then rounded to integers (contract,
// rule 2).
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>

#include "cuda/device_comm.hpp"
#include "cuda/gradient_kernels.hpp"
#include "cuda/memory.hpp"
#include "cuda/scale.hpp"
#include "objective/objective.hpp"

namespace ramet::cuda {

// What gradients are computed from; arrays of the device's rows, on the device.
struct GradientInput {
  const objective::Objective* objective = nullptr;
  std::span<const std::int32_t> unit_exponents;  // one per output
  const std::int64_t* scores = nullptr;          // output k's at scores + k * rows
  const double* labels = nullptr;
  const double* weights = nullptr;  // null: all 1
  std::int64_t rows = 0;
  std::int64_t first_global_row = 0;
  std::int64_t total_rows = 0;  // of all ranks
  int gradient_bits = 16;
  std::uint64_t seed = 0;
  bool constant_hessian = false;
};

class Gradients {
 public:
  // The arrays and the objective of `input` must outlive this; the exponents are copied. Waits.
  explicit Gradients(const GradientInput& input);

  // All of a round, for all outputs: gradients, their maxima over `comm`, survey, scales, quantisation.
  // Enqueues; the host does not wait (a kernel chooses the scales).
  void compute(int round, DeviceComm& comm, cudaStream_t stream);
  // The same from the caller's arrays: host, rows x outputs, row-major, in double (Kind::caller); weights are
  // applied here, and a negative hessian counts as not finite. Waits for the copies.
  void compute_from(int round, std::span<const double> g, std::span<const double> h, DeviceComm& comm,
                    cudaStream_t stream);

  // Valid as long as this; contents change every round. `high` is written in rounds of two limbs only. Where
  // some row is bad, all quantised values are 0.
  GradientView view(std::int32_t output) const;
  const DeviceScale* scales() const { return scales_.data(); }  // one per output, on the device
  // On the device: the lowest global row of any rank with a gradient or hessian that is not finite, INT64_MAX
  // if there is none. Written by compute.
  const std::int64_t* bad_row() const { return bad_row_.data(); }

  static std::int64_t bytes(std::int64_t rows, std::int32_t outputs, bool constant_hessian);

 private:
  GradientPass pass(int round) const;
  void begin(cudaStream_t stream) const;
  // From g and h to their integers.
  void finish(int round, DeviceComm& comm, cudaStream_t stream);

  GradientInput input_;
  std::int32_t outputs_ = 0;
  std::int64_t stride_ = 0;  // from output to output: rows, rounded up for vector loads
  std::int64_t blocks_ = 0;  // that fill the device
  DeviceArray<float> g_;     // outputs x stride
  DeviceArray<float> h_;     // empty: the hessian is constant
  DeviceArray<std::uint32_t> low_;
  DeviceArray<std::uint32_t> high_;
  DeviceArray<std::int64_t> found_;  // maxima and survey of all outputs, reduced over `comm`
  DeviceArray<DeviceScale> scales_;
  DeviceArray<std::int32_t> unit_exponents_;
  DeviceArray<std::int64_t> bad_row_;
  DeviceArray<double> staged_;  // of the caller's arrays
};

}  // namespace ramet::cuda
