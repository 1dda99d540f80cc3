// cuda/scores.hpp: rows down random trees by their codes, and leaves from units, against plain loops.
#include "cuda/scores.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "cuda/device_values.hpp"
#include "cuda/stream.hpp"
#include "cuda/thread_order.hpp"
#include "math/score.hpp"

namespace ramet::cuda::test {
namespace {

struct TestColumn {
  std::int32_t width = 1;
  std::int32_t value_bins = 0;
  bool categorical = false;
  std::vector<std::uint32_t> codes;
};

struct TestTree {
  std::vector<RouteNode> nodes;
  std::vector<std::uint32_t> words;
  std::vector<std::int64_t> steps;
  std::int32_t output = 0;
};

struct TreeShape {
  int splits = 10;
  bool chain = false;  // always splits the newest leaf
};

struct ScoreCase {
  std::int64_t rows = 0;
  int outputs = 1;
  int packed_bytes = 0;  // 0: by columns
  std::vector<TestColumn> columns;
  std::vector<TestTree> trees;
};

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}
  std::uint32_t below(std::uint64_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::int64_t step() { return static_cast<std::int64_t>(random_()) >> 10; }  // sums of hundreds fit

 private:
  std::mt19937_64 random_;
};

std::vector<TestColumn> random_columns(Draws& draws, int count, std::int64_t rows, bool wide) {
  std::vector<TestColumn> columns;
  for (int c = 0; c < count; ++c) {
    TestColumn column;
    column.categorical = c % 3 == 1;
    column.width = wide && c % 2 == 1 ? 2 : 1;
    column.value_bins =
        static_cast<std::int32_t>(column.width == 2 ? 300 + draws.below(65'200) : 1 + draws.below(255));
    for (std::int64_t r = 0; r < rows; ++r) {
      const bool missing = draws.below(6) == 0;
      column.codes.push_back(missing ? 0 : 1 + draws.below(static_cast<std::uint32_t>(column.value_bins)));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

// Sets of fewer words than there are categories: the codes beyond them go right.
void split(TestTree& tree, RouteNode& node, Draws& draws, const std::vector<TestColumn>& columns) {
  node.column = static_cast<std::int32_t>(draws.below(columns.size()));
  node.missing_left = static_cast<std::int32_t>(draws.below(2));
  const TestColumn& column = columns[static_cast<std::size_t>(node.column)];
  if (!column.categorical) {
    node.bin = 1 + draws.below(static_cast<std::uint32_t>(column.value_bins));
    return;
  }
  node.missing_left = 0;
  node.first_word = static_cast<std::int32_t>(tree.words.size());
  node.words = draws.below(static_cast<std::uint32_t>(column.value_bins) / 32 + 2);
  for (std::uint32_t w = 0; w < node.words; ++w) tree.words.push_back(draws.below(std::uint64_t{1} << 32));
}

TestTree random_tree(Draws& draws, const std::vector<TestColumn>& columns, const TreeShape& shape) {
  TestTree tree;
  tree.nodes.resize(1);
  std::vector<std::size_t> leaves{0};
  for (int s = 0; s < shape.splits; ++s) {
    const std::size_t at = shape.chain ? leaves.size() - 1 : draws.below(leaves.size());
    const std::size_t node = leaves[at];
    leaves.erase(leaves.begin() + static_cast<std::ptrdiff_t>(at));
    split(tree, tree.nodes[node], draws, columns);
    const std::size_t next = tree.nodes.size();
    const bool swapped = draws.below(2) == 0;
    tree.nodes[node].left = static_cast<std::int32_t>(next + (swapped ? 1 : 0));
    tree.nodes[node].right = static_cast<std::int32_t>(next + (swapped ? 0 : 1));
    tree.nodes.resize(next + 2);
    leaves.push_back(next);
    leaves.push_back(next + 1);
  }
  std::shuffle(leaves.begin(), leaves.end(), std::mt19937_64(shape.chain ? 1 : 2));
  for (const std::size_t leaf : leaves) {
    tree.nodes[leaf].leaf = static_cast<std::int32_t>(tree.steps.size());
    tree.steps.push_back(draws.step());
  }
  return tree;
}

ScoreCase random_case(std::uint64_t seed, std::int64_t rows, int columns, int packed_bytes, bool wide,
                      const std::vector<TreeShape>& shapes, int outputs = 1) {
  Draws draws(seed);
  ScoreCase scores{
      .rows = rows, .outputs = outputs, .packed_bytes = packed_bytes, .columns = {}, .trees = {}};
  scores.columns = random_columns(draws, columns, rows, wide);
  for (const TreeShape& shape : shapes) {
    scores.trees.push_back(random_tree(draws, scores.columns, shape));
    scores.trees.back().output = static_cast<std::int32_t>(draws.below(static_cast<unsigned>(outputs)));
  }
  return scores;
}

bool goes_left(const TestTree& tree, const RouteNode& node, std::uint32_t code) {
  if (code == 0) return node.missing_left != 0;
  if (node.first_word < 0) return code <= node.bin;
  const std::uint32_t word = (code - 1) / 32;
  if (word >= node.words) return false;
  return (tree.words[static_cast<std::size_t>(node.first_word) + word] >> ((code - 1) % 32) & 1) != 0;
}

std::vector<std::int64_t> naive_scores(const ScoreCase& scores, std::vector<std::int64_t> result) {
  for (const TestTree& tree : scores.trees) {
    for (std::int64_t r = 0; r < scores.rows; ++r) {
      const RouteNode* node = &tree.nodes[0];
      while (node->column >= 0) {
        const std::uint32_t code =
            scores.columns[static_cast<std::size_t>(node->column)].codes[static_cast<std::size_t>(r)];
        node = &tree.nodes[static_cast<std::size_t>(goes_left(tree, *node, code) ? node->left : node->right)];
      }
      result[static_cast<std::size_t>(tree.output * scores.rows + r)] +=
          tree.steps[static_cast<std::size_t>(node->leaf)];
    }
  }
  return result;
}

// A case's arrays on the device.
class OnDevice {
 public:
  explicit OnDevice(const ScoreCase& scores) {
    std::vector<DeviceColumn> columns;
    for (const TestColumn& column : scores.columns) {
      std::vector<std::uint8_t> bytes;
      for (const std::uint32_t code : column.codes) {
        for (int b = 0; b < column.width; ++b) bytes.push_back(static_cast<std::uint8_t>(code >> (8 * b)));
      }
      bytes_.push_back(to_device(bytes));
      columns.push_back({.codes = bytes_.back().data(), .width = column.width});
    }
    columns_ = to_device(columns);
    rows_ = {.columns = columns_.data(), .rows = scores.rows};
    if (scores.packed_bytes > 0) pack(scores);
    std::vector<RouteTree> trees;
    for (const TestTree& tree : scores.trees) {
      nodes_.push_back(to_device(tree.nodes));
      words_.push_back(to_device(tree.words));
      steps_.push_back(to_device(tree.steps));
      trees.push_back({.nodes = nodes_.back().data(),
                       .words = words_.back().data(),
                       .node_count = static_cast<std::int32_t>(tree.nodes.size()),
                       .output = tree.output,
                       .steps = steps_.back().data()});
    }
    trees_ = to_device(trees);
  }

  const RouteTree* trees() const { return trees_.data(); }
  const RouteRows& rows() const { return rows_; }

 private:
  // Columns in reverse order, with other bytes before them.
  void pack(const ScoreCase& scores) {
    std::vector<std::int32_t> slots;
    for (std::size_t c = 0; c < scores.columns.size(); ++c) {
      slots.push_back(scores.packed_bytes - 1 - static_cast<std::int32_t>(c));
    }
    const auto width = static_cast<std::size_t>(scores.packed_bytes);
    std::vector<std::uint8_t> packed(static_cast<std::size_t>(scores.rows) * width, 77);
    for (std::size_t r = 0; r < static_cast<std::size_t>(scores.rows); ++r) {
      for (std::size_t c = 0; c < scores.columns.size(); ++c) {
        packed[r * width + static_cast<std::size_t>(slots[c])] =
            static_cast<std::uint8_t>(scores.columns[c].codes[r]);
      }
    }
    packed_ = to_device(packed);
    slots_ = to_device(slots);
    rows_.packed = packed_.data();
    rows_.packed_bytes = scores.packed_bytes;
    rows_.slot_of_column = slots_.data();
  }

  std::vector<DeviceArray<std::uint8_t>> bytes_;
  std::vector<DeviceArray<RouteNode>> nodes_;
  std::vector<DeviceArray<std::uint32_t>> words_;
  std::vector<DeviceArray<std::int64_t>> steps_;
  DeviceArray<DeviceColumn> columns_;
  DeviceArray<std::uint8_t> packed_;
  DeviceArray<std::int32_t> slots_;
  DeviceArray<RouteTree> trees_;
  RouteRows rows_;
};

void expect_same(const ScoreCase& scores) {
  const OnDevice on_device(scores);
  Draws draws(99);
  std::vector<std::int64_t> start;
  for (std::int64_t i = 0; i < scores.rows * scores.outputs; ++i) start.push_back(draws.step());
  const DeviceArray<std::int64_t> result = to_device(start);
  const Stream stream;
  add_trees(on_device.trees(), static_cast<std::int32_t>(scores.trees.size()), on_device.rows(),
            result.data(), stream.get());
  stream.synchronize();
  EXPECT_EQ(from_device(result.data(), start.size()), naive_scores(scores, start));
}

TEST(AddTrees, PackedRows) {
  for (const int bytes : {8, 16, 32}) {
    SCOPED_TRACE(std::to_string(bytes) + " bytes");
    const auto scores = random_case(static_cast<unsigned>(bytes), 700, bytes - 1, bytes, false,
                                    {{30, false}, {0, false}, {12, true}, {100, false}});
    for_thread_orders([&] { expect_same(scores); });
  }
}

TEST(AddTrees, Columns) {
  for (const bool wide : {false, true}) {
    const auto scores =
        random_case(3, 700, 40, 0, wide, {{30, false}, {0, false}, {60, true}, {200, false}}, 2);
    for_thread_orders([&] { expect_same(scores); });
  }
}

TEST(AddTrees, AnyNumberOfRows) {
  for (const std::int64_t rows : {0, 1, 31, 32, 255, 256, 257, 2559, 2561, 6000}) {
    SCOPED_TRACE(std::to_string(rows) + " rows");
    expect_same(random_case(4, rows, 7, 8, false, {{9, false}, {4, false}}));
    expect_same(random_case(5, rows, 7, 0, true, {{9, false}, {4, false}}));
  }
}

TEST(AddTrees, SingleLeafAlone) { expect_same(random_case(6, 300, 3, 8, false, {{0, false}})); }

// More trees, and more nodes, than shared memory takes at a time; outputs in any order.
TEST(AddTrees, ManyTrees) {
  std::vector<TreeShape> shapes(150, {3, false});
  for (std::size_t t = 0; t < 12; ++t) shapes[10 * t + 1].splits = 400;
  const auto scores = random_case(7, 300, 20, 32, false, shapes, 5);
  for_thread_orders([&] { expect_same(scores); });
}

// Trees that are too large for shared memory, before, between and after small ones.
TEST(AddTrees, LargeTrees) {
  for (const int packed_bytes : {0, 16}) {
    expect_same(random_case(8, 600, 11, packed_bytes, packed_bytes == 0,
                            {{1500, false}, {5, false}, {1023, false}, {1024, false}, {3, true}}, 2));
  }
}

TEST(AddTrees, DeepChain) { expect_same(random_case(9, 300, 6, 0, true, {{3000, true}, {1000, true}})); }

TEST(AddTrees, NoTrees) { expect_same(random_case(10, 100, 3, 8, false, {})); }

struct Leaves {
  std::vector<std::int32_t> first{0};
  std::vector<std::int64_t> units;
  void add(const std::vector<std::int64_t>& tree) {
    units.insert(units.end(), tree.begin(), tree.end());
    first.push_back(static_cast<std::int32_t>(units.size()));
  }
};

void expect_steps(const Leaves& leaves) {
  const std::size_t count = leaves.units.size();
  const auto trees = static_cast<std::int32_t>(leaves.first.size()) - 1;
  const auto units = to_device(leaves.units);
  const auto first = to_device(leaves.first);
  const DeviceArray<std::int32_t> shifts(static_cast<std::size_t>(trees));
  const DeviceArray<std::int32_t> values(count);
  const DeviceArray<std::int64_t> steps(count);
  const Stream stream;
  leaf_steps(units.data(), first.data(), trees, shifts.data(), values.data(), steps.data(), stream.get());
  stream.synchronize();
  const auto got_shifts = from_device(shifts.data(), shifts.size());
  const auto got_values = from_device(values.data(), count);
  const auto got_steps = from_device(steps.data(), count);
  for (std::size_t t = 0; t < shifts.size(); ++t) {
    std::int64_t largest = 0;
    const auto begin = static_cast<std::size_t>(leaves.first[t]);
    const auto end = static_cast<std::size_t>(leaves.first[t + 1]);
    for (std::size_t l = begin; l < end; ++l) largest = std::max(largest, std::abs(leaves.units[l]));
    EXPECT_EQ(got_shifts[t], math::leaf_shift(largest));
    for (std::size_t l = begin; l < end; ++l) {
      EXPECT_EQ(got_values[l], math::leaf_to_int(leaves.units[l], got_shifts[t]));
      EXPECT_EQ(got_steps[l], got_values[l] * (std::int64_t{1} << got_shifts[t]));
    }
  }
}

TEST(LeafSteps, EqualTheModelsLeaves) {
  Draws draws(11);
  Leaves leaves;
  leaves.add({0});
  leaves.add({});
  leaves.add({-5, 3, 0x7fffffff});
  leaves.add({0x7fffffff, -0x80000000LL});
  leaves.add({-(std::int64_t{1} << 62) + 1, (std::int64_t{1} << 62) - 1, 1, -1});
  for (const int places : {4, 20, 40, 62}) {
    for (const std::size_t size : {31, 256, 257, 1000}) {
      std::vector<std::int64_t> units(size);
      for (std::int64_t& u : units) u = draws.step() * 256 >> places;
      leaves.add(units);
    }
  }
  for_thread_orders([&] { expect_steps(leaves); });
}

TEST(LeafSteps, MarkedLeavesCountAsZero) {
  constexpr std::int64_t mark = std::numeric_limits<std::int64_t>::min();
  const auto units = to_device(std::vector<std::int64_t>{7, mark, -9, mark, std::int64_t{1} << 40});
  const auto first = to_device(std::vector<std::int32_t>{0, 3, 5});
  const DeviceArray<std::int32_t> shifts(2);
  const DeviceArray<std::int32_t> values(5);
  const DeviceArray<std::int64_t> steps(5);
  const Stream stream;
  leaf_steps(units.data(), first.data(), 2, shifts.data(), values.data(), steps.data(), stream.get());
  stream.synchronize();
  EXPECT_EQ(from_device(shifts.data(), 2), (std::vector<std::int32_t>{0, 10}));
  EXPECT_EQ(from_device(values.data(), 5), (std::vector<std::int32_t>{7, 0, -9, 0, 1 << 30}));
  EXPECT_EQ(from_device(steps.data(), 5), (std::vector<std::int64_t>{7, 0, -9, 0, std::int64_t{1} << 40}));
}

}  // namespace
}  // namespace ramet::cuda::test
