// Grower::expand: from splits to searched children.
#include <algorithm>

#include "base/error.hpp"
#include "cuda/grower.hpp"
#include "cuda/partition.hpp"

namespace ramet::cuda {

// At most what expand puts into staging.
std::size_t Grower::staged_bytes(std::span<const backend::Split> splits) const {
  constexpr std::size_t piece = 512;  // of alignment, for each array
  const std::size_t mask = (data_.layout.columns.size() + 31) / 32 * 4 + piece;
  std::size_t bytes = 16 * piece;
  for (const backend::Split& split : splits) {
    bytes += sizeof(PartitionTask) + sizeof(PlanSplit) + 2 * sizeof(BuildTask) + 2 * sizeof(SearchTask) +
             2 * sizeof(LevelTask);
    bytes += 2 * (split.rule.left_categories.size() * 4 + (split.rule.categorical ? piece : 0));
    bytes += (split.left_features != nullptr ? mask : 0) + (split.right_features != nullptr ? mask : 0);
  }
  // Chunks of one split each are the most there can be.
  return bytes + (splits.size() > static_cast<std::size_t>(plan_.slots) ? splits.size() * 8 * piece : 0);
}

void Grower::expand(std::span<const backend::Split> splits) {
  splits_.assign(splits.begin(), splits.end());
  std::int32_t largest = -1;
  for (const backend::Split& split : splits_) largest = std::max({largest, split.left, split.right});
  if (static_cast<std::size_t>(largest + 1) > nodes_.size())
    nodes_.resize(static_cast<std::size_t>(largest) + 1);
  works_.assign(splits_.size(), Work{});
  for (std::size_t i = 0; i < splits_.size(); ++i) works_[i].split = &splits_[i];
  to_device_.clear();
  to_host_.clear();
  to_device_.reserve(staged_bytes(splits));
  place_results(splits_.size(), 2 * splits_.size(), 2 * splits_.size());
  phases_.mark(Phase::partition, stream_);
  move_rows(splits_);
  for (std::size_t begin = 0; begin < works_.size();) {
    const std::size_t end = chunk_end(begin);
    enqueue_chunk(begin, end);
    begin = end;
  }
  phases_.stop(stream_);
  to_host_.fetch(stream_);
}

PartitionTask Grower::partition_task(const backend::Split& split, std::uint32_t first_block) {
  const GrowingNode& parent = node(split.node);
  const std::int32_t column = data_.layout.column_of_feature[static_cast<std::size_t>(split.rule.feature)];
  const DeviceColumn& codes = rows_.columns().columns()[static_cast<std::size_t>(column)];
  const std::int64_t offset = std::int64_t{parent.tree} * rows_.rows() + parent.begin;
  PartitionTask task;
  task.source = ids(parent);
  task.target = ids_[parent.buffer == 0 ? 1 : 0].data() + offset;
  task.count = parent.count;
  task.first_block = first_block;
  task.rule.codes = codes.codes;
  task.rule.width = codes.width;
  task.rule.bin = split.rule.bin;
  task.rule.missing_left = split.rule.missing_left;
  if (split.rule.categorical) {
    task.rule.left_categories = to_device_.put(std::span<const std::uint32_t>(split.rule.left_categories));
    task.rule.category_words = static_cast<std::uint32_t>(split.rule.left_categories.size());
  }
  return task;
}

void Grower::move_rows(std::span<const backend::Split> splits) {
  const auto [tasks, on_device] = to_device_.put<PartitionTask>(splits.size());
  std::uint32_t blocks = 0;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    const backend::Split& split = splits[i];
    tasks[i] = partition_task(split, blocks);
    blocks += partition_blocks(tasks[i].count);
    GrowingNode& parent = nodes_[static_cast<std::size_t>(split.node)];
    parent.left = split.left;
    parent.right = split.right;
    for (const std::int32_t child : {split.left, split.right}) {
      nodes_[static_cast<std::size_t>(child)] = {
          .tree = split.tree, .buffer = parent.buffer == 0 ? 1 : 0, .begin = parent.begin};
    }
  }
  to_device_.send(stream_);
  const auto count = static_cast<std::int32_t>(splits.size());
  partition_rows(on_device, count, blocks, device_.sides, stream_);
  count_left_rows(device_.sides, count, device_.left_rows, stream_);
  comm_.all_reduce_sum(device_.left_rows, splits.size(), stream_);
}

std::int32_t Grower::slots_needed(const backend::Split& split) const {
  const bool kept = node(split.node).histogram != nullptr;
  if (split.search_children) return kept ? 1 : 2;
  return kept ? 0 : 2;
}

// As many works as fit the free slots and one search.
std::size_t Grower::chunk_end(std::size_t begin) {
  std::size_t end = begin;
  std::int32_t slots = 0;
  std::int32_t nodes = 0;
  while (end < works_.size() && nodes + 2 <= plan_.chunk_nodes) {
    const std::int32_t more = slots_needed(*works_[end].split);
    if (slots + more > pool_.free_slots() && !make_room(slots + more, begin)) break;
    slots += more;
    if (more > 0) nodes += 2;
    ++end;
  }
  const bool cut = end < works_.size() && symmetric_;
  if (end == begin || cut) {
    fail(ErrorCode::out_of_memory,
         "device memory: {} histograms of {} bytes fit, {} are needed at once; lower max_depth, max_leaves "
         "or max_bin",
         plan_.slots, pool_.size() * 8, plan_.slots + 2);
  }
  return end;
}

// Gives up histograms of nodes that nobody needs now, those with the lowest gains first: should such a node
// be split later, both its children are built from their rows. False if too few can be had.
bool Grower::make_room(std::int32_t slots, std::size_t first_protected) {
  std::vector<std::uint8_t> is_protected(nodes_.size(), 0);
  for (std::size_t w = first_protected; w < works_.size(); ++w) {
    is_protected[static_cast<std::size_t>(works_[w].split->node)] = 1;
  }
  std::vector<GrowingNode*> others;
  for (std::size_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].histogram != nullptr && is_protected[n] == 0) others.push_back(&nodes_[n]);
  }
  std::sort(others.begin(), others.end(),
            [](const GrowingNode* a, const GrowingNode* b) { return a->gain < b->gain; });
  for (GrowingNode* other : others) {
    if (pool_.free_slots() >= slots) return true;
    pool_.release(other->histogram);
  }
  for (std::size_t w = 0; w < first_protected && pool_.free_slots() < slots; ++w) {
    Work& work = works_[w];
    if (!work.kept) continue;
    work.kept = false;
    pool_.release(work.parent_histogram);
    for (std::int64_t*& slot : work.slots) pool_.release(slot);
  }
  return pool_.free_slots() >= slots;
}

void Grower::take_slots(Work& work) {
  GrowingNode& parent = nodes_[static_cast<std::size_t>(work.split->node)];
  const std::int32_t needed = slots_needed(*work.split);
  for (std::int32_t i = 0; i < needed; ++i) work.slots[i] = pool_.acquire();
  work.parent_histogram = std::exchange(parent.histogram, nullptr);
  work.kept = needed > 0;
}

PlanSplit Grower::plan_split(const Work& work, std::int32_t first_build, std::int32_t first_search) {
  const backend::Split& split = *work.split;
  const GrowingNode& parent = node(split.node);
  const GrowingTree& tree = trees_[static_cast<std::size_t>(split.tree)];
  const std::int32_t column = data_.layout.column_of_feature[static_cast<std::size_t>(split.rule.feature)];
  PlanSplit plan;
  plan.ids =
      ids_[parent.buffer == 0 ? 1 : 0].data() + std::int64_t{parent.tree} * rows_.rows() + parent.begin;
  plan.count = parent.count;
  plan.rows = parent.rows;
  plan.histogram = work.parent_histogram;
  plan.slots[0] = work.slots[0];
  plan.slots[1] = work.slots[1];
  plan.first_build = first_build;
  plan.first_search = first_search;
  plan.search = split.search_children ? 1 : 0;
  plan.layout = tree.columns->layout().device();
  plan.gradients = tree.gradients;
  plan.allowed[0] = allowed_columns(*tree.columns, split.left_features);
  plan.allowed[1] = allowed_columns(*tree.columns, split.right_features);
  plan.column = tree.columns->cells(column);
  plan.owned = tree.columns->owns(column);
  plan.bin = split.rule.bin;
  plan.missing_left = split.rule.missing_left;
  if (split.rule.categorical) {
    plan.left_categories = to_device_.put(std::span<const std::uint32_t>(split.rule.left_categories));
    plan.category_words = static_cast<std::uint32_t>(split.rule.left_categories.size());
  }
  return plan;
}

void Grower::enqueue_chunk(std::size_t begin, std::size_t end) {
  const std::size_t count = end - begin;
  const auto [plans, plans_on_device] = to_device_.put<PlanSplit>(count);
  Batch batch;
  const std::int32_t first_search = searches_;
  for (std::size_t w = begin; w < end; ++w) {
    Work& work = works_[w];
    take_slots(work);
    const bool builds = work.slots[0] != nullptr;
    plans[w - begin] = plan_split(work, builds ? static_cast<std::int32_t>(batch.built.size()) : -1,
                                  builds ? searches_ - first_search : -1);
    if (!builds) continue;
    const GrowingTree& tree = trees_[static_cast<std::size_t>(work.split->tree)];
    for (std::int64_t* slot : work.slots) {
      if (slot != nullptr) batch.built.push_back({slot, tree.columns->layout().part_size()});
    }
    work.search = searches_;
    searches_ += 2;
    batch.items.push_back({static_cast<std::int32_t>(batch.built.size()), searches_ - first_search});
  }
  BuildTask* builds = to_device_.put<BuildTask>(batch.built.size()).second;
  SearchTask* tasks = to_device_.put<SearchTask>(static_cast<std::size_t>(searches_ - first_search)).second;
  to_device_.send(stream_);
  phases_.mark(Phase::histogram, stream_);
  plan_splits(plans_on_device, static_cast<std::int32_t>(count), device_.sides + 2 * begin,
              device_.left_rows + begin, builds, tasks, device_.left_sums + begin, stream_);
  sum_left_sides(begin, end);
  batch.builds = builds;
  batch.searches = tasks;
  if (symmetric_) batch.levels = chunk_levels(first_search, begin, end);
  build_and_search(batch, chunk_results(first_search));
  release_unsearched(begin, end);
}

// Each device has the sums of its own columns only. They are needed where children are not searched.
void Grower::sum_left_sides(std::size_t begin, std::size_t end) {
  const auto needed = [](const Work& work) { return work.search < 0; };
  if (plan_.parts == 1 || std::none_of(works_.begin() + static_cast<std::ptrdiff_t>(begin),
                                       works_.begin() + static_cast<std::ptrdiff_t>(end), needed)) {
    return;
  }
  static_assert(sizeof(DeviceSums) == 3 * sizeof(std::int64_t));
  comm_.all_reduce_sum(&device_.left_sums[begin].g, 3 * (end - begin), stream_);
}

// Symmetric trees' levels are units of their own, and all in one chunk.
SearchResults Grower::chunk_results(std::int32_t first) const {
  SearchResults results = device_.found;
  results.sums += first;
  if (symmetric_) return results;
  results.candidates += first;
  results.words += std::int64_t{first} * search_.category_words();
  return results;
}

std::vector<LevelTask> Grower::chunk_levels(std::int32_t first, std::size_t begin, std::size_t end) const {
  std::vector<LevelTask> levels;
  std::int32_t last_tree = -1;
  for (std::size_t w = begin; w < end; ++w) {
    if (works_[w].search < 0) continue;
    if (works_[w].split->tree != last_tree) levels.push_back({.first = works_[w].search - first});
    last_tree = works_[w].split->tree;
    levels.back().count += 2;
  }
  return levels;
}

void Grower::release_unsearched(std::size_t begin, std::size_t end) {
  for (std::size_t w = begin; w < end; ++w) {
    Work& work = works_[w];
    if (work.split->search_children) continue;
    pool_.release(work.parent_histogram);
    for (std::int64_t*& slot : work.slots) pool_.release(slot);
    work.kept = false;
  }
}

void Grower::finish_splits(std::vector<backend::SplitCandidate>& out) {
  std::int32_t last_tree = -1;
  std::int32_t level = 0;
  for (std::size_t w = 0; w < works_.size(); ++w) {
    finish_split(works_[w], w);
    const backend::Split& split = *works_[w].split;
    if (!split.search_children) continue;
    if (symmetric_) {
      if (split.tree == last_tree) continue;
      last_tree = split.tree;
      out.push_back(candidate(split.tree, split.left, level++));
      continue;
    }
    const std::int32_t numbers[2] = {split.left, split.right};
    for (int child = 0; child < 2; ++child) {
      out.push_back(candidate(split.tree, numbers[child], works_[w].search + child));
      GrowingNode& node = nodes_[static_cast<std::size_t>(numbers[child])];
      node.gain = out.back().gain;
      if (!(node.gain > 0)) pool_.release(node.histogram);
    }
  }
}

// What is known of a split's children once the device is done: rows, sums, and who has which histogram.
void Grower::finish_split(const Work& work, std::size_t at) {
  const backend::Split& split = *work.split;
  const GrowingNode& parent = node(split.node);
  GrowingNode& left = nodes_[static_cast<std::size_t>(split.left)];
  GrowingNode& right = nodes_[static_cast<std::size_t>(split.right)];
  left.count = host_.sides[2 * at];
  right.count = host_.sides[2 * at + 1];
  check_internal(left.count + right.count == parent.count, "{} and {} rows of {}", left.count, right.count,
                 parent.count);
  right.begin = left.begin + left.count;
  left.rows = host_.left_rows[at];
  right.rows = parent.rows - left.rows;
  left.h = work.search >= 0 ? host_.found.sums[work.search].h : host_.left_sums[at].h;
  right.h = parent.h - left.h;
  if (!work.kept) return;
  if (work.parent_histogram == nullptr) {
    left.histogram = work.slots[0];
    right.histogram = work.slots[1];
    return;
  }
  GrowingNode& smaller = left.rows <= right.rows ? left : right;
  GrowingNode& larger = left.rows <= right.rows ? right : left;
  smaller.histogram = work.slots[0];
  larger.histogram = work.parent_histogram;
}

}  // namespace ramet::cuda
