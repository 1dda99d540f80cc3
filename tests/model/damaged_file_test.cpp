// Files that are damaged or made to harm: always Error{bad_model}, whatever the bytes.
#include "model/damaged_file.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

#include "base/error.hpp"
#include "model/check.hpp"
#include "model/encode.hpp"
#include "model/file.hpp"
#include "model/random_models.hpp"

namespace ramet::model::testing {
namespace {

using Bytes = std::vector<std::byte>;

// The message of the error with which the bytes are refused; empty if they are taken.
std::string refusal(std::span<const std::byte> bytes) {
  try {
    deserialize(bytes);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_model) << error.what();
    return error.what();
  }
}

// A file of an ensemble that makes no sense: serialize would refuse to write it.
Bytes unchecked_file(const Ensemble& ensemble) {
  std::vector<SectionEntry> table;
  Bytes sections;
  encode_sections(ensemble, default_section_limit, [&](SectionKind kind, std::span<const std::byte> bytes) {
    table.push_back({.length = bytes.size(), .kind = kind, .checksum = section_checksum(bytes)});
    sections.insert(sections.end(), bytes.begin(), bytes.end());
  });
  Bytes file = encode_table(table);
  file.insert(file.end(), sections.begin(), sections.end());
  return file;
}

Ensemble small() {
  return random_ensemble(1, {.features = 3, .rounds = 2, .max_splits = 4, .categories = 3});
}

TEST(DamagedFile, EveryTruncationIsRefused) {
  const Bytes file = serialize(small());
  for (std::size_t size = 0; size < file.size(); ++size) {
    // A copy of its own, so that a sanitizer sees reads behind the end.
    const Bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_NE(refusal(part), "") << size << " bytes";
  }
  Bytes longer = file;
  longer.resize(file.size() + 16);
  EXPECT_NE(refusal(longer).find("truncated or extended"), std::string::npos);
}

TEST(DamagedFile, EveryFlippedBitIsRefused) {
  Bytes file = serialize(small());
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      file[at] ^= std::byte{1} << bit;
      ASSERT_NE(refusal(file), "") << "byte " << at << ", bit " << bit;
      file[at] ^= std::byte{1} << bit;
    }
  }
  EXPECT_EQ(refusal(file), "");
}

TEST(DamagedFile, EveryChangedByteBehindAgreeingChecksums) {
  const Bytes file = serialize(small());
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
      Bytes changed = file;
      changed[at] = static_cast<std::byte>(value);
      repair_checksums(changed);
      refusal(changed);
    }
  }
}

TEST(DamagedFile, RandomBytesAreRefused) {
  std::mt19937_64 engine(7);
  for (int i = 0; i < 2000; ++i) {
    Bytes bytes(engine() % 300);
    for (std::byte& b : bytes) b = static_cast<std::byte>(engine());
    ASSERT_NE(refusal(bytes), "");
    if (bytes.size() < 16) continue;
    std::memcpy(bytes.data(), "RAMETMDL\1\0\0\0\2\0\0\0", 16);
    repair_checksums(bytes);
    ASSERT_NE(refusal(bytes), "");
  }
}

TEST(DamagedFile, NewerVersionsSaySo) {
  Bytes file = serialize(small());
  file[8] = std::byte{2};
  EXPECT_NE(refusal(file).find("format version 2 is too new"), std::string::npos);
  Ensemble ensemble = small();
  ensemble.contract_version = 1000;
  EXPECT_NE(refusal(unchecked_file(ensemble)).find("numbers contract version 1000 is too new"),
            std::string::npos);
}

TEST(DamagedFile, HugeCountsAreRefusedBeforeAllocation) {
  Bytes file = serialize(small());
  const std::uint32_t sections = 0xffffffff;
  std::memcpy(file.data() + 12, &sections, sizeof(sections));
  EXPECT_NE(refusal(file).find("sections do not fit"), std::string::npos);
  // A length behind the end of the file.
  Bytes lengths = serialize(small());
  const std::uint64_t length = std::uint64_t{1} << 40;
  std::memcpy(lengths.data() + file_header_bytes + 8, &length, sizeof(length));
  repair_checksums(lengths);
  EXPECT_NE(refusal(lengths).find("do not fit"), std::string::npos);
}

struct Nonsense {
  const char* message;
  std::function<void(Ensemble&)> change;
};

// Each change of a good model (one tree: node 0 splits on "a", leaves 1 and 2) and what the refusal must say.
std::vector<Nonsense> tree_nonsense() {
  const auto tree = [](auto change) { return [change](Ensemble& e) { change(e.trees[0]); }; };
  return {
      {"child 0 must be between", tree([](Tree& t) { t.left[0] = 0; })},
      {"child 3 must be between", tree([](Tree& t) { t.right[0] = 3; })},
      {"child -7 must be between", tree([](Tree& t) { t.right[0] = -7; })},
      {"node 1 is the child of two nodes", tree([](Tree& t) { t.right[0] = 1; })},
      {"child 1 must be between", tree([](Tree& t) { t.left[1] = 1, t.right[1] = 2; })},
      {"node 0: feature 2 of 2", tree([](Tree& t) { t.feature[0] = 2; })},
      {"node 0: feature -1 of 2", tree([](Tree& t) { t.feature[0] = -1; })},
      {"cut is NaN", tree([](Tree& t) { t.cut[0] = std::numeric_limits<double>::quiet_NaN(); })},
      {"category set of the numeric", tree([](Tree& t) { t.category_set[0] = 0, t.category_words = {1}; })},
      {"category set at -1 exceeds", tree([](Tree& t) { t.feature[0] = 1; })},
      {"category set at 1 exceeds",
       tree([](Tree& t) { t.feature[0] = 1, t.cut[0] = 0, t.category_set[0] = 1, t.category_words = {1}; })},
      {"categories that `b` does not have",
       tree([](Tree& t) { t.feature[0] = 1, t.cut[0] = 0, t.category_set[0] = 0, t.category_words = {4}; })},
      {"cut 0.5 of a categorical split",
       tree([](Tree& t) { t.feature[0] = 1, t.category_set[0] = 0, t.category_words = {1}; })},
      {"missing_left = 2", tree([](Tree& t) { t.missing_left[0] = 2; })},
      {"a split with leaf value", tree([](Tree& t) { t.leaf_value[0] = 1; })},
      {"a leaf with the fields of a split", tree([](Tree& t) { t.feature[1] = 0; })},
      {"an array of 2 entries", tree([](Tree& t) { t.cut.pop_back(); })},
      {"an array of 4 entries", tree([](Tree& t) { t.rows.push_back(0); })},
      {"0 nodes", tree([](Tree& t) { t = Tree{}; })},
      {"gain inf", tree([](Tree& t) { t.gain[0] = std::numeric_limits<double>::infinity(); })},
      {"cover nan", tree([](Tree& t) { t.cover[2] = std::numeric_limits<double>::quiet_NaN(); })},
      {"-1 rows", tree([](Tree& t) { t.rows[1] = -1; })},
      {"shift 63", tree([](Tree& t) { t.shift = 63; })},
      {"shift -1", tree([](Tree& t) { t.shift = -1; })},
      {"can exceed 2^62", tree([](Tree& t) { t.shift = 58; })},
      {"output 1 of 1", tree([](Tree& t) { t.output = 1; })},
      {"output -1 of 1", tree([](Tree& t) { t.output = -1; })},
  };
}

std::vector<Nonsense> head_nonsense() {
  return {
      {"no objective", [](Ensemble& e) { e.objective.clear(); }},
      {"no outputs", [](Ensemble& e) { e.outputs.clear(), e.trees.clear(), e.best_round = 0; }},
      {"trees_per_round = 0", [](Ensemble& e) { e.trees_per_round = 0; }},
      {"no multiple of 2 trees a round", [](Ensemble& e) { e.trees_per_round = 2; }},
      {"1 trees a round for 2 outputs", [](Ensemble& e) { e.outputs.push_back({}); }},
      {"best round 0 (allowed: 1 to 1)", [](Ensemble& e) { e.best_round = 0; }},
      {"best round 2 (allowed: 1 to 1)", [](Ensemble& e) { e.best_round = 2; }},
      {"data_rows = -1", [](Ensemble& e) { e.data_rows = -1; }},
      {"unit exponent 1001", [](Ensemble& e) { e.outputs[0].unit_exponent = 1001; }},
      {"unit exponent -1001", [](Ensemble& e) { e.outputs[0].unit_exponent = -1001; }},
      {"base -9223372036854775808",
       [](Ensemble& e) { e.outputs[0].base = std::numeric_limits<std::int64_t>::min(); }},
      {"can exceed 2^62", [](Ensemble& e) { e.outputs[0].base = (std::int64_t{1} << 62) - 15; }},
      {"feature `a` occurs twice", [](Ensemble& e) { e.schema.features[1].name = "a"; }},
      {"not categorical but has categories", [](Ensemble& e) { e.schema.features[0].categories = {"x"}; }},
      {"`u` occurs twice",
       [](Ensemble& e) {
         e.schema.features[1].categories = {"u", "u"};
       }},
      {"classes: `c` occurs twice",
       [](Ensemble& e) {
         e.schema.classes = {"c", "c"};
       }},
      {"feature type 3 is unknown",
       [](Ensemble& e) { e.schema.features[0].type = static_cast<ColumnType>(3); }},
      {"parameters: `eta` occurs twice",
       [](Ensemble& e) {
         e.parameters = {{"eta", "1"}, {"eta", "2"}};
       }},
  };
}

TEST(DamagedFile, NonsenseIsRefusedByName) {
  ASSERT_EQ(refusal(unchecked_file(stump())), "");
  for (const auto& list : {tree_nonsense(), head_nonsense()}) {
    for (const Nonsense& nonsense : list) {
      Ensemble ensemble = stump();
      nonsense.change(ensemble);
      EXPECT_NE(refusal(unchecked_file(ensemble)).find(nonsense.message), std::string::npos)
          << "expected: " << nonsense.message << "\ngot: " << refusal(unchecked_file(ensemble));
    }
  }
}

TEST(DamagedFile, SharedCategoryWordsAreRefused) {
  Ensemble ensemble = random_ensemble(2, {.features = 2, .rounds = 8, .max_splits = 30});
  bool changed = false;
  for (Tree& tree : ensemble.trees) {
    if (tree.category_words.size() < 2) continue;
    for (std::int32_t& set : tree.category_set) set = std::min(set, 0);
    tree.category_words = {1u};
    changed = true;
  }
  ASSERT_TRUE(changed);
  EXPECT_NE(refusal(unchecked_file(ensemble)).find("share 1 words"), std::string::npos);
}

TEST(DamagedFile, SectionsOutOfPlaceAreRefused) {
  const Bytes file = serialize(small());
  const auto with_kind = [&](std::size_t section, std::uint32_t kind) {
    Bytes changed = file;
    std::memcpy(changed.data() + file_header_bytes + section * table_entry_bytes + 16, &kind, sizeof(kind));
    repair_checksums(changed);
    return refusal(changed);
  };
  EXPECT_NE(with_kind(0, 2).find("section 0: kind 2 is out of place"), std::string::npos);
  EXPECT_NE(with_kind(1, 1).find("section 1: kind 1 is out of place"), std::string::npos);
  EXPECT_NE(with_kind(1, 3), "");
  EXPECT_NE(with_kind(2, 2), "");
  EXPECT_NE(with_kind(2, 4).find("kind 4"), std::string::npos);
}

}  // namespace
}  // namespace ramet::model::testing
