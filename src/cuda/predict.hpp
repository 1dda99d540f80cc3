// Prediction on a device: the integer margins of model::predict_scores, to the bit.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/memory.hpp"
#include "cuda/predict_kernels.hpp"
#include "model/ensemble.hpp"

namespace ramet::cuda {

// What the values of categorical columns are. Whatever is no category of the model is missing.
enum class CategoryValues {
  labels,  // numbers that are labels, as in Model::predict from dense rows
  codes,   // positions in the feature's dictionary of the schema
};

// Values of rows x features: feature f of row r at values[r * row_stride + f * col_stride], strides at least
// 0. T: float or double. NaN is missing.
template <class T>
struct RowMatrix {
  const T* values = nullptr;
  std::int64_t rows = 0;
  std::int64_t row_stride = 0;  // 0: one row after the other
  std::int64_t col_stride = 1;
  CategoryValues category_values = CategoryValues::labels;
};

// Room for the codes of some rows; for one stream at a time.
class PredictWorkspace {
 public:
  PredictWorkspace(std::int64_t rows, std::int64_t code_bytes_per_row);

  std::int64_t rows() const { return rows_; }
  void* codes() const { return codes_.data(); }

 private:
  std::int64_t rows_ = 0;
  DeviceArray<std::uint8_t> codes_;
};

// An ensemble's trees on a device. May be used by any number of threads, each with its own workspaces.
class DevicePredictor {
 public:
  // Uploads the trees of the first `rounds` rounds (0: up to the best one); waits. Throws what make_forest
  // does, and Error{out_of_memory}.
  DevicePredictor(const model::Ensemble& ensemble, int rounds, int device);

  int device() const { return device_; }
  std::int32_t outputs() const { return static_cast<std::int32_t>(base_.size()); }
  std::int64_t features() const { return features_; }
  // The features that some split uses, ascending.
  std::span<const std::int32_t> used_features() const { return used_features_; }

  // Room for `rows` rows at a time (rounded up); calls with more work through them in pieces.
  PredictWorkspace workspace(std::int64_t rows) const;

  // scores[r * outputs() + k]: margin of row r and output k, in units of 2^-unit_exponent(k), from the
  // outputs' bases on. Rows and scores are on the device. Enqueues.
  template <class T>
  void scores(const RowMatrix<T>& rows, PredictWorkspace& workspace, std::int64_t* scores,
              cudaStream_t stream) const;
  // The same on top of what is in `scores`. `used_only`: the matrix has the columns of used_features() only.
  template <class T>
  void add_scores(const RowMatrix<T>& rows, bool used_only, PredictWorkspace& workspace, std::int64_t* scores,
                  cudaStream_t stream) const;

  void start(std::int64_t rows, std::int64_t* scores, cudaStream_t stream) const;  // scores = bases

 private:
  template <class T>
  EncodeJob<T> encode_job(const RowMatrix<T>& rows, bool used_only) const;

  int device_ = 0;
  int code_bytes_ = 1;
  std::int64_t features_ = 0;
  std::int32_t tile_count_ = 0;
  std::vector<std::int32_t> used_features_;
  DeviceArray<PredictNode> nodes_;
  DeviceArray<PredictTree> trees_;
  DeviceArray<PredictTile> tiles_;
  DeviceArray<std::uint32_t> words_;
  DeviceArray<PredictColumn> columns_;
  DeviceArray<double> values_;
  DeviceArray<float> rounded_;
  DeviceArray<std::uint32_t> value_codes_;
  DeviceArray<std::int64_t> base_;
};

struct HostPrediction {
  int threads = 0;  // that copy; 0: all cores
  std::int64_t piece_bytes = std::int64_t{16} << 20;
};

// Margins of rows on the host, rows x outputs. Pieces of them are copied to page-locked memory while the
// device works on the piece before. Waits. Throws Error{invalid_data} if there are no values.
template <class T>
std::vector<std::int64_t> predict_scores(const DevicePredictor& predictor, const RowMatrix<T>& rows,
                                         const HostPrediction& how = {});

}  // namespace ramet::cuda
