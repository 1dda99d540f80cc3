#include "cuda/predict.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda {
namespace {

template <class T>
DeviceArray<T> upload(const std::vector<T>& values, cudaStream_t stream) {
  DeviceArray<T> array(values.size());
  copy(array.data(), values.data(), values.size(), stream);
  return array;
}

}  // namespace

PredictWorkspace::PredictWorkspace(std::int64_t rows, std::int64_t code_bytes_per_row)
    : rows_((std::max<std::int64_t>(rows, 1) + panel_rows - 1) / panel_rows * panel_rows),
      codes_(static_cast<std::size_t>(rows_ * code_bytes_per_row)) {}

DevicePredictor::DevicePredictor(const model::Ensemble& ensemble, int rounds, int device)
    : device_(device), features_(static_cast<std::int64_t>(ensemble.schema.features.size())) {
  const PredictForest forest = make_forest(ensemble, rounds);
  code_bytes_ = forest.code_bytes;
  tile_count_ = static_cast<std::int32_t>(forest.tiles.size());
  for (const PredictColumn& column : forest.columns) used_features_.push_back(column.feature);
  const CurrentDevice current(device);
  prepare_walks();
  const Stream stream;
  nodes_ = upload(forest.nodes, stream.get());
  trees_ = upload(forest.trees, stream.get());
  tiles_ = upload(forest.tiles, stream.get());
  words_ = upload(forest.words, stream.get());
  columns_ = upload(forest.columns, stream.get());
  values_ = upload(forest.values, stream.get());
  rounded_ = upload(forest.rounded, stream.get());
  value_codes_ = upload(forest.value_codes, stream.get());
  base_ = upload(forest.base, stream.get());
  stream.synchronize();
}

PredictWorkspace DevicePredictor::workspace(std::int64_t rows) const {
  const CurrentDevice current(device_);
  return {rows, static_cast<std::int64_t>(used_features_.size()) * code_bytes_};
}

template <class T>
EncodeJob<T> DevicePredictor::encode_job(const RowMatrix<T>& rows, bool used_only) const {
  EncodeJob<T> job;
  job.row_stride = rows.row_stride == 0 ? features_ : rows.row_stride;
  job.col_stride = rows.col_stride;
  job.by_column = used_only;
  job.category_codes = rows.category_values == CategoryValues::codes;
  job.columns = columns_.data();
  job.column_count = static_cast<std::int32_t>(used_features_.size());
  if constexpr (std::is_same_v<T, float>) {
    job.cuts = rounded_.data();
  } else {
    job.cuts = values_.data();
  }
  job.numbers = values_.data();
  job.number_codes = value_codes_.data();
  return job;
}

void DevicePredictor::start(std::int64_t rows, std::int64_t* scores, cudaStream_t stream) const {
  const CurrentDevice current(device_);
  start_scores(base_.data(), outputs(), rows, scores, stream);
}

template <class T>
void DevicePredictor::scores(const RowMatrix<T>& rows, PredictWorkspace& workspace, std::int64_t* scores,
                             cudaStream_t stream) const {
  start(rows.rows, scores, stream);
  add_scores(rows, false, workspace, scores, stream);
}

template <class T>
void DevicePredictor::add_scores(const RowMatrix<T>& rows, bool used_only, PredictWorkspace& workspace,
                                 std::int64_t* scores, cudaStream_t stream) const {
  const CurrentDevice current(device_);
  EncodeJob<T> encode = encode_job(rows, used_only);
  WalkJob walk{.nodes = nodes_.data(),
               .trees = trees_.data(),
               .tiles = tiles_.data(),
               .words = words_.data(),
               .tile_count = tile_count_,
               .column_count = encode.column_count,
               .outputs = outputs()};
  for (std::int64_t first = 0; first < rows.rows; first += workspace.rows()) {
    encode.values = rows.values + first * encode.row_stride;
    encode.rows = std::min(workspace.rows(), rows.rows - first);
    walk.rows = encode.rows;
    encode_values(encode, code_bytes_, workspace.codes(), stream);
    walk_trees(walk, code_bytes_, workspace.codes(), scores + first * outputs(), stream);
  }
}

template void DevicePredictor::scores(const RowMatrix<float>&, PredictWorkspace&, std::int64_t*,
                                      cudaStream_t) const;
template void DevicePredictor::scores(const RowMatrix<double>&, PredictWorkspace&, std::int64_t*,
                                      cudaStream_t) const;
template void DevicePredictor::add_scores(const RowMatrix<float>&, bool, PredictWorkspace&, std::int64_t*,
                                          cudaStream_t) const;
template void DevicePredictor::add_scores(const RowMatrix<double>&, bool, PredictWorkspace&, std::int64_t*,
                                          cudaStream_t) const;

}  // namespace ramet::cuda
