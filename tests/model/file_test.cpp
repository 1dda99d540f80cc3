// Model files: round trips, bytes, several sections, saving whole or not at all.
#include "model/file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "model/json.hpp"
#include "model/random_models.hpp"
#include "model/section_table.hpp"
#include "ramet/model.hpp"
#include "ramet/version.hpp"

namespace ramet::model {

bool operator==(const OutputScale& a, const OutputScale& b) {
  return a.base == b.base && a.unit_exponent == b.unit_exponent;
}

bool operator==(const Tree& a, const Tree& b) {
  return a.output == b.output && a.shift == b.shift && a.left == b.left && a.right == b.right &&
         a.feature == b.feature && a.cut == b.cut && a.missing_left == b.missing_left &&
         a.category_set == b.category_set && a.leaf_value == b.leaf_value && a.gain == b.gain &&
         a.cover == b.cover && a.rows == b.rows && a.category_words == b.category_words;
}

namespace testing {
namespace {

namespace fs = std::filesystem;

void expect_equal(const Ensemble& a, const Ensemble& b) {
  EXPECT_EQ(a.objective, b.objective);
  EXPECT_EQ(a.schema, b.schema);
  EXPECT_TRUE(a.outputs == b.outputs);
  EXPECT_TRUE(a.trees == b.trees);
  EXPECT_EQ(a.trees_per_round, b.trees_per_round);
  EXPECT_EQ(a.best_round, b.best_round);
  EXPECT_EQ(a.parameters, b.parameters);
  EXPECT_EQ(a.data_fingerprint, b.data_fingerprint);
  EXPECT_EQ(a.data_rows, b.data_rows);
  EXPECT_EQ(a.contract_version, b.contract_version);
  EXPECT_EQ(a.library_version, b.library_version);
}

// A new folder, removed with its contents.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "ramet_model_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const char* name) const { return path_ / name; }
  std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(path_), fs::directory_iterator());
  }

 private:
  fs::path path_;
};

std::vector<std::byte> bytes_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

template <class F>
std::string io_error(const F& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(ModelFile, RoundTripsKeepEverything) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Ensemble ensemble = random_ensemble(
        seed, {.outputs = 1 + static_cast<int>(seed % 3), .categories = 1 + static_cast<int>(seed * 7)});
    expect_equal(deserialize(serialize(ensemble)), ensemble);
  }
  expect_equal(deserialize(serialize(random_ensemble(1, {.rounds = 0}))), random_ensemble(1, {.rounds = 0}));
}

TEST(ModelFile, SeveralSectionsHoldTheSame) {
  const Ensemble ensemble = random_ensemble(3, {.features = 9, .rounds = 30, .categories = 40});
  const auto whole = serialize(ensemble);
  const auto pieces = serialize(ensemble, 2000);
  EXPECT_NE(whole, pieces);
  std::uint32_t sections = 0;
  std::memcpy(&sections, pieces.data() + 12, sizeof(sections));
  EXPECT_GT(sections, 10u);
  expect_equal(deserialize(pieces), ensemble);
  // Each tree and each feature alone.
  expect_equal(deserialize(serialize(ensemble, 1)), ensemble);
}

TEST(ModelFile, BytesAreAFunctionOfTheModel) {
  const Ensemble ensemble = random_ensemble(4);
  const auto bytes = serialize(ensemble);
  EXPECT_EQ(serialize(ensemble), bytes);
  EXPECT_EQ(serialize(deserialize(bytes)), bytes);
  const Folder folder;
  Model::deserialize(bytes).save(folder / "m.ramet");
  EXPECT_EQ(bytes_of(folder / "m.ramet"), bytes);
  EXPECT_EQ(Model::load(folder / "m.ramet").serialize(), bytes);
}

// Written once by this library; a change of the format must come with a new version.
TEST(ModelFile, BytesStayTheSameFromBuildToBuild) {
  EXPECT_EQ(section_checksum(serialize(stump())),
            section_checksum(serialize(deserialize(serialize(stump())))));
  const auto bytes = serialize(stump());
  EXPECT_EQ(std::memcmp(bytes.data(), "RAMETMDL\1\0\0\0\3\0\0\0", 16), 0);
}

TEST(ModelFile, SavingReplacesWholeFiles) {
  const Folder folder;
  save(random_ensemble(5), folder / "m.ramet");
  save(random_ensemble(6), folder / "m.ramet", 500);
  expect_equal(load(folder / "m.ramet"), random_ensemble(6));
  EXPECT_EQ(folder.entries(), 1);
}

TEST(ModelFile, FailedSavesLeaveNothingBehind) {
  const Folder folder;
  save(stump(), folder / "m.ramet");
  const auto before = bytes_of(folder / "m.ramet");
  EXPECT_NE(io_error([&] { save(stump(), folder / "none" / "m.ramet"); }).find("none/m.ramet"),
            std::string::npos);
  fs::create_directory(folder / "d");
  io_error([&] { save(stump(), folder / "d"); });
  // Files may grow to 100 bytes from here on.
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit small = limit;
  small.rlim_cur = 100;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = io_error([&] { save(random_ensemble(5), folder / "m.ramet"); });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
  EXPECT_EQ(bytes_of(folder / "m.ramet"), before);
  EXPECT_EQ(folder.entries(), 2);
}

TEST(ModelFile, RefusesToWriteWhatItWouldNotRead) {
  Ensemble ensemble = stump();
  ensemble.best_round = 7;
  const Folder folder;
  EXPECT_THROW(save(ensemble, folder / "m.ramet"), Error);
  EXPECT_EQ(folder.entries(), 0);
}

TEST(ModelFile, UnreadableFilesAreIoErrors) {
  const Folder folder;
  EXPECT_NE(io_error([&] { load(folder / "none"); }).find("none: cannot read"), std::string::npos);
  fs::create_directory(folder / "d");
  io_error([&] { load(folder / "d"); });
  std::ofstream(folder / "text") << "not a model at all, but long enough for a header";
  try {
    load(folder / "text");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_model);
    EXPECT_NE(std::string(error.what()).find("text: not a Ramet model file"), std::string::npos)
        << error.what();
  }
}

TEST(ModelJson, HoldsWhatTheModelHolds) {
  const Ensemble ensemble = random_ensemble(12, {.features = 6, .outputs = 2, .categories = 40});
  const auto json = nlohmann::json::parse(to_json(ensemble));
  EXPECT_EQ(json["objective"], ensemble.objective);
  EXPECT_EQ(json["contract_version"], contract_version);
  EXPECT_EQ(json["best_round"], ensemble.best_round);
  EXPECT_EQ(json["parameters"]["eta"], "0.3");
  EXPECT_EQ(json["data"]["rows"], ensemble.data_rows);
  EXPECT_EQ(json["schema"]["features"].size(), 6u);
  EXPECT_EQ(json["schema"]["features"][1]["categories"].size(), 40u);
  ASSERT_EQ(json["trees"].size(), ensemble.trees.size());
  for (std::size_t t = 0; t < ensemble.trees.size(); ++t) {
    const Tree& tree = ensemble.trees[t];
    const auto& nodes = json["trees"][t]["nodes"];
    ASSERT_EQ(nodes.size(), tree.left.size());
    for (std::size_t i = 0; i < tree.left.size(); ++i) {
      EXPECT_EQ(nodes[i]["cover"].get<double>(), tree.cover[i]);
      EXPECT_EQ(nodes[i]["rows"].get<std::int64_t>(), tree.rows[i]);
      if (tree.left[i] == no_child) {
        EXPECT_EQ(nodes[i]["leaf_value"].get<std::int32_t>(), tree.leaf_value[i]);
        continue;
      }
      EXPECT_EQ(nodes[i]["left"], tree.left[i]);
      EXPECT_EQ(nodes[i]["right"], tree.right[i]);
      EXPECT_EQ(nodes[i]["gain"].get<double>(), tree.gain[i]);
      EXPECT_EQ(nodes[i]["missing"], tree.missing_left[i] != 0 ? "left" : "right");
      if (tree.category_set[i] >= 0) {
        for (const auto& k : nodes[i]["left_categories"]) {
          const auto word = static_cast<std::size_t>(tree.category_set[i]) + k.get<std::size_t>() / 32;
          EXPECT_TRUE((tree.category_words[word] >> (k.get<std::size_t>() % 32) & 1) != 0);
        }
      } else if (std::isinf(tree.cut[i])) {
        EXPECT_EQ(nodes[i]["cut"], "Infinity");
      } else {
        EXPECT_EQ(nodes[i]["cut"].get<double>(), tree.cut[i]);
      }
    }
  }
}

TEST(ModelJson, SurvivesNamesThatAreNoText) {
  Ensemble ensemble = stump();
  ensemble.schema.features[0].name = "\xff\"\\\n";
  EXPECT_NO_THROW(nlohmann::json::parse(to_json(ensemble)));
}

}  // namespace
}  // namespace testing
}  // namespace ramet::model
