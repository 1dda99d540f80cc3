// Made-up binned data on the device, shared by the benchmarks of kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cuda/check.hpp"
#include "cuda/gradients.hpp"
#include "cuda/histogram.hpp"
#include "cuda/set_rows.hpp"
#include "cuda/solo_comm.hpp"
#include "cuda/stream.hpp"
#include "data/dataset_data.hpp"
#include "objective/objective.hpp"

namespace ramet::cuda::bench {

struct DataShape {
  std::int64_t rows = 0;
  int columns = 0;
  int bins = 255;  // more: two bytes a code

  bool operator==(const DataShape&) const = default;
};

// A binary training set of random codes, with the gradients of its first round.
class DeviceData {
 public:
  explicit DeviceData(const DataShape& shape);

  DataShape shape;
  objective::Objective objective;
  data::DatasetData data;
  Stream stream;
  std::unique_ptr<DeviceComm> comm = solo_comm();
  SetRows set;
  Gradients gradients;
  HistogramLayout layout;

  HistogramShape histogram_shape() const;
};

// `rows`, but no more than the environment variable RAMET_BENCH_MOST_ROWS says.
std::int64_t capped_rows(std::int64_t rows);

// The one made last if it has this shape: making one takes seconds.
DeviceData& device_data(const DataShape& shape);

// The rows of `nodes` equal parts of the set, as a tree's level has them: row r is in one of them by chance.
struct LevelRows {
  std::vector<std::uint32_t> counts;  // per node
  std::vector<std::uint32_t> begins;
  DeviceArray<std::uint32_t> ids;
};
LevelRows level_rows(std::int64_t rows, int nodes);

template <class T>
DeviceArray<T> upload(const std::vector<T>& values) {
  DeviceArray<T> array(values.size());
  copy(array.data(), values.data(), values.size(), nullptr);
  check(cudaStreamSynchronize(nullptr), "uploading");
  return array;
}

}  // namespace ramet::cuda::bench
