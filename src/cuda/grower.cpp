#include "cuda/grower.hpp"

#include <algorithm>
#include <limits>

#include "backend/limits.hpp"
#include "base/error.hpp"
#include "cuda/device_memory.hpp"
#include "cuda/partition.hpp"

namespace ramet::cuda {
namespace {

HistogramShape shape_of(const SetRows& rows, const GrowerPlan& plan) {
  HistogramShape shape;
  shape.slots = HistogramLayout::byte_slots(plan.columns);
  for (const DeviceColumn& column : rows.columns().columns()) {
    if (column.width == 2) {
      shape.wide_tiles = true;
    } else {
      shape.most_codes = std::max(shape.most_codes, column.value_bins + 1);
    }
  }
  return shape;
}

}  // namespace

Grower::Grower(const backend::SessionInput& input, const SetRows& rows, const Gradients& gradients,
               DeviceComm& comm, PhaseEvents& phases, cudaStream_t stream)
    : input_(input),
      data_(*input.train),
      rows_(rows),
      gradients_(gradients),
      comm_(comm),
      phases_(phases),
      stream_(stream),
      symmetric_(input.params.grow_policy == "symmetric"),
      counted_(counts_rows(input)),
      plan_(plan_grower(input, rows.rows(), counted_, comm.size(), usable_memory())),
      search_(search_settings(input.params, backend::constant_hessian(input)), plan_.search),
      builder_(shape_of(rows, plan_)),
      reducer_(comm, plan_.parts, plan_.slot_size),
      sample_count_(1) {
  const auto row_count = static_cast<std::size_t>(rows.rows());
  if (input.params.subsample < 1.0) sample_ = DeviceArray<std::uint32_t>(row_count);
  for (DeviceArray<std::uint32_t>& ids : ids_) {
    ids = DeviceArray<std::uint32_t>(row_count * static_cast<std::size_t>(plan_.trees));
  }
  if (plan_.columns == 0) return;
  const std::int32_t layouts = plan_.shared_columns ? 1 : plan_.trees;
  for (std::int32_t i = 0; i < layouts; ++i) {
    tree_columns_.push_back(std::make_unique<TreeColumns>(
        rows.columns(), plan_.columns, counted_,
        HistogramParts{.count = plan_.parts, .own = plan_.parts > 1 ? comm.rank() : 0}));
  }
  if (plan_.shared_columns) tree_columns_[0]->choose(data_.layout, nullptr, stream_);
  pool_ = HistogramPool(plan_.slot_size, plan_.slots);
  if (plan_.parts > 1) exchange_ = SearchExchange(comm, plan_.chunk_nodes, search_.category_words(), stream_);
}

void Grower::draw_sample(const backend::RowSample& sample) {
  if (sample.fraction == sample_key_.fraction && (sample.fraction >= 1.0 || sample.key == sample_key_.key))
    return;
  sample_key_ = sample;
  if (sample.fraction >= 1.0) {
    sampled_rows_ = static_cast<std::uint32_t>(rows_.rows());
    return;
  }
  sample_rows(rows_.rows(), rows_.first_global_row(), sample.key, sample.fraction, sample_.data(),
              sample_count_.data(), stream_);
}

const std::uint32_t* Grower::ids(const GrowingNode& node) const {
  if (node.buffer < 0) return samples_rows() ? sample_.data() : nullptr;
  return buffer(node);
}

void Grower::begin(std::span<const backend::TreeSpec> specs, int round) {
  round_ = round;
  roots_ = true;
  nodes_.clear();
  pool_.release_all();
  tree_count_ = static_cast<std::int32_t>(specs.size());
  check_internal(tree_count_ <= plan_.trees, "a batch of {} trees, where {} fit", tree_count_, plan_.trees);
  to_device_.clear();
  to_host_.clear();
  phases_.mark(Phase::partition, stream_);
  if (!specs.empty()) draw_sample(specs[0].rows);
  trees_.resize(specs.size());
  nodes_.resize(specs.size());
  for (std::int32_t t = 0; t < tree_count_; ++t) start_tree(t, specs[static_cast<std::size_t>(t)]);
  enqueue_roots();
  phases_.stop(stream_);
  to_host_.fetch(stream_);
}

void Grower::start_tree(std::int32_t t, const backend::TreeSpec& spec) {
  GrowingTree& tree = trees_[static_cast<std::size_t>(t)];
  check_internal(spec.rows.fraction == sample_key_.fraction &&
                     (spec.rows.fraction >= 1.0 || spec.rows.key == sample_key_.key),
                 "trees of one batch have different row samples");
  tree.spec = spec;
  tree.gradients = gradients_.view(spec.output);
  tree.columns = nullptr;
  if (!tree_columns_.empty()) {
    tree.columns = tree_columns_[plan_.shared_columns ? 0 : static_cast<std::size_t>(t)].get();
    if (!plan_.shared_columns) tree.columns->choose(data_.layout, spec.features, stream_);
    if (tree.columns->empty()) tree.columns = nullptr;
  }
  nodes_[static_cast<std::size_t>(t)] = {.tree = t};
}

void Grower::place_results(std::size_t splits, std::size_t searches, std::size_t units) {
  const auto place = [&]<class T>(std::size_t count, T*& host, T*& device) {
    const auto [h, d] = to_host_.put<T>(count);
    host = h;
    device = d;
  };
  place(2 * splits, host_.sides, device_.sides);
  place(splits, host_.left_rows, device_.left_rows);
  place(splits, host_.left_sums, device_.left_sums);
  place(searches, host_.found.sums, device_.found.sums);
  place(units, host_.found.candidates, device_.found.candidates);
  place(units * static_cast<std::size_t>(search_.category_words()), host_.found.words, device_.found.words);
  searches_ = units_ = 0;
}

void Grower::enqueue_roots() {
  const auto count = static_cast<std::size_t>(tree_count_);
  place_results(0, count, count);
  const auto place = [&]<class T>(std::size_t size, T*& host, T*& device) {
    const auto [h, d] = to_host_.put<T>(size);
    host = h;
    device = d;
  };
  place(1, host_.bad_row, device_.bad_row);
  place(1, host_.sampled, device_.sampled);
  place(1, host_.root_rows, device_.root_rows);
  place(count, host_.root_h, device_.root_h);
  copy(device_.bad_row, gradients_.bad_row(), 1, stream_);
  const std::uint32_t* sampled = samples_rows() ? sample_count_.data() : nullptr;
  const auto [count_host, count_device] = to_device_.put<std::int64_t>(1);
  *count_host = rows_.rows();
  const auto [roots, roots_on_device] = to_device_.put<PlanRoot>(count);
  std::vector<std::int32_t> searched;
  for (std::int32_t t = 0; t < tree_count_; ++t) {
    const GrowingTree& tree = trees_[static_cast<std::size_t>(t)];
    PlanRoot root{.ids = ids(node(t)),
                  .sampled = sampled,
                  .rows = static_cast<std::uint32_t>(rows_.rows()),
                  .gradients = tree.gradients};
    if (tree.columns == nullptr) {
      sum_hessians(root, device_.root_h + t, stream_);
      continue;
    }
    root.layout = tree.columns->layout().device();
    root.histogram = nodes_[static_cast<std::size_t>(t)].histogram = pool_.acquire();
    roots[searched.size()] = root;
    searched.push_back(t);
  }
  BuildTask* builds = to_device_.put<BuildTask>(count).second;
  to_device_.send(stream_);
  if (sampled != nullptr) {
    copy(device_.sampled, sampled, 1, stream_);
    widen_count(sampled, device_.root_rows, stream_);
  } else {
    copy(device_.root_rows, static_cast<const std::int64_t*>(count_device), 1, stream_);
  }
  comm_.all_reduce_sum(device_.root_rows, 1, stream_);
  comm_.all_reduce_sum(device_.root_h, count, stream_);
  phases_.mark(Phase::histogram, stream_);
  plan_roots(roots_on_device, static_cast<std::int32_t>(searched.size()), builds, stream_);
  search_roots(builds, searched);
}

void Grower::search_roots(const BuildTask* builds, std::span<const std::int32_t> searched) {
  if (searched.empty()) return;
  const auto [tasks, tasks_on_device] = to_device_.put<SearchTask>(searched.size());
  Batch batch{.builds = builds, .searches = tasks_on_device};
  for (std::size_t i = 0; i < searched.size(); ++i) {
    const std::int32_t t = searched[i];
    const GrowingTree& tree = trees_[static_cast<std::size_t>(t)];
    const HistogramLayout& layout = tree.columns->layout();
    tasks[i] = {.histogram = nodes_[static_cast<std::size_t>(t)].histogram,
                .layout = layout.device(),
                .scale = tree.gradients.scale,
                .allowed = allowed_columns(*tree.columns, tree.spec.root_features)};
    batch.built.push_back({tasks[i].histogram, layout.part_size()});
    const auto end = static_cast<std::int32_t>(i) + 1;
    batch.items.push_back({end, end});
  }
  to_device_.send(stream_);
  // A root is a level of one node, so that symmetric trees need nothing of their own here.
  build_and_search(batch, device_.found);
}

const std::uint32_t* Grower::allowed_columns(const TreeColumns& columns,
                                             const backend::FeatureSet& features) {
  if (features == nullptr) return nullptr;
  const std::size_t count = data_.layout.columns.size();
  const auto [words, on_device] = to_device_.put<std::uint32_t>((count + 31) / 32);
  for (const std::int32_t feature : *features) {
    const std::int32_t column = data_.layout.column_of_feature[static_cast<std::size_t>(feature)];
    if (column >= 0 && columns.cells(column).codes > 0) words[column / 32] |= 1u << (column % 32);
  }
  return on_device;
}

std::vector<backend::SplitCandidate> Grower::take_candidates() {
  comm_.synchronize(stream_);
  phases_.collect();
  std::vector<backend::SplitCandidate> found;
  if (roots_) {
    finish_roots(found);
  } else {
    finish_splits(found);
  }
  roots_ = false;
  splits_.clear();
  works_.clear();
  return found;
}

void Grower::fail_bad_row() const {
  fail(ErrorCode::invalid_data,
       "round {}, row {}: gradient or hessian is not finite or the hessian is negative (check labels, "
       "weights and base "
       "margins, or lower eta)",
       round_, *host_.bad_row);
}

void Grower::finish_roots(std::vector<backend::SplitCandidate>& out) {
  if (*host_.bad_row != std::numeric_limits<std::int64_t>::max()) fail_bad_row();
  if (samples_rows()) sampled_rows_ = *host_.sampled;
  std::int32_t searched = 0;
  for (std::int32_t t = 0; t < tree_count_; ++t) {
    GrowingNode& root = nodes_[static_cast<std::size_t>(t)];
    root.count = sampled_rows_;
    root.rows = *host_.root_rows;
    if (trees_[static_cast<std::size_t>(t)].columns == nullptr) {
      root.h = host_.root_h[t];
      out.push_back({.tree = t, .node = t});
      continue;
    }
    root.h = host_.found.sums[searched].h;
    out.push_back(candidate(t, t, searched));
    root.gain = out.back().gain;
    ++searched;
  }
}

backend::SplitCandidate Grower::candidate(std::int32_t tree, std::int32_t node, std::int32_t unit) const {
  const DeviceCandidate& found = host_.found.candidates[unit];
  backend::SplitCandidate result{.tree = tree, .node = node};
  if (found.column < 0) return result;
  result.gain = found.gain;
  result.rule.feature = found.feature;
  result.rule.bin = found.categorical != 0 ? 0 : found.order;
  result.rule.missing_left = found.missing_left != 0;
  result.rule.categorical = found.categorical != 0;
  if (found.categorical != 0) {
    const std::int32_t bins = rows_.columns().columns()[static_cast<std::size_t>(found.column)].value_bins;
    const std::uint32_t* words = host_.found.words + std::int64_t{unit} * search_.category_words();
    result.rule.left_categories.assign(words, words + (bins + 31) / 32);
  }
  return result;
}

}  // namespace ramet::cuda
