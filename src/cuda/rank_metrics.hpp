// Metrics that compare rows by their exact scores, on one device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "cuda/memory.hpp"
#include "cuda/rank_kernels.hpp"

namespace ramet::cuda {

// Areas under curves of a device's rows alone (the only one), the same to the bit as metric::evaluate. Labels
// are 0 or 1, weights finite and not negative, of which `largest_weight` is the largest. The functions wait.
// They throw Error{unsupported} on 2^31 rows or more. Memory is allocated when it is first needed and kept.
class RankMetrics {
 public:
  // Under the ROC curve.
  double auc(RankedRows rows, double largest_weight, cudaStream_t stream);
  // Under the precision-recall curve. The host adds up a term for each positive row, in order.
  double auc_pr(RankedRows rows, double largest_weight, cudaStream_t stream);

  // What these take on the device, at most.
  static std::int64_t bytes(std::int64_t rows, bool weighted);

 private:
  // False: a class has no weight.
  bool summarise_classes(RankedRows& rows, double largest_weight, cudaStream_t stream);
  const RankSummary& download(cudaStream_t stream);
  struct Sorted {
    SortedClass classes[2];
    double* terms = nullptr;  // one for each positive row, if asked for
  };
  // Both classes, in memory that lasts until the next call.
  Sorted sort(const RankedRows& rows, bool descending, bool with_terms, cudaStream_t stream);
  double sum_of(const double* terms, std::int64_t count, cudaStream_t stream);

  std::int64_t blocks_ = 0;  // that fill the device
  RankSummary found_;
  DeviceArray<RankSummary> summary_;
  PinnedArray<RankSummary> host_;
  PinnedArray<double> terms_;
  DeviceArray<std::uint8_t> scratch_;
};

}  // namespace ramet::cuda
