// The launches behind prediction: values to codes, codes through trees.
//
// Codes lie in panels of panel_rows rows, column by column: code of row r and column c at
// ((r / panel_rows) * columns + c) * panel_rows + r % panel_rows.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "cuda/predict_forest.hpp"

namespace ramet::cuda {

inline constexpr std::int64_t panel_rows = 256;

// Rows to encode, and how; pointers are the device's. T: float or double.
template <class T>
struct EncodeJob {
  const T* values = nullptr;
  std::int64_t rows = 0;
  std::int64_t row_stride = 0;  // in values
  std::int64_t col_stride = 0;
  bool by_column = false;       // column c of the matrix is that of the forest, not its feature's
  bool category_codes = false;  // values of categories are codes from 0, not labels
  const PredictColumn* columns = nullptr;
  std::int32_t column_count = 0;
  const T* cuts = nullptr;  // rounded down to T
  const double* numbers = nullptr;
  const std::uint32_t* number_codes = nullptr;
};

struct WalkJob {
  const PredictNode* nodes = nullptr;
  const PredictTree* trees = nullptr;
  const PredictTile* tiles = nullptr;
  const std::uint32_t* words = nullptr;
  std::int32_t tile_count = 0;
  std::int32_t column_count = 0;
  std::int32_t outputs = 0;
  std::int64_t rows = 0;
};

// `code_bytes`: 1, 2 or 4. All enqueue, on the current device. Whole panels are written.
template <class T>
void encode_values(const EncodeJob<T>& job, int code_bytes, void* codes, cudaStream_t stream);

// scores[r * outputs + k] += the steps of output k's trees.
void walk_trees(const WalkJob& job, int code_bytes, const void* codes, std::int64_t* scores,
                cudaStream_t stream);
// Once for each device, before the first walk_trees.
void prepare_walks();

// scores[r * outputs + k] = base[k].
void start_scores(const std::int64_t* base, std::int32_t outputs, std::int64_t rows, std::int64_t* scores,
                  cudaStream_t stream);

}  // namespace ramet::cuda
