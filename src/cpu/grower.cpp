#include "cpu/grower.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "cpu/column_sums.hpp"

namespace ramet::cpu {
namespace {

constexpr std::size_t least_outputs_by_columns = 3;
constexpr std::int32_t least_cells_by_columns = 32'768;

std::vector<bool> counted_columns(const data::DatasetData& data, const TrainParams& params,
                                  bool constant_hessian) {
  const std::vector<data::StoredColumn>& columns = data.layout.columns;
  std::vector<bool> counted(columns.size(), false);
  if (constant_hessian) return counted;  // the sums of h are the counts
  // Otherwise a positive sum of hessians shows that there is at least one row, but not that there are more.
  const bool every = params.min_data_in_leaf > 1 || params.min_child_weight <= 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const data::FeatureBins& bins = data.bins->features[static_cast<std::size_t>(columns[c].feature)];
    const bool many =
        bins.type == ColumnType::categorical && columns[c].value_bins > params.max_cat_to_onehot;
    counted[c] = every || many;
  }
  return counted;
}

std::vector<std::int32_t> all_columns(const data::DatasetData& data) {
  std::vector<std::int32_t> columns;
  for (std::size_t c = 0; c < data.layout.columns.size(); ++c)
    columns.push_back(static_cast<std::int32_t>(c));
  return columns;
}

}  // namespace

std::vector<std::uint8_t> allowed_columns(const GrowingTreeData& tree, const backend::FeatureSet& features) {
  std::vector<std::uint8_t> allowed;
  if (features == nullptr) return allowed;
  allowed.resize(tree.columns.size());
  for (const std::int32_t feature : *features) {
    const std::int32_t column = tree.column_of_feature[static_cast<std::size_t>(feature)];
    if (column >= 0) allowed[static_cast<std::size_t>(column)] = 1;
  }
  return allowed;
}

Grower::Grower(const backend::SessionInput& input, const Gradients& gradients, Tasks& tasks)
    : input_(input),
      data_(*input.train),
      gradients_(gradients),
      tasks_(tasks),
      pool_(make_histogram_layout(data_.layout, all_columns(data_),
                                  counted_columns(data_, input.params, gradients.constant_hessian()))
                .total_cells,
            tasks.threads()),
      workers_(static_cast<std::size_t>(tasks.threads())),
      side_by_side_(static_cast<std::size_t>(tasks.threads())),
      growth_(tasks.threads()) {}

std::int64_t Grower::tree_bytes() const { return data_.rows * 12; }
std::int64_t Grower::node_bytes() const { return pool_.bytes(data_.total_rows > max_packed_rows); }

void Grower::poll() const {
  if (input_.cancelled && input_.cancelled()) fail(ErrorCode::cancelled, "training was cancelled");
}

std::shared_ptr<const HistogramLayout> Grower::layout_of(const backend::TreeSpec& spec) {
  if (spec.features == nullptr && full_layout_ != nullptr) return full_layout_;
  std::vector<std::int32_t> columns;
  if (spec.features == nullptr) {
    columns = all_columns(data_);
  } else {
    for (const std::int32_t feature : *spec.features) {
      const std::int32_t column = data_.layout.column_of_feature[static_cast<std::size_t>(feature)];
      if (column >= 0) columns.push_back(column);
    }
    std::sort(columns.begin(), columns.end());
  }
  auto layout = std::make_shared<HistogramLayout>(make_histogram_layout(
      data_.layout, columns, counted_columns(data_, input_.params, gradients_.constant_hessian())));
  if (spec.features == nullptr) {
    full_layout_ = layout;
    choose_rows(*layout);
  }
  return layout;
}

// What other form of the rows histograms are built from, if one saves much.
void Grower::choose_rows(const HistogramLayout& layout) {
  const std::shared_ptr<JointRows> joint =
      plan_joint_rows(layout, input_.outputs.size() == 1 ? data_.rows : 0);
  // A listed cell costs four bytes and an indirection more than a byte of a row.
  constexpr double worthwhile_share = 0.33;
  constexpr double worth_of_a_byte = 0.67;
  double most_listed = worthwhile_share * static_cast<double>(layout.columns.size());
  if (joint != nullptr)
    most_listed = std::min(most_listed, worth_of_a_byte * static_cast<double>(joint->additions()));
  sparse_ = make_sparse_rows(data_, layout, most_listed, tasks_);
  if (sparse_ != nullptr) {
    // Where all cells stay in the second-level cache anyway, and where one output is all, they gain nothing.
    if (input_.outputs.size() >= least_outputs_by_columns && layout.total_cells >= least_cells_by_columns)
      sparse_columns_ = make_sparse_columns(data_, layout, sparse_->frequent_cells, tasks_);
    return;
  }
  if (joint == nullptr) {
    if (input_.outputs.size() == 1) records_ = make_row_records(data_, tasks_);
    return;
  }
  fill_joint_rows(data_, layout, tasks_, *joint);
  joint_ = joint;
  joint_pool_ = std::make_unique<HistogramPool>(joint->layout.total_cells, tasks_.threads());
}

void Grower::start_tree(std::int32_t t, const backend::TreeSpec& spec) {
  GrowingTreeData& tree = trees_[static_cast<std::size_t>(t)];
  tree.spec = spec;
  tree.gradients = &gradients_.output(spec.output);
  tree.settings = search_settings(input_.params, tree.gradients->scale);
  tree.rows.start(data_, sample_);
  tree.layout = layout_of(spec);
  tree.columns.clear();
  tree.column_of_feature.assign(data_.layout.column_of_feature.size(), -1);
  for (const HistogramColumn& cells : tree.layout->columns) {
    const data::StoredColumn& stored = data_.layout.columns[static_cast<std::size_t>(cells.column)];
    const auto feature = static_cast<std::size_t>(stored.feature);
    tree.column_of_feature[feature] = static_cast<std::int32_t>(tree.columns.size());
    tree.columns.push_back({.cells = &cells,
                            .feature = stored.feature,
                            .value_bins = stored.value_bins,
                            .has_missing = stored.has_missing,
                            .categorical = data_.bins->features[feature].type == ColumnType::categorical});
  }
}

void reset_node(GrowingNode& node, std::int32_t tree, Side side) {
  // All of it anew, but for the vectors' memory.
  node.segments.clear();
  node.alive.clear();
  node = {.tree = tree,
          .side = side,
          .sums = {},
          .segments = std::move(node.segments),
          .alive = std::move(node.alive),
          .histogram = {}};
}

void Grower::begin(std::span<const backend::TreeSpec> specs) {
  // Memory goes back to those in whose caches it may still be.
  const auto release = [&](GrowingNode& node) { pool_.release(node.histogram, std::max(0, node.worker)); };
  for (GrowingNode& node : nodes_) release(node);
  for (Worker& worker : workers_) {
    for (AheadNode* ahead : worker.nodes.taken()) release(ahead->node);
    worker.nodes.clear();
  }
  candidates_.clear();
  const backend::RowSample sample = specs.empty() ? backend::RowSample{} : specs[0].rows;
  if (sample.fraction != sample_key_.fraction || (sample.fraction < 1.0 && sample.key != sample_key_.key)) {
    sample_ = sample_rows(data_, sample, tasks_);
    sample_key_ = sample;
  }
  tree_count_ = static_cast<std::int32_t>(specs.size());
  if (trees_.size() < specs.size()) trees_.resize(specs.size());
  if (nodes_.size() < specs.size()) nodes_.resize(specs.size());
  while (contests_.size() < specs.size()) contests_.emplace_back();
  for (std::int32_t t = 0; t < tree_count_; ++t) {
    const backend::TreeSpec& spec = specs[static_cast<std::size_t>(t)];
    check_internal(spec.rows.fraction == sample.fraction && spec.rows.key == sample.key,
                   "trees of one batch have different row samples");
    start_tree(t, spec);
    reset_node(nodes_[static_cast<std::size_t>(t)], t, Side::root);
    nodes_[static_cast<std::size_t>(t)].segments = trees_[static_cast<std::size_t>(t)].rows.root();
  }
  search_roots();
}

void Grower::search_roots() {
  std::vector<std::int64_t> rows{sample_.rows};
  data_.communicator->all_reduce_sum(rows);
  std::vector<BuildJob> jobs;
  for (std::int32_t t = 0; t < tree_count_; ++t) {
    GrowingTreeData& tree = trees_[static_cast<std::size_t>(t)];
    GrowingNode& root = nodes_[static_cast<std::size_t>(t)];
    root.sums.rows = rows[0];
    root.histogram = pool_.acquire(!fits_packed(tree.gradients->scale, rows[0]));
    jobs.push_back(job_of(tree, root));
    if (jobs.back().sparse == nullptr) jobs.back().side_by_side = &side_by_side_;
  }
  {
    const PhaseTimer timer(times, Phase::histogram);
    build_roots(jobs);
    all_reduce_histograms(jobs, *data_.communicator);
  }
  const PhaseTimer timer(times, Phase::search);
  for (std::int32_t t = 0; t < tree_count_; ++t) {
    GrowingTreeData& tree = trees_[static_cast<std::size_t>(t)];
    GrowingNode& root = nodes_[static_cast<std::size_t>(t)];
    sum_root(tree, root);
  }
  // A root is a level of one node, so that symmetric trees need nothing of their own here.
  std::vector<std::vector<BestSplit>> best(static_cast<std::size_t>(tree_count_));
  constexpr std::int32_t ranges = 16;
  for (std::vector<BestSplit>& of_tree : best) of_tree.resize(ranges);
  tasks_.for_each_by_worker(std::int64_t{tree_count_} * ranges, [&](std::int64_t i, int worker) {
    const auto t = static_cast<std::size_t>(i / ranges);
    const GrowingTreeData& tree = trees_[t];
    const auto columns = static_cast<std::int64_t>(tree.columns.size());
    const std::int64_t r = i % ranges;
    NodeSearch& search = workers_[static_cast<std::size_t>(worker)].searches[0];
    prepare_search(tree, nodes_[t], tree.spec.root_features, search);
    search_columns(tree, search, static_cast<std::int32_t>(columns * r / ranges),
                   static_cast<std::int32_t>(columns * (r + 1) / ranges),
                   best[t][static_cast<std::size_t>(r)]);
  });
  for (std::int32_t t = 0; t < tree_count_; ++t) {
    std::vector<BestSplit>& of_tree = best[static_cast<std::size_t>(t)];
    for (BestSplit& other : of_tree) {
      if (of_tree[0].loses_to(other)) of_tree[0] = other;
    }
    nodes_[static_cast<std::size_t>(t)].standing = Standing().of_child(of_tree[0].gain);
    candidates_.push_back({t, t, of_tree[0].gain, of_tree[0].rule()});
  }
}

void Grower::build_roots(std::span<const BuildJob> jobs) {
  std::vector<BuildJob> by_columns;
  std::vector<BuildJob> others;
  for (const BuildJob& job : jobs) {
    const bool suits =
        sparse_columns_ != nullptr && job.sparse != nullptr && job.gradients->scale.bits <= 16 && sample_.all;
    (suits ? by_columns : others).push_back(job);
  }
  build_all(others, pool_, tasks_);
  if (!by_columns.empty()) build_roots_by_columns(by_columns, *sparse_columns_, tasks_);
}

void Grower::sum_root(const GrowingTreeData& tree, GrowingNode& root) {
  if (!tree.columns.empty()) {
    ColumnSums sums;
    sums.load(tree.columns[0], root.histogram, tree.gradients->scale.constant_hessian);
    root.sums.g = std::accumulate(sums.g.begin(), sums.g.end(), std::int64_t{0});
    root.sums.h = std::accumulate(sums.h.begin(), sums.h.end(), std::int64_t{0});
    return;
  }
  // Only its hessian is ever asked for: the root stays a leaf.
  std::vector<std::int64_t> h{0};
  for (std::size_t p = 0; p < root.segments.size(); ++p) {
    const RowSlice rows = tree.rows.slice(static_cast<std::int32_t>(p), root.segments[p], Side::root);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      h[0] += tree.gradients->quantised_h(rows.page->first_row +
                                          (rows.ids != nullptr ? rows.ids[i] : rows.first + i));
    }
  }
  data_.communicator->all_reduce_sum(h);
  root.sums.h = h[0];
}

BuildJob Grower::job_of(const GrowingTreeData& tree, const GrowingNode& node) const {
  BuildJob job{tree.layout.get(), tree.gradients, &data_,        &tree.rows,
               node.side,         node.segments,  node.histogram};
  if (tree.layout != full_layout_) return job;
  job.sparse = sparse_.get();
  if (tree.gradients->scale.bits > 16) return job;
  // Records hold one tree's gradients.
  if (tree_count_ == 1) job.records = records_.get();
  if (joint_ != nullptr && job.local_rows() >= joint_->least_rows) {
    job.joint = joint_.get();
    job.joint_pool = joint_pool_.get();
    if (tree_count_ == 1 && joint_->rows.with_gradients()) job.records = &joint_->rows;
  }
  return job;
}

void Grower::prepare_search(const GrowingTreeData& tree, const GrowingNode& node,
                            const backend::FeatureSet& features, NodeSearch& search) const {
  search.node = {node.histogram, node.sums};
  search.worthwhile = worth_searching(tree, node.sums) && prepare_node(tree.settings, search.node);
  if (search.worthwhile) search.allowed = allowed_columns(tree, features);
}

void Grower::search_columns(const GrowingTreeData& tree, NodeSearch& search, std::int32_t column_begin,
                            std::int32_t column_end, BestSplit& best) const {
  if (!search.worthwhile) return;
  const auto begin = static_cast<std::size_t>(column_begin);
  const auto count = static_cast<std::size_t>(column_end - column_begin);
  const std::span<const std::uint8_t> allowed(search.allowed);
  cpu::search_columns(tree.settings, std::span(tree.columns).subspan(begin, count),
                      allowed.empty() ? allowed : allowed.subspan(begin, count), search.node, search.scratch,
                      best);
}

bool Grower::worth_searching(const GrowingTreeData& tree, const backend::NodeSums& sums) const {
  const SearchSettings& s = tree.settings;
  // Both sides need min_child_weight; the slack covers the rounding of huge integers.
  const double h = static_cast<double>(sums.h) * s.h_unit;
  return h * (1 + 1e-12) >= 2 * s.min_child_weight && sums.rows >= 2 * s.min_rows;
}

std::vector<backend::SplitCandidate> Grower::take_candidates() { return std::move(candidates_); }

}  // namespace ramet::cpu
