// Random tables against the naive reader, and bytes that are no table at all.
#include <gtest/gtest.h>

#include <random>

#include "io/block_reader.hpp"
#include "io/dictionary.hpp"
#include "io/helpers.hpp"
#include "io/rows.hpp"

namespace ramet::io {
namespace {

using namespace std::string_literals;
using Random = std::mt19937_64;

std::string pick(Random& random, const std::vector<std::string>& from) {
  return from[random() % from.size()];
}

const std::vector<std::string> numbers{"1",      "-2.5",
                                       "3e5",    "+4",
                                       ".5",     "6.",
                                       "1e-300", "123456789012345678901234567890",
                                       "inf",    "-Infinity",
                                       " 7 ",    "\"8\"",
                                       "0.1",    "9007199254740993",
                                       "-0"};
const std::vector<std::string> marks{"", "NA", "NaN", "nan", "null", "NULL", "?", "  ", "\"\"", "\" \""};
const std::vector<std::string> booleans{"true", "True", "TRUE", "false", "False", "\"FALSE\"", " true"};
const std::vector<std::string> texts{"a",
                                     "\"a\"",
                                     "b c",
                                     "\"x,y\"",
                                     "\"two\nlines\"",
                                     "\"two\r\nlines\"",
                                     "\"say \"\"no\"\"\"",
                                     "5\" pipe",
                                     "\"\"\"\"",
                                     "é漢😀",
                                     "nanny",
                                     "1.2.3",
                                     "--",
                                     "0x10",
                                     "1e",
                                     "trUe"};

// One column's cells. Late surprises: a text among numbers far down the file.
std::vector<std::string> random_column(Random& random, std::size_t rows) {
  const std::uint64_t kind = random() % 6;
  std::vector<std::string> cells;
  for (std::size_t r = 0; r < rows; ++r) {
    if (random() % 8 == 0) {
      cells.push_back(pick(random, marks));
    } else if (kind == 0 || (kind == 4 && random() % 40 != 0)) {
      cells.push_back(pick(random, numbers));
    } else if (kind == 1 || (kind == 5 && random() % 2 == 0)) {
      cells.push_back(pick(random, booleans));
    } else if (kind == 3) {
      cells.push_back(pick(random, marks));
    } else {
      cells.push_back(pick(random, kind == 5 ? numbers : texts));
    }
  }
  return cells;
}

std::string random_table(Random& random) {
  const std::size_t columns = 2 + random() % 5;
  const std::size_t rows = 1 + random() % 60;
  const std::string line_end = random() % 2 == 0 ? "\n" : "\r\n";
  std::vector<std::vector<std::string>> cells;
  std::string text = random() % 4 == 0 ? "\xEF\xBB\xBF" : "";
  for (std::size_t c = 0; c < columns; ++c) {
    cells.push_back(random_column(random, rows));
    text += (c > 0 ? "," : "") + std::string(random() % 3 == 0 ? "\"name, " : "\"name ") + std::to_string(c) +
            "\"";
  }
  for (std::size_t r = 0; r < rows; ++r) {
    text += line_end;
    if (random() % 10 == 0) text += line_end;
    for (std::size_t c = 0; c < columns; ++c) text += (c > 0 ? "," : "") + cells[c][r];
  }
  if (random() % 2 == 0) text += line_end;
  return text;
}

TEST(TableProperty, RandomTablesAreReadAsTheNaiveReaderReadsThem) {
  Random random(11);
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_table(random);
    const bool marked = text.starts_with("\xEF\xBB\xBF");
    const Contents wanted = naive_contents(std::string_view(text).substr(marked ? 3 : 0));
    const TemporaryFile file(i % 5 == 0 ? gzip(text) : text);
    for (const std::int64_t block_bytes :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{64}, std::int64_t{301}}) {
      TableOptions options;
      options.block_bytes = block_bytes;
      options.threads = 1 + i % 3;
      ASSERT_EQ(contents_of(Table::open(file, options)), wanted) << block_bytes << "\n" << text;
    }
  }
}

// The outcome for a file, error messages included.
std::string outcome(const std::filesystem::path& path, const TableOptions& options) {
  try {
    const Table table = Table::open(path, options);
    const Contents contents = contents_of(table);
    std::string text = std::to_string(table.rows());
    for (const FeatureInfo& feature : table.features()) {
      text += "|" + feature.name;
      for (const std::string& category : feature.categories) text += "," + category;
    }
    for (const auto& column : contents.values) {
      for (const std::string& value : column) text += "\n" + value;
    }
    return text;
  } catch (const Error& error) {
    return error.what();
  }
}

std::string random_bytes(Random& random) {
  static const std::string alphabet = ",,,,\n\n\n\"\"\r 019.-+eEnaN?\t\0\xE9\xC3\xA9xy;"s;
  std::string bytes;
  for (std::size_t size = random() % 200; size > 0; --size) bytes += alphabet[random() % alphabet.size()];
  return bytes;
}

std::string mutated(Random& random, std::string bytes) {
  for (std::uint64_t change = 1 + random() % 4; change > 0 && !bytes.empty(); --change) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, 1 + random() % 5);
        break;
      case 2:
        bytes.insert(at, 1, ",\"\n\r"[random() % 4]);
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

// Never a crash, and the same table or message whatever the block size and threads.
TEST(TableFuzz, AnyBytesAreATableOrAnErrorWhateverTheBlocks) {
  Random random(12);
  int tables = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string bytes = i % 3 == 0 ? random_bytes(random) : mutated(random, random_table(random));
    const TemporaryFile file(bytes);
    TableOptions options;
    options.header = random() % 4 != 0;
    options.threads = 1;
    const std::string whole = outcome(file, options);
    tables += whole.starts_with(file.path().string()) ? 0 : 1;
    options.threads = 2;
    options.block_bytes = static_cast<std::int64_t>(1 + random() % 100);
    ASSERT_EQ(outcome(file, options), whole) << "block_bytes " << options.block_bytes << "\n" << bytes;
  }
  EXPECT_GT(tables, 200);
}

TEST(TableFuzz, DamagedCompressedFilesAreATableOrAnError) {
  Random random(13);
  for (int i = 0; i < 500; ++i) {
    const std::string text = random_table(random);
    const TemporaryFile file(mutated(random, i % 2 == 0 ? gzip(text) : zstd(text)));
    outcome(file, {});
  }
}

TEST(BlockReader, GivesTheFileInWholeRows) {
  Random random(14);
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_table(random);
    const TemporaryFile file(text);
    BlockReader reader(file, ',', static_cast<std::int64_t>(1 + random() % 80));
    Block block;
    std::string all = text.starts_with("\xEF\xBB\xBF") ? "\xEF\xBB\xBF" : "";
    while (reader.next(block)) {
      EXPECT_EQ(block.offset, static_cast<std::int64_t>(all.size()));
      all += block.text();
    }
    ASSERT_EQ(all, text);
  }
}

TEST(Dictionary, AgreesWithAMap) {
  Random random(15);
  std::map<std::string, std::int64_t> counts;
  Dictionary dictionary;
  for (int i = 0; i < 100'000; ++i) {
    const std::string word = "w" + std::to_string(random() % (1 + random() % 20'000));
    const std::int32_t code = dictionary.add(word);
    EXPECT_EQ(dictionary.word(code), word);
    ++counts[word];
  }
  ASSERT_EQ(dictionary.size(), static_cast<std::int32_t>(counts.size()));
  for (const auto& [word, count] : counts) {
    const std::int32_t code = dictionary.find(word);
    ASSERT_GE(code, 0);
    EXPECT_EQ(dictionary.count(code), count);
  }
  EXPECT_EQ(dictionary.find("absent"), -1);
  EXPECT_EQ(Dictionary().find(""), -1);
  Dictionary doubled;
  doubled.add_all(dictionary);
  doubled.add_all(dictionary);
  EXPECT_EQ(doubled.count(doubled.find("w0")), 2 * counts["w0"]);
  const std::vector<std::string> order = doubled.by_count();
  for (std::size_t k = 1; k < order.size(); ++k) {
    const std::int64_t before = counts[order[k - 1]];
    const std::int64_t here = counts[order[k]];
    EXPECT_TRUE(before > here || (before == here && order[k - 1] < order[k]));
  }
}

}  // namespace
}  // namespace ramet::io
