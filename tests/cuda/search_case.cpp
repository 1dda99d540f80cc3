#include "cuda/search_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "cuda/check.hpp"
#include "cuda/device_values.hpp"
#include "cuda/search_exchange.hpp"
#include "cuda/sharing_comm.hpp"
#include "cuda/thread_order.hpp"
#include "math/quantise.hpp"

namespace ramet::cuda::test {
namespace {

constexpr std::int32_t most_byte_bins = 255;

std::int64_t uniform(std::mt19937& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

std::int32_t draw_code(const ColumnSpec& spec, std::mt19937& random) {
  std::uniform_real_distribution<double> share(0, 1);
  if (share(random) < spec.missing) return 0;
  const double value = std::pow(share(random), spec.skew) * spec.value_bins;
  return 1 + std::min(static_cast<std::int32_t>(value), spec.value_bins - 1);
}

}  // namespace

SearchCase::SearchCase(const CaseSpec& spec, std::mt19937& random) : spec_(spec) {
  scale_.g_exponent = spec.gradients.g_exponent;
  scale_.h_exponent = spec.gradients.h_exponent;
  scale_.g_unit = math::pow2(-scale_.g_exponent);
  scale_.h_unit = math::pow2(-scale_.h_exponent);
  std::vector<std::int32_t> features(spec.columns.size());
  std::iota(features.begin(), features.end(), 10);
  std::shuffle(features.begin(), features.end(), random);
  for (std::size_t c = 0; c < spec.columns.size(); ++c) {
    const ColumnSpec& column = spec.columns[c];
    columns_.push_back({.width = column.value_bins > most_byte_bins ? 2 : 1,
                        .feature = features[c],
                        .value_bins = column.value_bins,
                        .has_missing = column.missing > 0,
                        .categorical = column.categorical});
  }
  place_columns(random);
  draw_rows(random);
}

void SearchCase::place_columns(std::mt19937& random) {
  std::vector<std::int32_t> order(columns_.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::stable_partition(order.begin(), order.end(),
                        [&](std::int32_t c) { return columns_[static_cast<std::size_t>(c)].width == 1; });
  tile_of_.resize(columns_.size());
  slot_of_.resize(columns_.size());
  bool full = true;
  for (const std::int32_t c : order) {
    const DeviceColumn& column = columns_[static_cast<std::size_t>(c)];
    const std::int32_t slots = column.width == 2 ? 1 : spec_.slots;
    const auto at = static_cast<std::int32_t>(slot_columns_.size());
    if (full || slots == 1 || at - tiles_.back().first_slot == slots) {
      if (!tiles_.empty())
        slot_columns_.resize(static_cast<std::size_t>(tiles_.back().first_slot + tiles_.back().slots), -1);
      tiles_.push_back({.slots = slots, .first_slot = static_cast<std::int32_t>(slot_columns_.size())});
    }
    tiles_.back().codes = std::max(tiles_.back().codes, column.value_bins + 1);
    tile_of_[static_cast<std::size_t>(c)] = static_cast<std::int32_t>(tiles_.size()) - 1;
    slot_of_[static_cast<std::size_t>(c)] =
        static_cast<std::int32_t>(slot_columns_.size()) - tiles_.back().first_slot;
    slot_columns_.push_back(c);
    full = spec_.leave_gaps && random() % 8 == 0;
    if (spec_.leave_gaps && slots > 1 &&
        static_cast<std::int32_t>(slot_columns_.size()) - tiles_.back().first_slot < slots - 1 &&
        random() % 8 == 0) {
      slot_columns_.push_back(-1);
    }
  }
  slot_columns_.resize(static_cast<std::size_t>(tiles_.back().first_slot + tiles_.back().slots), -1);
  place_tiles(random);
}

// Any number of tiles is a part's; the first one has at least one.
void SearchCase::place_tiles(std::mt19937& random) {
  const auto count = static_cast<std::int64_t>(tiles_.size());
  for (std::int32_t p = 0; p + 1 < spec_.parts; ++p) {
    const std::int64_t low = part_ends_.empty() ? 1 : part_ends_.back();
    part_ends_.push_back(static_cast<std::int32_t>(uniform(random, low, count)));
  }
  part_ends_.push_back(static_cast<std::int32_t>(count));
  std::int32_t part = 0;
  std::int64_t next = 0;
  for (std::int32_t t = 0; t < count; ++t) {
    for (; t >= part_ends_[static_cast<std::size_t>(part)]; ++part) next = 0;
    Tile& tile = tiles_[static_cast<std::size_t>(t)];
    tile.first_cell = next;
    next += (std::int64_t{tile.codes} * tile.slots + 31) / 32 * 32;
    if (spec_.leave_gaps) next += 32 * static_cast<std::int64_t>(random() % 2);
    cells_ = std::max(cells_, next);
  }
  part = 0;
  for (std::int32_t t = 0; t < count; ++t) {
    while (t >= part_ends_[static_cast<std::size_t>(part)]) ++part;
    tiles_[static_cast<std::size_t>(t)].first_cell += part * planes() * cells_;
  }
}

void SearchCase::draw_rows(std::mt19937& random) {
  for (std::int32_t c = 0; c < column_count(); ++c) {
    const DeviceColumn& facts = columns_[static_cast<std::size_t>(c)];
    const std::vector<DeviceSums> empty(static_cast<std::size_t>(facts.value_bins) + 1);
    sums_.push_back({c, facts, std::vector(static_cast<std::size_t>(spec_.nodes), empty)});
  }
  std::vector<std::int32_t> codes(columns_.size());
  const GradientSpec& gradients = spec_.gradients;
  for (std::int32_t row = 0; row < spec_.rows; ++row) {
    DeviceSums sums{uniform(random, -gradients.largest_g, gradients.largest_g),
                    uniform(random, 0, gradients.largest_h), 1};
    sums.g += gradients.mean_g;
    if (gradients.constant_hessian) sums.h = 1;
    const auto node = static_cast<std::size_t>(uniform(random, 0, spec_.nodes - 1));
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const ColumnSpec& column = spec_.columns[c];
      codes[c] =
          column.twin_of >= 0 ? codes[static_cast<std::size_t>(column.twin_of)] : draw_code(column, random);
      if (c == 0 && gradients.up_if_missing) sums.g = std::abs(sums.g) * (codes[0] == 0 ? 1 : -1);
      DeviceSums& cell = sums_[c].nodes[node][static_cast<std::size_t>(codes[c])];
      cell = {cell.g + sums.g, cell.h + sums.h, cell.rows + 1};
    }
  }
}

DeviceSums SearchCase::total(std::int32_t node) const {
  DeviceSums total;
  for (const DeviceSums& cell : sums_.front().nodes[static_cast<std::size_t>(node)]) {
    total = {total.g + cell.g, total.h + cell.h, total.rows + cell.rows};
  }
  return total;
}

std::vector<NaiveColumn> SearchCase::naive_columns(std::int32_t first, std::int32_t count,
                                                   const std::vector<std::uint32_t>& allowed) const {
  std::vector<NaiveColumn> result;
  for (const NaiveColumn& column : sums_) {
    const auto word = static_cast<std::size_t>(column.column / 32);
    if (!allowed.empty() && (allowed[word] >> (column.column % 32) & 1) == 0) continue;
    const auto begin = column.nodes.begin() + first;
    result.push_back({column.column, column.facts, {begin, begin + count}});
  }
  return result;
}

std::int64_t SearchCase::cell_of(std::int32_t column, std::int32_t code) const {
  const auto c = static_cast<std::size_t>(column);
  const Tile& tile = tiles_[static_cast<std::size_t>(tile_of_[c])];
  return tile.first_cell + std::int64_t{code} * tile.slots + slot_of_[c];
}

std::vector<bool> SearchCase::used_cells() const {
  std::vector<bool> used(static_cast<std::size_t>(histogram_size()), false);
  for (std::int32_t c = 0; c < column_count(); ++c) {
    const std::int32_t codes = tiles_[static_cast<std::size_t>(tile_of_[static_cast<std::size_t>(c)])].codes;
    for (std::int32_t code = 0; code < codes; ++code) {
      for (std::int32_t plane = 0; plane < planes(); ++plane) {
        used[static_cast<std::size_t>(plane * cells_ + cell_of(c, code))] = true;
      }
    }
  }
  return used;
}

std::vector<std::int64_t> SearchCase::histogram(std::int32_t node, std::mt19937& random) const {
  const std::vector<bool> used = used_cells();
  std::vector<std::int64_t> cells(static_cast<std::size_t>(histogram_size()), 0);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!used[i]) cells[i] = uniform(random, -1'000'000'000, 1'000'000'000);
  }
  for (const NaiveColumn& column : sums_) {
    const std::vector<DeviceSums>& codes = column.nodes[static_cast<std::size_t>(node)];
    for (std::int32_t code = 0; code < static_cast<std::int32_t>(codes.size()); ++code) {
      const std::int64_t at = cell_of(column.column, code);
      const DeviceSums& sums = codes[static_cast<std::size_t>(code)];
      cells[static_cast<std::size_t>(at)] = sums.g;
      cells[static_cast<std::size_t>(cells_ + at)] = sums.h;
      if (spec_.counted) cells[static_cast<std::size_t>(2 * cells_ + at)] = sums.rows;
    }
  }
  return cells;
}

void SearchCase::raise(SearchLimits& limits, const SearchSettings& settings) const {
  limits.tiles = std::max(limits.tiles, static_cast<std::int32_t>(tiles_.size()));
  limits.cells = std::max(limits.cells, cells_);
  std::int32_t category_columns = 0;
  for (const DeviceColumn& column : columns_) {
    if (column.categorical == 0 || column.value_bins <= settings.max_onehot) continue;
    ++category_columns;
    limits.most_categories = std::max(limits.most_categories, column.value_bins);
  }
  limits.category_columns = std::max(limits.category_columns, category_columns);
}

std::vector<const LayoutView*> SearchCase::upload() {
  device_tiles_ = to_device(tiles_);
  device_slots_ = to_device(slot_columns_);
  device_columns_ = to_device(columns_);
  const auto wide = [](const Tile& tile) { return tile.slots == 1; };
  const auto tile_count = static_cast<std::int32_t>(tiles_.size());
  LayoutView view;
  view.tiles = device_tiles_.data();
  view.slot_columns = device_slots_.data();
  view.columns = device_columns_.data();
  view.cells = cells_;
  view.tile_count = tile_count;
  view.byte_tiles = tile_count - static_cast<std::int32_t>(std::count_if(tiles_.begin(), tiles_.end(), wide));
  view.planes = planes();
  std::vector<LayoutView> views;
  for (std::int32_t p = 0; p < spec_.parts; ++p) {
    view.first_own_tile = view.end_own_tile;
    view.end_own_tile = part_ends_[static_cast<std::size_t>(p)];
    view.first_own_cell = p * planes() * cells_;
    views.push_back(view);
  }
  device_layout_ = to_device(views);
  std::vector<const LayoutView*> on_device;
  for (std::int32_t p = 0; p < spec_.parts; ++p) on_device.push_back(device_layout_.data() + p);
  return on_device;
}

namespace {

// What lies on the device for a call.
struct DeviceCall {
  std::vector<std::vector<SearchTask>> tasks;         // of each part
  std::vector<DeviceArray<std::int64_t>> histograms;  // of the tasks
  std::vector<DeviceArray<std::int64_t>> others;      // parents and siblings
  std::vector<DeviceArray<std::uint32_t>> masks;
  std::vector<DeviceArray<DeviceScale>> scales;  // of the trees
};

void give_histogram(const SearchCase& tree, const SearchedTask& searched, DeviceCall& memory,
                    SearchTask& task, std::mt19937& random) {
  const std::vector<std::int64_t> node = tree.histogram(searched.node, random);
  std::vector<std::int64_t> sibling = node;
  std::vector<std::int64_t> parent = node;
  for (std::size_t i = 0; i < node.size(); ++i) {
    sibling[i] = uniform(random, -1'000'000, 1'000'000);
    parent[i] = node[i] + sibling[i];
  }
  const bool in_place = searched.given == Given::difference_in_place;
  memory.histograms.push_back(searched.given == Given::built ? to_device(node)
                              : in_place                     ? to_device(parent)
                                                             : DeviceArray<std::int64_t>(node.size()));
  task.histogram = memory.histograms.back().data();
  if (searched.given == Given::built) return;
  memory.others.push_back(to_device(sibling));
  task.sibling = memory.others.back().data();
  if (!in_place) memory.others.push_back(to_device(parent));
  task.parent = in_place ? task.histogram : memory.others.back().data();
}

DeviceCall upload(SearchCall& call, std::mt19937& random) {
  DeviceCall memory;
  memory.tasks.resize(static_cast<std::size_t>(call.parts));
  std::vector<std::vector<const LayoutView*>> layouts;
  for (SearchCase& tree : call.trees) {
    layouts.push_back(tree.upload());
    memory.scales.push_back(to_device(std::vector{tree.scale()}));
  }
  for (const SearchedTask& searched : call.tasks) {
    const auto tree = static_cast<std::size_t>(searched.tree);
    SearchTask task;
    give_histogram(call.trees[tree], searched, memory, task, random);
    memory.masks.push_back(to_device(searched.allowed));
    task.scale = memory.scales[tree].data();
    task.allowed = memory.masks.back().data();
    task.search = searched.search ? 1 : 0;
    for (std::size_t p = 0; p < memory.tasks.size(); ++p) {
      task.layout = layouts[tree][p];
      memory.tasks[p].push_back(task);
    }
  }
  return memory;
}

// What the device has found.
struct SearchOutcome {
  std::vector<DeviceSums> sums;
  std::vector<DeviceCandidate> candidates;
  std::vector<std::uint32_t> words;  // category_words of each unit
  std::int32_t category_words = 0;
  std::vector<std::vector<std::int64_t>> histograms;  // of each task
};

void search_part(const SearchCall& call, SplitSearch& search, const std::vector<SearchTask>& part,
                 const SearchResults& found) {
  const DeviceArray<SearchTask> tasks = to_device(part);
  const DeviceArray<LevelTask> levels = to_device(call.levels);
  const auto count = static_cast<std::int32_t>(part.size());
  if (call.levels.empty()) {
    search.search_nodes(tasks.data(), count, found.sums, found.candidates, found.words, nullptr);
  } else {
    search.search_levels(tasks.data(), count, levels.data(), static_cast<std::int32_t>(call.levels.size()),
                         found.sums, found.candidates, found.words, nullptr);
  }
  check(cudaDeviceSynchronize(), "searching");
}

SearchOutcome search_on_device(SearchCall& call, std::mt19937& random) {
  const DeviceCall memory = upload(call, random);
  SplitSearch search(call.settings, limits_of(call));
  const auto count = static_cast<std::int32_t>(call.tasks.size());
  const std::size_t units = call.levels.empty() ? call.tasks.size() : call.levels.size();
  const auto word_count = static_cast<std::size_t>(search.category_words()) * units;
  const DeviceArray<DeviceSums> sums(call.tasks.size());
  const DeviceArray<DeviceCandidate> candidates(units);
  const DeviceArray<std::uint32_t> words = to_device(std::vector<std::uint32_t>(word_count, 0x5a5a5a5a));
  const SearchResults results{sums.data(), candidates.data(), words.data()};
  if (call.parts == 1) {
    search_part(call, search, memory.tasks[0], results);
  } else {
    SharingComm comm(call.parts);
    SearchExchange exchange(comm, count, search.category_words(), nullptr);
    const auto unit_count = static_cast<std::int32_t>(units);
    for (std::int32_t p = 0; p < call.parts; ++p) {
      comm.act_as(p);
      search_part(call, search, memory.tasks[static_cast<std::size_t>(p)], exchange.own(count, unit_count));
    }
    exchange.join(count, unit_count, results, nullptr);
  }
  SearchOutcome outcome{.sums = from_device(sums.data(), call.tasks.size()),
                        .candidates = from_device(candidates.data(), units),
                        .words = from_device(words.data(), word_count),
                        .category_words = search.category_words()};
  for (const auto& own : memory.histograms) outcome.histograms.push_back(from_device(own.data(), own.size()));
  return outcome;
}

std::string name_of(const NaiveSplit& split) {
  return "feature " + std::to_string(split.feature) + ", order " + std::to_string(split.order) +
         (split.missing_left ? ", missing left" : "") + ", gain " + std::to_string(split.gain);
}

void expect_split(const NaiveSplit& split, const DeviceCandidate& found, const std::uint32_t* words,
                  std::int32_t word_count) {
  SCOPED_TRACE(name_of(split));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(found.gain), std::bit_cast<std::uint64_t>(split.gain)) << found.gain;
  EXPECT_EQ(found.column, split.column);
  EXPECT_EQ(found.feature, split.feature);
  EXPECT_EQ(found.order, split.order);
  EXPECT_EQ(found.missing_left != 0, split.missing_left);
  EXPECT_EQ(found.categorical != 0, split.categorical);
  for (std::int32_t category = 0; split.categorical && category < 32 * word_count; ++category) {
    const auto code = static_cast<std::size_t>(category) + 1;
    const bool left = code < split.left.size() && split.left[code];
    EXPECT_EQ((words[category / 32] >> (category % 32) & 1) != 0, left) << "category " << category;
  }
}

void expect_histogram(const SearchCase& given, std::int32_t node, const std::vector<std::int64_t>& found,
                      std::mt19937& random) {
  const std::vector<bool> used = given.used_cells();
  const std::vector<std::int64_t> expected = given.histogram(node, random);
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    ASSERT_EQ(found[i], expected[i]) << "cell " << i << " of node " << node;
  }
}

void expect_sums(const SearchCase& given, const SearchSettings& settings, std::int32_t node,
                 const DeviceSums& found) {
  const DeviceSums expected = given.total(node);
  EXPECT_EQ(found.g, expected.g);
  EXPECT_EQ(found.h, expected.h);
  EXPECT_EQ(found.rows, settings.h_counts_rows || given.planes() == 3 ? expected.rows : 0);
}

NaiveSplit naive_split(const SearchCall& call, const LevelTask& unit) {
  if (unit.count == 0 || !call.tasks[static_cast<std::size_t>(unit.first)].search) return {};
  const SearchedTask& first = call.tasks[static_cast<std::size_t>(unit.first)];
  const SearchCase& tree = call.trees[static_cast<std::size_t>(first.tree)];
  std::vector<DeviceSums> totals;
  for (std::int32_t n = 0; n < unit.count; ++n) totals.push_back(tree.total(first.node + n));
  const std::vector<NaiveColumn> columns = tree.naive_columns(first.node, unit.count, first.allowed);
  return naive_search(call.settings, tree.scale(), totals, columns);
}

void expect_outcome(const SearchCall& call, const std::vector<NaiveSplit>& splits,
                    const SearchOutcome& outcome, std::mt19937& random) {
  for (std::size_t i = 0; i < call.tasks.size(); ++i) {
    const SearchedTask& task = call.tasks[i];
    const SearchCase& tree = call.trees[static_cast<std::size_t>(task.tree)];
    expect_sums(tree, call.settings, task.node, outcome.sums[i]);
    expect_histogram(tree, task.node, outcome.histograms[i], random);
  }
  for (std::size_t u = 0; u < splits.size(); ++u) {
    SCOPED_TRACE("unit " + std::to_string(u));
    const auto words = static_cast<std::size_t>(outcome.category_words);
    expect_split(splits[u], outcome.candidates[u], outcome.words.data() + u * words, outcome.category_words);
  }
}

}  // namespace

SearchLimits limits_of(const SearchCall& call) {
  SearchLimits limits;
  for (const SearchCase& tree : call.trees) tree.raise(limits, call.settings);
  limits.nodes = static_cast<std::int32_t>(call.tasks.size());
  limits.levels = !call.levels.empty();
  limits.planes = call.planes;
  limits.blocks = call.blocks;
  return limits;
}

std::vector<NaiveSplit> expect_as_naive(SearchCall& call, std::mt19937& random) {
  std::vector<NaiveSplit> splits(call.levels.empty() ? call.tasks.size() : call.levels.size());
  for (std::size_t u = 0; u < splits.size(); ++u) {
    splits[u] =
        naive_split(call, call.levels.empty() ? LevelTask{static_cast<std::int32_t>(u), 1} : call.levels[u]);
  }
  for_thread_orders([&] { expect_outcome(call, splits, search_on_device(call, random), random); });
  return splits;
}

}  // namespace ramet::cuda::test
