// The data sets of data/ as data/README.md describes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/helpers.hpp"

namespace ramet::io {
namespace {

struct RealFile {
  const char* name;
  std::int64_t rows;
  std::size_t columns;
  std::size_t texts;                            // columns of text
  std::map<std::string, std::int64_t> missing;  // columns with missing cells
};

std::vector<RealFile> real_files() {
  return {
      {"adult/train", 32561, 15, 9, {{"workclass", 1836}, {"occupation", 1843}, {"native-country", 583}}},
      {"adult/test", 16281, 15, 9, {{"workclass", 963}, {"occupation", 966}, {"native-country", 274}}},
      {"california_housing/housing", 20640, 10, 1, {{"total_bedrooms", 207}}},
      {"higgs_7k/train", 7000, 29, 0, {}},
      {"higgs_7k/test", 500, 29, 0, {}},
      {"iris/iris", 150, 5, 1, {}},
      {"letter/letter", 20000, 17, 0, {}},
      {"telco_churn/telco", 7043, 21, 17, {{"TotalCharges", 11}}},
  };
}

std::filesystem::path real_path(const std::string& name) {
  return std::filesystem::path(RAMET_TEST_DATA) / (name + ".csv.gz");
}

TEST(RealData, IsWhatTheReadmeSays) {
  for (const RealFile& file : real_files()) {
    SCOPED_TRACE(file.name);
    const Table table = Table::open(real_path(file.name));
    EXPECT_EQ(table.rows(), file.rows);
    ASSERT_EQ(table.features().size(), file.columns);
    std::size_t texts = 0;
    for (const FeatureInfo& feature : table.features())
      texts += feature.type == ColumnType::categorical ? 1 : 0;
    EXPECT_EQ(texts, file.texts);
    const Contents contents = contents_of(table);
    for (const std::string& name : contents.names) {
      const auto known = file.missing.find(name);
      EXPECT_EQ(missing_in(contents, name), known == file.missing.end() ? 0 : known->second) << name;
    }
  }
}

// Plain, gzip and zstd, in small blocks and in one, on any number of threads: what the naive reader reads.
TEST(RealData, IsReadAsTheNaiveReaderReadsIt) {
  for (const char* name :
       {"adult/test", "california_housing/housing", "higgs_7k/test", "iris/iris", "telco_churn/telco"}) {
    SCOPED_TRACE(name);
    const std::string bytes = read_file(real_path(name));
    const std::string text = gunzip(bytes);
    const Contents wanted = naive_contents(text);
    const TemporaryFile plain(text);
    const TemporaryFile zst(zstd(text), ".csv.zst");
    for (const auto& path : {plain.path(), zst.path(), real_path(name)}) {
      TableOptions options;
      EXPECT_TRUE(contents_of(Table::open(path, options)) == wanted) << path;
      options.threads = 3;
      options.block_bytes = 10'000;
      EXPECT_TRUE(contents_of(Table::open(path, options)) == wanted) << path;
    }
  }
}

TEST(RealData, HasTheClassesOfItsTarget) {
  TableOptions options;
  options.target_is_class = true;
  const auto classes = [&](const char* name, const char* target) {
    options.target = target;
    return Table::open(real_path(name), options).classes();
  };
  EXPECT_THAT(classes("adult/train", "income"), ::testing::ElementsAre("<=50K", ">50K"));
  EXPECT_THAT(classes("iris/iris", "class"), ::testing::ElementsAre("setosa", "versicolor", "virginica"));
  const auto letters = classes("letter/letter", "target");
  ASSERT_EQ(letters.size(), 26u);
  for (int k = 0; k < 26; ++k) EXPECT_EQ(letters[static_cast<std::size_t>(k)], std::to_string(k + 1));
  EXPECT_THAT(classes("telco_churn/telco", "Churn"), ::testing::ElementsAre("No", "Yes"));
}

}  // namespace
}  // namespace ramet::io
