// cuda/predict.hpp: margins of random ensembles equal to those of the CPU and of the naive walk, to the bit.
#include "cuda/predict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "cuda/device_values.hpp"
#include "cuda/stream.hpp"
#include "cuda/thread_order.hpp"
#include "model/plan.hpp"
#include "model/predict.hpp"
#include "model/random_models.hpp"
#include "model/rows_input.hpp"
#include "ramet/error.hpp"

namespace ramet::cuda::test {
namespace {

using model::Ensemble;
using model::testing::RandomOptions;
using model::testing::Row;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Where values lie: a row after another, a column after another, or with gaps between all of them.
enum class Form { rows, columns, gaps };

template <class T>
struct Table {
  std::vector<T> values;
  RowMatrix<T> matrix;
};

double category_value(const FeatureInfo& info, const std::string& label, CategoryValues kind) {
  if (label.empty()) return nan;
  if (kind == CategoryValues::labels) return std::stod(label);
  const auto found = std::find(info.categories.begin(), info.categories.end(), label);
  const auto size = static_cast<double>(info.categories.size());
  // What is no code: in turn the next one, a fraction, something negative.
  static int turn = 0;
  const double unknown[] = {size, 0.5, -1};
  return found == info.categories.end() ? unknown[turn++ % 3]
                                        : static_cast<double>(found - info.categories.begin());
}

template <class T>
Table<T> make_table(const Ensemble& ensemble, const std::vector<Row>& rows, Form form, CategoryValues kind) {
  const auto& features = ensemble.schema.features;
  const auto row_count = static_cast<std::int64_t>(rows.size());
  const auto width = static_cast<std::int64_t>(features.size());
  Table<T> table;
  table.matrix = {.values = nullptr, .rows = row_count, .category_values = kind};
  if (form == Form::columns) {
    table.matrix.row_stride = 1;
    table.matrix.col_stride = row_count;
  } else if (form == Form::gaps) {
    table.matrix.row_stride = 3 * width + 2;
    table.matrix.col_stride = 3;
  }
  const std::int64_t row_stride = form == Form::rows ? width : table.matrix.row_stride;
  table.values.assign(static_cast<std::size_t>(row_count * (form == Form::gaps ? 3 * width + 2 : width)),
                      T{-77});
  for (std::int64_t r = 0; r < row_count; ++r) {
    for (std::int64_t f = 0; f < width; ++f) {
      const FeatureInfo& info = features[static_cast<std::size_t>(f)];
      const model::testing::Cell& cell = rows[static_cast<std::size_t>(r)][static_cast<std::size_t>(f)];
      const double value =
          info.type == ColumnType::categorical ? category_value(info, cell.label, kind) : cell.number;
      table.values[static_cast<std::size_t>(r * row_stride + f * table.matrix.col_stride)] =
          static_cast<T>(value);
    }
  }
  table.matrix.values = table.values.data();
  return table;
}

std::vector<std::int64_t> naive_scores(const Ensemble& ensemble, const std::vector<Row>& rows, int rounds) {
  std::vector<std::int64_t> all;
  for (const Row& row : rows) {
    const auto scores = model::testing::naive_scores(ensemble, row, rounds);
    all.insert(all.end(), scores.begin(), scores.end());
  }
  return all;
}

// Rows that are on the device already, some at a time.
template <class T>
std::vector<std::int64_t> device_scores(const DevicePredictor& predictor, const Table<T>& table,
                                        std::int64_t at_a_time) {
  const DeviceArray<T> values = to_device(table.values);
  RowMatrix<T> matrix = table.matrix;
  matrix.values = values.data();
  PredictWorkspace workspace = predictor.workspace(at_a_time);
  DeviceArray<std::int64_t> scores(static_cast<std::size_t>(matrix.rows * predictor.outputs()));
  const Stream stream;
  predictor.scores(matrix, workspace, scores.data(), stream.get());
  stream.synchronize();
  return from_device(scores.data(), scores.size());
}

template <class T>
void check_values(const Ensemble& ensemble, const std::vector<Row>& rows, int rounds, CategoryValues kind) {
  const int used = rounds == 0 ? ensemble.best_round : rounds;
  const auto expected = naive_scores(ensemble, rows, used);
  const DevicePredictor predictor(ensemble, rounds, 0);
  for (const Form form : {Form::rows, Form::columns, Form::gaps}) {
    SCOPED_TRACE("form " + std::to_string(static_cast<int>(form)));
    const Table<T> table = make_table<T>(ensemble, rows, form, kind);
    ASSERT_EQ(device_scores(predictor, table, 256), expected);
    ASSERT_EQ(predict_scores(predictor, table.matrix, {.threads = 2, .piece_bytes = 8000}), expected);
    if (kind == CategoryValues::codes) continue;
    const auto input =
        model::dense_input(ensemble.plan.get(ensemble), ensemble.schema, table.values.data(),
                           table.matrix.rows, table.matrix.row_stride, table.matrix.col_stride);
    ASSERT_EQ(model::predict_scores(ensemble, input, {.rounds = rounds}), expected);
  }
}

// Both types of values, both of categories, some numbers of rows and rounds.
void check(const RandomOptions& options, std::uint64_t seed, const std::vector<int>& row_counts) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomOptions with_labels = options;
  with_labels.numeric_labels = true;
  const Ensemble ensemble = model::testing::random_ensemble(seed, with_labels);
  for (const int rows : row_counts) {
    for (const CategoryValues kind : {CategoryValues::labels, CategoryValues::codes}) {
      const int rounds = rows % 3 == 0 ? 0 : 1 + rows % std::max(ensemble.rounds(), 1);
      if (rounds > ensemble.rounds()) continue;
      check_values<float>(ensemble, model::testing::random_rows(ensemble, seed, rows, true), rounds, kind);
      check_values<double>(ensemble, model::testing::random_rows(ensemble, seed, rows, false), rounds, kind);
    }
  }
}

TEST(DevicePrediction, EqualsTheNaiveWalk) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    check({.features = 1 + static_cast<int>(seed % 7),
           .outputs = seed % 3 == 0 ? 3 : 1,
           .rounds = 1 + static_cast<int>(seed % 9)},
          seed, {1, 37, 300});
  }
}

TEST(DevicePrediction, AnyNumberOfRows) {
  for_thread_orders([] { check({}, 100, {0, 1, 31, 255, 256, 257, 600}); });
}

TEST(DevicePrediction, ManyOutputs) { check({.outputs = 11, .rounds = 4}, 1, {90, 257}); }

TEST(DevicePrediction, SingleLeaves) { check({.rounds = 3, .max_splits = 0}, 2, {33}); }

TEST(DevicePrediction, NoTrees) { check({.rounds = 0}, 3, {33, 3}); }

TEST(DevicePrediction, DeepChains) { check({.rounds = 3, .max_splits = 200, .chains = true}, 5, {90}); }

TEST(DevicePrediction, NumbersOfCategoriesAroundWordAndCodeSizes) {
  for (const int categories : {1, 2, 31, 32, 33, 63, 64, 253, 254, 255, 256, 300}) {
    check({.max_splits = 20, .categories = categories}, static_cast<std::uint64_t>(categories), {90});
  }
}

TEST(DevicePrediction, NumbersOfCutsAroundCodeSizes) {
  for (const int cuts : {252, 253, 254, 255, 256, 600}) {
    check({.features = 2, .rounds = 30, .max_splits = 60, .numeric_cuts = cuts, .categorical = false},
          static_cast<std::uint64_t>(cuts), {150});
  }
}

TEST(DevicePrediction, CodesOfFourBytes) {
  check({.features = 2, .rounds = 2, .max_splits = 3, .categories = 70'000}, 6, {90});
}

// More trees than a tile has room for, and trees that are larger than any tile.
TEST(DevicePrediction, ManyTilesAndLargeTrees) {
  check({.features = 3, .outputs = 2, .rounds = 30, .max_splits = 300, .numeric_cuts = 150}, 7, {90});
  check({.features = 3, .outputs = 2, .rounds = 4, .max_splits = 3000, .numeric_cuts = 150}, 8, {90});
}

// Codes that do not fit into shared memory.
TEST(DevicePrediction, ManyFeatures) {
  check({.features = 400, .rounds = 30, .max_splits = 100}, 9, {60});
  check({.features = 200, .rounds = 30, .max_splits = 100, .categories = 300}, 10, {60});
}

// Few of many features: only these are copied.
TEST(DevicePrediction, FewUsedFeatures) {
  check({.features = 400, .rounds = 2, .max_splits = 5}, 11, {60, 300});
}

TEST(DevicePrediction, AllOrders) {
  for_thread_orders([] { check({.features = 9, .outputs = 3, .rounds = 6, .max_splits = 80}, 12, {600}); });
}

TEST(DevicePrediction, AddsToScores) {
  const Ensemble ensemble = model::testing::random_ensemble(3, {.outputs = 2, .numeric_labels = true});
  const auto rows = model::testing::random_rows(ensemble, 3, 50, true);
  const Table<float> table = make_table<float>(ensemble, rows, Form::rows, CategoryValues::labels);
  const DevicePredictor predictor(ensemble, 0, 0);
  const DeviceArray<float> values = to_device(table.values);
  RowMatrix<float> matrix = table.matrix;
  matrix.values = values.data();
  PredictWorkspace workspace = predictor.workspace(10);
  const DeviceArray<std::int64_t> scores = to_device(std::vector<std::int64_t>(100, 1000));
  const Stream stream;
  predictor.add_scores(matrix, false, workspace, scores.data(), stream.get());
  stream.synchronize();
  auto expected = naive_scores(ensemble, rows, ensemble.best_round);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += 1000 - ensemble.outputs[i % 2].base;
  EXPECT_EQ(from_device(scores.data(), 100), expected);
}

TEST(DevicePrediction, ModelMayBeGone) {
  const Ensemble ensemble = model::testing::random_ensemble(4, {.numeric_labels = true});
  const auto rows = model::testing::random_rows(ensemble, 4, 20, true);
  const Table<float> table = make_table<float>(ensemble, rows, Form::rows, CategoryValues::labels);
  auto copy = std::make_unique<Ensemble>(ensemble);
  const DevicePredictor predictor(*copy, 1, 0);
  copy.reset();
  EXPECT_EQ(predict_scores(predictor, table.matrix), naive_scores(ensemble, rows, 1));
}

template <class Call>
void expect_error(ErrorCode code, const std::string& part, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    return;
  }
  ADD_FAILURE() << "no error that says " << part;
}

TEST(DevicePrediction, Errors) {
  Ensemble ensemble = model::testing::random_ensemble(4, {.rounds = 5});
  for (const int rounds : {-1, 6}) {
    expect_error(ErrorCode::invalid_parameter, "rounds = " + std::to_string(rounds),
                 [&] { const DevicePredictor predictor(ensemble, rounds, 0); });
  }
  const DevicePredictor predictor(ensemble, 0, 0);
  expect_error(ErrorCode::invalid_data, "no values",
               [&] { (void)predict_scores(predictor, RowMatrix<float>{.values = nullptr, .rows = 3}); });
  expect_error(ErrorCode::invalid_data, "rows = -1",
               [&] { (void)predict_scores(predictor, RowMatrix<double>{.values = nullptr, .rows = -1}); });
  Ensemble broken = ensemble;
  broken.trees[0].left.push_back(7);
  expect_error(ErrorCode::bad_model, "", [&] { const DevicePredictor of_broken(broken, 0, 0); });
}

}  // namespace
}  // namespace ramet::cuda::test
