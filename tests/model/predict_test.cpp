// Prediction against the naive walk, for every kind of raw input.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <thread>

#include "base/error.hpp"
#include "model/random_models.hpp"
#include "model/tables.hpp"
#include "ramet/model.hpp"

namespace ramet::model::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Model handle(const Ensemble& ensemble) { return Model(std::make_shared<const Ensemble>(ensemble)); }

ErrorCode code_of(const std::function<void()>& f, const std::string& part) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    return error.code();
  }
  ADD_FAILURE() << "no error";
  return ErrorCode::internal;
}

std::vector<std::int64_t> naive_scores(const Ensemble& ensemble, const std::vector<Row>& rows, int rounds) {
  std::vector<std::int64_t> all;
  for (const Row& row : rows) {
    const auto scores = naive_scores(ensemble, row, rounds);
    all.insert(all.end(), scores.begin(), scores.end());
  }
  return all;
}

std::vector<float> raw_of(const std::vector<std::int64_t>& scores) {
  std::vector<float> raw;
  for (const std::int64_t s : scores) raw.push_back(static_cast<float>(static_cast<double>(s) * 0x1p-40));
  return raw;
}

std::vector<float> naive_leaves(const Ensemble& ensemble, const std::vector<Row>& rows, int rounds) {
  std::vector<float> all;
  for (const Row& row : rows) {
    for (std::size_t t = 0; t < static_cast<std::size_t>(rounds * ensemble.trees_per_round); ++t) {
      const Tree& tree = ensemble.trees[t];
      all.push_back(static_cast<float>(leaf_number(tree, naive_leaf(tree, ensemble.schema, row))));
    }
  }
  return all;
}

// All ways to predict agree with the naive walk, for several numbers of rows.
void check_typed(const RandomOptions& options, std::uint64_t seed) {
  const Ensemble ensemble = random_ensemble(seed, options);
  const Model model = handle(ensemble);
  for (const int rows : {0, 1, 15, 16, 37, 95, 96, 700}) {
    const std::vector<Row> values = random_rows(ensemble, seed, rows, false);
    const auto table = make_table(ensemble.schema, values, seed % 2 == 0);
    for (const int rounds : {0, 1, ensemble.rounds()}) {
      if (rounds > ensemble.rounds()) continue;
      const int used = rounds == 0 ? ensemble.best_round : rounds;
      const auto expected = naive_scores(ensemble, values, used);
      for (const int threads : {1, 3}) {
        const PredictOptions predict{.type = PredictType::raw, .rounds = rounds, .threads = threads};
        ASSERT_EQ(model.scores(table->columns, predict), expected) << "seed " << seed << ", rows " << rows;
        ASSERT_EQ(model.predict(table->columns, predict), raw_of(expected));
      }
      ASSERT_EQ(model.predict(table->columns, {.type = PredictType::leaf, .rounds = rounds}),
                naive_leaves(ensemble, values, used));
    }
  }
}

TEST(Predict, TypedColumnsAgreeWithTheNaiveWalk) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    check_typed({.features = 1 + static_cast<int>(seed % 7), .rounds = 1 + static_cast<int>(seed % 9)}, seed);
  }
}

TEST(Predict, ManyClasses) { check_typed({.outputs = 11, .rounds = 4}, 1); }

TEST(Predict, SingleLeaves) { check_typed({.rounds = 3, .max_splits = 0}, 2); }

TEST(Predict, NoTrees) { check_typed({.rounds = 0}, 3); }

TEST(Predict, Stumps) { check_typed({.rounds = 40, .max_splits = 1}, 4); }

TEST(Predict, DeepChains) { check_typed({.rounds = 3, .max_splits = 200, .chains = true}, 5); }

TEST(Predict, NumbersOfCategoriesAroundWordAndCodeSizes) {
  for (const int categories : {1, 2, 31, 32, 33, 63, 64, 253, 254, 255, 256, 257, 300}) {
    check_typed({.max_splits = 20, .categories = categories}, static_cast<std::uint64_t>(categories));
  }
}

TEST(Predict, NumbersOfCutsAroundCodeSizes) {
  for (const int cuts : {252, 253, 254, 255, 256, 600}) {
    check_typed({.features = 2, .rounds = 30, .max_splits = 60, .numeric_cuts = cuts, .categorical = false},
                static_cast<std::uint64_t>(cuts));
  }
}

// Up to 256 leaves trees are sliced, in tiles of 4096 tests; larger ones, and those with sets, are not.
TEST(Predict, LargeTreesInSeveralTiles) {
  check_typed({.features = 3, .rounds = 40, .max_splits = 255, .numeric_cuts = 9000, .categorical = false},
              1);
  check_typed({.features = 3, .rounds = 30, .max_splits = 600, .numeric_cuts = 150}, 2);
  check_typed({.rounds = 3, .max_splits = 255, .numeric_cuts = 100, .chains = true}, 3);
}

TEST(Predict, CodesOfFourBytes) {
  check_typed({.features = 2, .rounds = 2, .max_splits = 3, .categories = 70'000}, 6);
}

template <class T>
void check_dense(std::uint64_t seed) {
  const RandomOptions options{.features = 6, .categorical = seed % 2 == 0, .numeric_labels = true};
  const Ensemble ensemble = random_ensemble(seed, options);
  const Model model = handle(ensemble);
  const auto rows = random_rows(ensemble, seed, 133, sizeof(T) == sizeof(float));
  const auto expected = raw_of(naive_scores(ensemble, rows, ensemble.best_round));
  const std::size_t cols = 6;
  std::vector<T> row_major(rows.size() * cols);
  std::vector<T> col_major(rows.size() * cols);
  std::vector<T> backwards(rows.size() * cols * 2);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t f = 0; f < cols; ++f) {
      const Cell& cell = rows[r][f];
      const bool labels = ensemble.schema.features[f].type == ColumnType::categorical;
      const double value = !labels ? cell.number : cell.label.empty() ? nan : std::stod(cell.label);
      row_major[r * cols + f] = static_cast<T>(value);
      col_major[f * rows.size() + r] = static_cast<T>(value);
      backwards[(rows.size() - 1 - r) * cols * 2 + f * 2] = static_cast<T>(value);
    }
  }
  const auto n = static_cast<std::int64_t>(rows.size());
  const PredictOptions raw{.type = PredictType::raw};
  EXPECT_EQ(model.predict(row_major.data(), n, raw), expected) << seed;
  EXPECT_EQ(model.predict(col_major.data(), n, raw, 1, n), expected) << seed;
  EXPECT_EQ(model.predict(backwards.data() + (n - 1) * 12, n, raw, -12, 2), expected) << seed;
}

TEST(Predict, DenseFloatsAndDoublesWithStrides) {
  for (std::uint64_t seed = 100; seed < 120; ++seed) {
    check_dense<float>(seed);
    check_dense<double>(seed);
  }
}

TEST(Predict, ValuesAtTheCutGoLeftInTheCallersType) {
  const Model model = handle(stump(0.1));
  const PredictOptions leaf{.type = PredictType::leaf};
  const std::vector<double> doubles = {0.1, 0, std::nextafter(0.1, 1), 0, nan, 0, HUGE_VAL, 0, -HUGE_VAL, 0};
  EXPECT_EQ(model.predict(doubles.data(), 5, leaf), (std::vector<float>{0, 1, 0, 1, 0}));
  // The float 0.1f is above the double 0.1.
  const std::vector<float> floats = {0.1f, 0, std::nextafter(0.1f, 0.0f), 0};
  EXPECT_EQ(model.predict(floats.data(), 2, leaf), (std::vector<float>{1, 0}));
  // Everything but missing values is up to an infinite cut.
  const Model infinite = handle(stump(HUGE_VAL));
  EXPECT_EQ(infinite.predict(doubles.data(), 5, leaf), (std::vector<float>{0, 0, 0, 0, 0}));
}

TEST(Predict, IntegerColumns) {
  const Model model = handle(stump(2.0));
  const std::vector<std::int64_t> numbers = {1, 2, 3, -5};
  const std::vector<std::string> labels = {"u", "v", "", "w"};
  const std::vector<Column> columns = {{.name = "a", .values = std::span<const std::int64_t>(numbers)},
                                       {.name = "b", .values = std::span<const std::string>(labels)}};
  EXPECT_EQ(model.predict(columns, {.type = PredictType::leaf}), (std::vector<float>{0, 0, 1, 0}));
}

TEST(Predict, BaseMarginsReplaceTheBase) {
  const Ensemble ensemble = random_ensemble(7, {.features = 1, .outputs = 2, .categorical = false});
  const Model model = handle(ensemble);
  const std::vector<double> x = {0, 1, nan};
  const std::vector<double> margins = {1, 2, 0x1p-41, 3 * 0x1p-41, -5, 0};
  const auto rows = std::vector<Row>{{{.number = 0}}, {{.number = 1}}, {{.number = nan}}};
  auto expected = naive_scores(ensemble, rows, ensemble.best_round);
  // Units are 2^-40; halves round to even.
  const std::int64_t units[] = {1LL << 40, 2LL << 40, 0, 2, -(5LL << 40), 0};
  for (std::size_t i = 0; i < 6; ++i) expected[i] += units[i] - ensemble.outputs[i % 2].base;
  EXPECT_EQ(model.predict(x.data(), 3, {.type = PredictType::raw, .base_margins = margins}),
            raw_of(expected));
  const std::vector<double> huge = {1, 2, 3, 4, 5, 1e9};
  EXPECT_EQ(code_of([&] { model.predict(x.data(), 3, {.base_margins = huge}); }, "row 2 = 1000000000"),
            ErrorCode::invalid_data);
  const std::vector<double> not_finite = {1, 2, nan, 4, 5, 6};
  EXPECT_EQ(code_of([&] { model.predict(x.data(), 3, {.base_margins = not_finite}); }, "row 1 = nan"),
            ErrorCode::invalid_data);
  EXPECT_EQ(code_of([&] { model.predict(x.data(), 2, {.base_margins = margins}); }, "6 values for 2 rows"),
            ErrorCode::invalid_parameter);
}

TEST(Predict, ProbabilitiesAndLabels) {
  const Ensemble binary = random_ensemble(8, {.features = 2, .categorical = false});
  const auto rows = random_rows(binary, 8, 50, false);
  const auto table = make_table(binary.schema, rows, false);
  const auto scores = naive_scores(binary, rows, binary.best_round);
  const auto probabilities = handle(binary).predict(table->columns);
  const auto labels = handle(binary).predict(table->columns, {.type = PredictType::label});
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(probabilities[i], 1 / (1 + std::exp(-static_cast<double>(scores[i]) * 0x1p-40)), 1e-7);
    EXPECT_EQ(labels[i], scores[i] > 0 ? 1 : 0);
  }
  const Ensemble multi = random_ensemble(9, {.outputs = 3});
  const auto many = make_table(multi.schema, random_rows(multi, 9, 50, false), true);
  const auto shares = handle(multi).predict(many->columns);
  const auto classes = handle(multi).predict(many->columns, {.type = PredictType::label});
  for (std::size_t r = 0; r < 50; ++r) {
    const float* of_row = shares.data() + r * 3;
    EXPECT_NEAR(of_row[0] + of_row[1] + of_row[2], 1, 1e-6);
    EXPECT_EQ(classes[r], static_cast<float>(std::max_element(of_row, of_row + 3) - of_row));
  }
}

TEST(Predict, ObjectivesOfTheCallersOwnGiveMargins) {
  Ensemble ensemble = stump();
  ensemble.objective = "my own";
  const double x[] = {0, 0};
  const Model model = handle(ensemble);
  EXPECT_EQ(model.predict(x, 1), model.predict(x, 1, {.type = PredictType::raw}));
  EXPECT_EQ(code_of([&] { model.predict(x, 1, {.type = PredictType::label}); }, "my own"),
            ErrorCode::invalid_parameter);
}

TEST(Predict, RefusesOptionsOutOfRange) {
  const Model model = handle(stump());
  const double x[] = {0, 0};
  EXPECT_EQ(code_of([&] { model.predict(x, 1, {.rounds = 2}); }, "rounds = 2"), ErrorCode::invalid_parameter);
  EXPECT_EQ(code_of([&] { model.predict(x, 1, {.rounds = -1}); }, "rounds = -1"),
            ErrorCode::invalid_parameter);
  EXPECT_EQ(code_of([&] { model.predict(x, 1, {.threads = -1}); }, "threads = -1"),
            ErrorCode::invalid_parameter);
  EXPECT_EQ(code_of([&] { model.predict(x, -1); }, "rows = -1"), ErrorCode::invalid_data);
  const double* none = nullptr;
  EXPECT_EQ(code_of([&] { model.predict(none, 1); }, "no values"), ErrorCode::invalid_data);
  EXPECT_EQ(code_of([&] { model.unit_exponent(1); }, "output = 1"), ErrorCode::invalid_parameter);
}

TEST(Predict, RefusesColumnsThatDoNotFit) {
  const Model model = handle(stump());
  const std::vector<double> a = {1, 2};
  const std::vector<std::string> b = {"u", "v"};
  const std::vector<std::string> short_b = {"u"};
  const std::vector<std::int32_t> codes = {0, 2};
  const std::vector<std::uint8_t> bytes = {1, 2};
  const Column good_a{.name = "a", .values = std::span<const double>(a)};
  const Column good_b{.name = "b", .values = std::span<const std::string>(b)};
  const auto refused = [&](const std::vector<Column>& columns, const std::string& part) {
    EXPECT_EQ(code_of([&] { model.predict(columns); }, part), ErrorCode::invalid_data);
  };
  refused({good_a}, "column `b` is missing");
  refused({}, "column `a` is missing");
  refused({good_a, good_b, good_a}, "column `a` occurs twice");
  refused({good_a, {.name = "b", .values = std::span<const std::string>(short_b)}},
          "`b` has 1 rows, `a` has 2");
  refused({{.name = "a", .values = std::span<const std::string>(b)}, good_b}, "column `a` holds strings");
  refused({{.name = "a", .values = std::span<const std::int32_t>(codes)}, good_b}, "dictionary codes");
  refused({{.name = "a", .values = std::span<const std::uint8_t>(bytes)}, good_b}, "row 1: 2 is no boolean");
  Ensemble ensemble = stump();
  ensemble.trees[0].feature[0] = 1;
  ensemble.trees[0].cut[0] = 0;
  ensemble.trees[0].category_set[0] = 0;
  ensemble.trees[0].category_words = {1};
  const Model on_b = handle(ensemble);
  const Column bad_codes{
      .name = "b", .values = std::span<const std::int32_t>(codes), .dictionary = {"u", "v"}};
  EXPECT_EQ(code_of(
                [&] {
                  on_b.predict(std::vector<Column>{good_a, bad_codes});
                },
                "row 1: code 2"),
            ErrorCode::invalid_data);
}

TEST(Predict, ManyThreadsShareOneModel) {
  const Ensemble ensemble = random_ensemble(10, {.outputs = 3, .rounds = 10});
  const auto table = make_table(ensemble.schema, random_rows(ensemble, 10, 700, false), true);
  const auto expected = handle(ensemble).predict(table->columns, {.threads = 1});
  const Model model = handle(ensemble);  // its plan is still to be made
  std::vector<std::vector<float>> results(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 3; ++round) {
          results[i] = model.predict(table->columns, {.threads = 1 + static_cast<int>(i % 2)});
        }
      });
    }
  }
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST(Predict, CopiesOfAnEnsembleMakeTheirOwnPlans) {
  Ensemble ensemble = stump();
  const double x[] = {0, 0};
  EXPECT_EQ(handle(ensemble).predict(x, 1, {.type = PredictType::leaf}), (std::vector<float>{0}));
  ensemble.plan.get(ensemble);
  Ensemble copy = ensemble;
  copy.trees[0].cut[0] = -1;
  EXPECT_EQ(handle(copy).predict(x, 1, {.type = PredictType::leaf}), (std::vector<float>{1}));
}

TEST(Predict, WidthsAndNumbers) {
  const Ensemble ensemble = random_ensemble(11, {.outputs = 3, .rounds = 5});
  const Model model = handle(ensemble);
  EXPECT_EQ(model.outputs(), 3);
  EXPECT_EQ(model.rounds(), 5);
  EXPECT_EQ(model.best_round(), 4);
  EXPECT_EQ(model.trees(), 15);
  EXPECT_EQ(model.width(PredictType::probability), 3);
  EXPECT_EQ(model.width(PredictType::raw), 3);
  EXPECT_EQ(model.width(PredictType::label), 1);
  EXPECT_EQ(model.width(PredictType::leaf), 12);
  EXPECT_EQ(model.unit_exponent(2), 40);
}

}  // namespace
}  // namespace ramet::model::testing
