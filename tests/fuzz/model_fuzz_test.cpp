// Drives the fuzz target with mutations of good models, with any compiler. RAMET_FUZZ_ITERATIONS (default
// 3000) and RAMET_FUZZ_SEED set how many and which; what fails is written to RAMET_FUZZ_ARTIFACT if that is
// set.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "fuzz/model_target.hpp"
#include "model/file.hpp"

namespace ramet::model {
namespace {

using Bytes = std::vector<std::byte>;

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// A tree of two splits, one of them on categories.
Tree seed_tree(std::int32_t output) {
  Tree tree;
  tree.output = output;
  tree.shift = 3;
  tree.left = {1, 3, no_child, no_child, no_child};
  tree.right = {2, 4, no_child, no_child, no_child};
  tree.feature = {0, 1, -1, -1, -1};
  tree.cut = {0.25, 0, 0, 0, 0};
  tree.missing_left = {1, 0, 0, 0, 0};
  tree.category_set = {-1, 0, -1, -1, -1};
  tree.leaf_value = {0, 0, 7, -1000, 100000};
  tree.gain = {3, 2, 0, 0, 0};
  tree.cover = {10, 6, 4, 3, 3};
  tree.rows = {10, 6, 4, 3, 3};
  tree.category_words = {5};
  return tree;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  for (const std::int32_t outputs : {1, 3}) {
    Ensemble ensemble;
    ensemble.objective = outputs == 1 ? "binary:logistic" : "multi:softprob";
    ensemble.schema.features = {
        {.name = "age", .categories = {}},
        {.name = "city", .type = ColumnType::categorical, .categories = {"1", "7", "x"}}};
    ensemble.outputs.resize(static_cast<std::size_t>(outputs));
    ensemble.trees_per_round = outputs;
    for (std::int32_t t = 0; t < 2 * outputs; ++t) ensemble.trees.push_back(seed_tree(t % outputs));
    ensemble.best_round = 2;
    ensemble.parameters = {{"eta", "0.3"}};
    all.push_back(serialize(ensemble));
    all.push_back(serialize(ensemble, 1));
  }
  return all;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t n) { return engine_() % n; }

  void mutate(Bytes& bytes) {
    for (std::uint64_t n = 1 + below(4); n > 0 && bytes.size() > 8; --n) mutate_once(bytes);
  }

 private:
  void mutate_once(Bytes& bytes) {
    const std::size_t at = below(bytes.size() - 8);
    switch (below(8)) {
      case 0:
        bytes[at] ^= std::byte{1} << below(8);
        return;
      case 1:
        bytes[at] = static_cast<std::byte>(engine_());
        return;
      case 2:
        put(bytes, at / 4 * 4, interesting());
        return;
      case 3: {  // small steps of offsets and counts
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data() + at / 4 * 4, sizeof(word));
        put(bytes, at / 4 * 4, word + static_cast<std::uint32_t>(below(33)) - 16);
        return;
      }
      case 4:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 8, std::byte{0});
        return;
      case 5: {  // one piece over another
        const std::size_t from = below(bytes.size() - 8);
        const std::size_t length = 1 + below(bytes.size() - std::max(at, from));
        std::memmove(bytes.data() + at, bytes.data() + from, length);
        return;
      }
      case 6:
        bytes.resize(bytes.size() - 1 - below(8));
        return;
      default:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 16, std::byte{0});
        return;
    }
  }

  std::uint32_t interesting() {
    static constexpr std::uint32_t words[] = {0,          1,      0x7fffffff, 0x80000000,
                                              0xffffffff, 0xffff, 0x7ff00000, 0x10000};
    return words[below(std::size(words))];
  }

  static void put(Bytes& bytes, std::size_t at, std::uint32_t word) {
    std::memcpy(bytes.data() + at, &word, sizeof(word));
  }

  std::mt19937_64 engine_;
};

void run(const Bytes& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void keep(const Bytes& bytes) {
  if (const char* path = std::getenv("RAMET_FUZZ_ARTIFACT")) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

TEST(ModelFuzz, SeedsAreGoodModels) {
  for (const Bytes& seed : seeds()) {
    EXPECT_NO_THROW(deserialize(seed));
    EXPECT_NO_THROW(run(seed));
  }
}

TEST(ModelFuzz, MutatedModelsAreRefusedOrUsable) {
  const std::uint64_t iterations = setting("RAMET_FUZZ_ITERATIONS", 3000);
  const std::uint64_t seed = setting("RAMET_FUZZ_SEED", 1);
  const std::vector<Bytes> originals = seeds();
  for (std::uint64_t i = 0; i < iterations; ++i) {
    Mutator mutator(seed * 1'000'000'007 + i);
    Bytes bytes = originals[mutator.below(originals.size())];
    mutator.mutate(bytes);
    keep(bytes);  // first: a crash leaves no second chance
    ASSERT_NO_THROW(run(bytes)) << "iteration " << i << " of seed " << seed;
  }
}

}  // namespace
}  // namespace ramet::model
