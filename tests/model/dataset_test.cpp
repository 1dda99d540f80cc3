// Prediction from binned pages against the naive walk on the raw values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "data/dataset_data.hpp"
#include "model/predict.hpp"
#include "model/random_models.hpp"
#include "model/tables.hpp"
#include "ramet/model.hpp"

namespace ramet::model::testing {
namespace {

// Bins whose edges are the model's cuts and some more.
data::Bins bins_for(const Ensemble& ensemble) {
  data::Bins bins;
  for (std::size_t f = 0; f < ensemble.schema.features.size(); ++f) {
    const FeatureInfo& info = ensemble.schema.features[f];
    data::FeatureBins feature{
        .type = info.type, .cuts = {}, .categories = static_cast<int>(info.categories.size())};
    std::set<double> cuts = {-1.25, 0.75, 2.5};
    for (const Tree& tree : ensemble.trees) {
      for (std::size_t i = 0; i < tree.left.size(); ++i) {
        if (tree.feature[i] == static_cast<int>(f) && !std::isinf(tree.cut[i])) cuts.insert(tree.cut[i]);
      }
    }
    if (info.type != ColumnType::categorical) feature.cuts.assign(cuts.begin(), cuts.end());
    bins.features.push_back(feature);
  }
  return bins;
}

std::uint32_t code_of(const Cell& cell, const FeatureInfo& info, const data::FeatureBins& bins) {
  if (info.type != ColumnType::categorical) {
    if (std::isnan(cell.number)) return 0;
    return static_cast<std::uint32_t>(
        1 + std::count_if(bins.cuts.begin(), bins.cuts.end(), [&](double cut) { return cut < cell.number; }));
  }
  const auto found = std::find(info.categories.begin(), info.categories.end(), cell.label);
  return found == info.categories.end() ? 0 : static_cast<std::uint32_t>(found - info.categories.begin()) + 1;
}

// Every feature stored in two bytes if it has more than 255 codes, rows in pages of `page_rows`.
data::DatasetData make_data(const Ensemble& ensemble, const data::Bins& bins, const std::vector<Row>& rows,
                            std::int64_t page_rows) {
  data::DatasetData data;
  data.schema = std::make_shared<const Schema>(ensemble.schema);
  data.bins = std::make_shared<const data::Bins>(bins);
  data.rows = static_cast<std::int64_t>(rows.size());
  for (std::size_t f = 0; f < bins.features.size(); ++f) {
    const std::int32_t width = bins.features[f].value_bins() > 255 ? 2 : 1;
    data.layout.row_bytes += data.layout.row_bytes % width;
    data.layout.column_of_feature.push_back(static_cast<std::int32_t>(f));
    data.layout.columns.push_back(
        {.feature = static_cast<std::int32_t>(f), .width = width, .byte_offset = data.layout.row_bytes});
    data.layout.row_bytes += width;
  }
  for (std::int64_t first = 0; first < data.rows; first += page_rows) {
    data::Page& page = data.pages.emplace_back();
    page.first_row = first;
    page.rows = static_cast<std::int32_t>(std::min(page_rows, data.rows - first));
    page.columns = Buffer<std::uint8_t>(static_cast<std::size_t>(page.rows * data.layout.row_bytes));
    for (const data::StoredColumn& column : data.layout.columns) {
      std::uint8_t* to = page.columns.data() + column.byte_offset * page.rows;
      const auto f = static_cast<std::size_t>(column.feature);
      for (std::int64_t i = 0; i < page.rows; ++i) {
        const Cell& cell = rows[static_cast<std::size_t>(first + i)][f];
        const std::uint32_t code = code_of(cell, ensemble.schema.features[f], bins.features[f]);
        if (column.width == 1) to[i] = static_cast<std::uint8_t>(code);
        if (column.width == 2) reinterpret_cast<std::uint16_t*>(to)[i] = static_cast<std::uint16_t>(code);
      }
    }
  }
  return data;
}

void check_binned(const RandomOptions& options, std::uint64_t seed) {
  const Ensemble ensemble = random_ensemble(seed, options);
  const std::vector<Row> rows = random_rows(ensemble, seed, 500, false);
  std::vector<std::int64_t> expected;
  for (const Row& row : rows) {
    const auto scores = naive_scores(ensemble, row, ensemble.best_round);
    expected.insert(expected.end(), scores.begin(), scores.end());
  }
  for (const std::int64_t page_rows : {500, 64, 2}) {
    const data::DatasetData data = make_data(ensemble, bins_for(ensemble), rows, page_rows);
    const RowsInput input = dataset_input(ensemble.plan.get(ensemble), ensemble.schema, data);
    for (const int threads : {1, 2}) {
      EXPECT_EQ(predict_scores(ensemble, input, {.threads = threads}), expected) << "seed " << seed;
    }
  }
}

TEST(PredictBinned, AgreesWithRawValues) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    check_binned({.features = 1 + static_cast<int>(seed % 6)}, seed);
}

TEST(PredictBinned, TwoByteCodes) {
  check_binned({.rounds = 20, .max_splits = 60, .numeric_cuts = 500, .categories = 400}, 1);
}

TEST(PredictBinned, OtherDictionariesAreMatchedByName) {
  const Ensemble ensemble = random_ensemble(3, {.features = 2, .rounds = 12});
  const std::vector<Row> rows = random_rows(ensemble, 3, 200, false);
  Ensemble shuffled = ensemble;  // other order, and a category that the model does not know
  auto& categories = shuffled.schema.features[1].categories;
  std::reverse(categories.begin(), categories.end());
  categories.insert(categories.begin() + 1, "100003");
  std::swap(shuffled.schema.features[0], shuffled.schema.features[1]);
  std::vector<Row> swapped = rows;
  for (Row& row : swapped) std::swap(row[0], row[1]);
  data::Bins bins = bins_for(ensemble);
  std::swap(bins.features[0], bins.features[1]);
  bins.features[0].categories = static_cast<int>(categories.size());
  const data::DatasetData data = make_data(shuffled, bins, swapped, 100);
  const auto scores =
      predict_scores(ensemble, dataset_input(ensemble.plan.get(ensemble), ensemble.schema, data), {});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    EXPECT_EQ(scores[r], naive_scores(ensemble, rows[r], ensemble.best_round)[0]) << r;
  }
}

std::string refusal(const Ensemble& ensemble, const data::DatasetData& data) {
  try {
    dataset_input(ensemble.plan.get(ensemble), ensemble.schema, data);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_data);
    return error.what();
  }
  return {};
}

TEST(PredictBinned, RefusesOtherBinsAndFeatures) {
  const Ensemble ensemble = stump(0.5);
  const std::vector<Row> rows(1, Row(2));
  data::Bins bins = bins_for(ensemble);
  EXPECT_EQ(refusal(ensemble, make_data(ensemble, bins, rows, 10)), "");
  bins.features[0].cuts = {0.25, 0.75};
  EXPECT_NE(refusal(ensemble, make_data(ensemble, bins, rows, 10)).find("`a`: the model splits at 0.5"),
            std::string::npos);
  bins = bins_for(ensemble);
  Ensemble renamed = stump(0.5);
  renamed.schema.features[1].name = "c";
  EXPECT_NE(refusal(ensemble, make_data(renamed, bins, rows, 10)).find("no feature `b`"), std::string::npos);
  Ensemble retyped = stump(0.5);
  retyped.schema.features[1] = {.name = "b", .categories = {}};
  EXPECT_NE(refusal(ensemble, make_data(retyped, bins, rows, 10)).find("`b`: categorical in the model"),
            std::string::npos);
}

TEST(PredictBinned, FeaturesThatAreNotStored) {
  const Ensemble numeric = stump(0.5);
  data::DatasetData data = make_data(numeric, bins_for(numeric), std::vector<Row>(3, Row(2)), 10);
  data.layout.column_of_feature = {-1, -1};
  EXPECT_NE(refusal(numeric, data).find("binned where it is constant"), std::string::npos);
  // A categorical feature without any category is missing in all rows.
  Ensemble categorical = stump(0);
  categorical.trees[0].feature[0] = 1;
  categorical.trees[0].category_set[0] = 0;
  categorical.trees[0].category_words = {1};
  Schema schema = categorical.schema;
  schema.features[1].categories.clear();
  data.schema = std::make_shared<const Schema>(schema);
  const RowsInput input = dataset_input(categorical.plan.get(categorical), categorical.schema, data);
  EXPECT_EQ(predict(categorical, input, {.type = PredictType::leaf}), (std::vector<float>{0, 0, 0}));
}

// A real data set, a validation set that has its bins, and the same values raw.
TEST(PredictBinned, DatasetsAndColumnsGiveTheSameBits) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Ensemble ensemble = random_ensemble(seed, {.rounds = 12, .max_splits = 20, .categories = 40});
    const auto train_rows = random_rows(ensemble, seed, 2000, false);
    const auto valid_rows = random_rows(ensemble, seed + 100, 333, false);
    const auto train_table = make_table(ensemble.schema, train_rows, seed % 2 == 0);
    const auto valid_table = make_table(ensemble.schema, valid_rows, seed % 2 == 1);
    const Dataset train = Dataset::from_columns(train_table->columns, {.bins = {.max_bin = 20}});
    for (Tree& tree : ensemble.trees) {
      for (std::size_t i = 0; i < tree.left.size(); ++i) {
        if (tree.left[i] == no_child || tree.category_set[i] >= 0) continue;
        // The table's columns are in another order than the model's.
        const auto& name = ensemble.schema.features[static_cast<std::size_t>(tree.feature[i])].name;
        const auto& known = train.schema().features;
        const auto at =
            std::find_if(known.begin(), known.end(), [&](const auto& f) { return f.name == name; });
        const data::FeatureBins& bins =
            train.data().bins->features[static_cast<std::size_t>(at - known.begin())];
        tree.cut[i] = bins.upper_bound(1 + static_cast<std::uint32_t>(i) %
                                               static_cast<std::uint32_t>(bins.value_bins()));
      }
    }
    const Dataset valid =
        Dataset::from_columns(valid_table->columns, {.reference = &train, .page_rows = 100});
    const Model model(std::make_shared<const Ensemble>(ensemble));
    EXPECT_EQ(model.scores(train), model.scores(train_table->columns)) << seed;
    EXPECT_EQ(model.scores(valid), model.scores(valid_table->columns)) << seed;
    EXPECT_EQ(model.predict(valid), model.predict(valid_table->columns)) << seed;
  }
}

TEST(PredictBinned, BaseMarginsOfTheDataSetCount) {
  const std::vector<double> a = {0, 1, 2};
  const std::vector<std::string> b = {"u", "v", "u"};
  const std::vector<double> margins = {0.5, -1, 2};
  const std::vector<Column> columns = {{.name = "a", .values = std::span<const double>(a)},
                                       {.name = "b", .values = std::span<const std::string>(b)}};
  const Dataset with = Dataset::from_columns(columns, {.base_margins = margins});
  const Dataset without = Dataset::from_columns(columns);
  const Model model(std::make_shared<const Ensemble>(stump(0.5)));
  EXPECT_EQ(model.scores(with), model.scores(without, {.base_margins = margins}));
  EXPECT_EQ(model.scores(with)[0], (std::int64_t{1} << 39) - 10);
  EXPECT_EQ(model.scores(without)[0], 90);
  const std::vector<double> other = {0, 0, 0};
  EXPECT_EQ(model.scores(with, {.base_margins = other})[0], -10);
}

}  // namespace
}  // namespace ramet::model::testing
