// Models trained on toy data predict the same margins from raw rows on the device as on the CPU.
#include "cuda/predict.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "cpu/backend.hpp"
#include "parity/cases.hpp"

namespace ramet {
namespace {

using naive::ToyLabels;
using naive::ToyTable;

// The table's numbers, column after column, in double.
std::vector<double> by_columns(const ToyTable& table) {
  const std::vector<float> rows = table.matrix();
  const auto width = static_cast<std::size_t>(table.numeric_columns());
  std::vector<double> columns(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    columns[i % width * static_cast<std::size_t>(table.rows()) + i / width] = static_cast<double>(rows[i]);
  }
  return columns;
}

class CudaPrediction : public ::testing::TestWithParam<ToyLabels> {};

TEST_P(CudaPrediction, IsTheModels) {
  TrainParams params = parity::base_params();
  params.objective = GetParam() == ToyLabels::three_classes ? "multi:softprob"
                     : GetParam() == ToyLabels::binary      ? "binary:logistic"
                                                            : "reg:squarederror";
  params.num_class = GetParam() == ToyLabels::three_classes ? 3 : 0;
  params.num_round = 6;
  const ToyTable table({.rows = 900, .labels = GetParam()});
  const Dataset data = table.dense();
  const Model model = training::boost(cpu::cpu_backend().open, params, data, {});
  const std::vector<float> rows = table.matrix();
  const std::vector<double> columns = by_columns(table);
  for (const int rounds : {0, 1, 4, 6}) {
    const std::vector<std::int64_t> expected = model.scores(data, {.rounds = rounds});
    const cuda::DevicePredictor predictor(model.ensemble(), rounds, 0);
    const cuda::RowMatrix<float> by_row{.values = rows.data(), .rows = table.rows()};
    EXPECT_EQ(predict_scores(predictor, by_row), expected);
    const cuda::RowMatrix<double> by_column{
        .values = columns.data(), .rows = table.rows(), .row_stride = 1, .col_stride = table.rows()};
    EXPECT_EQ(predict_scores(predictor, by_column), expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Labels, CudaPrediction,
                         ::testing::Values(ToyLabels::real, ToyLabels::binary, ToyLabels::three_classes));

}  // namespace
}  // namespace ramet
