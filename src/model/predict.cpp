#include "model/predict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "base/tasks.hpp"
#include "math/score.hpp"
#include "model/walk.hpp"
#include "objective/objective.hpp"

namespace ramet::model {
namespace {

constexpr std::int64_t block_bytes = 512 * 1024;  // of codes: within the L2 cache
constexpr std::int64_t most_block_rows = slice_rows;
constexpr std::int64_t least_slice_rows = 96;  // fewer walk faster one by one
constexpr std::int64_t most_task_rows = 1 << 14;
constexpr int most_threads = 1 << 16;

// One prediction call.
struct Call {
  const Ensemble& ensemble;
  const Plan& plan;
  const RowsInput& input;
  std::span<const double> base_margins;
  std::span<const PlanTree> trees;  // of the rounds asked for
};

Call make_call(const Ensemble& ensemble, const RowsInput& input, const PredictOptions& options) {
  if (options.rounds < 0 || options.rounds > ensemble.rounds()) {
    fail(ErrorCode::invalid_parameter, "rounds = {}: must be between 0 (the best) and {}", options.rounds,
         ensemble.rounds());
  }
  if (options.threads < 0 || options.threads > most_threads) {
    fail(ErrorCode::invalid_parameter, "threads = {}: must be between 0 (all cores) and {}", options.threads,
         most_threads);
  }
  const std::size_t outputs = ensemble.outputs.size();
  const std::size_t given = options.base_margins.size();
  if (given != 0 && (given % outputs != 0 || given / outputs != static_cast<std::size_t>(input.rows))) {
    fail(ErrorCode::invalid_parameter, "base_margins: {} values for {} rows of {} outputs", given, input.rows,
         outputs);
  }
  const Plan& plan = ensemble.plan.get(ensemble);
  const std::int64_t rounds = options.rounds == 0 ? ensemble.best_round : options.rounds;
  return {.ensemble = ensemble,
          .plan = plan,
          .input = input,
          .base_margins = options.base_margins,
          .trees = std::span(plan.trees).first(static_cast<std::size_t>(rounds * ensemble.trees_per_round))};
}

template <class T>
std::vector<T> allocate(std::int64_t rows, std::size_t width) {
  try {
    const auto count = static_cast<std::size_t>(rows);
    if (width != 0 && count > std::numeric_limits<std::size_t>::max() / sizeof(T) / width)
      throw std::bad_alloc();
    return std::vector<T>(count * width);
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  fail(ErrorCode::out_of_memory, "predictions of {} rows, {} values each, do not fit into memory", rows,
       width);
}

std::int64_t base_units(const Call& call, std::int64_t row, std::size_t output) {
  const OutputScale& scale = call.ensemble.outputs[output];
  if (call.base_margins.empty()) return scale.base;
  const double margin =
      call.base_margins[static_cast<std::size_t>(row) * call.ensemble.outputs.size() + output];
  const double scaled = margin * math::pow2(scale.unit_exponent);
  if (std::fabs(scaled) < 0x1p61) {
    const auto units = static_cast<std::int64_t>(std::nearbyint(scaled));
    if (std::abs(units) < math::max_margin_units - call.plan.reach[output]) return units;
  }
  const double most =
      math::to_margin(std::min(math::max_margin_units / 2, math::max_margin_units - call.plan.reach[output]),
                      scale.unit_exponent);
  fail(ErrorCode::invalid_data, "base margin of row {} = {}: must be between {:g} and {:g}", row, margin,
       -most, most);
}

// Trees over the rows of one block. Scores are rows x outputs.
template <class Node>
class Block {
 public:
  using Code = typename Node::Code;

  Block(const Call& call, std::int64_t capacity)
      : call_(call),
        capacity_((capacity + lanes - 1) / lanes * lanes),
        codes_(static_cast<std::size_t>(capacity_) * std::max<std::size_t>(call.plan.columns.size(), 1)) {}

  void encode(std::int64_t first, std::int64_t rows) {
    rows_ = rows;
    for (std::size_t c = 0; c < call_.plan.columns.size(); ++c) {
      const PlanColumn& column = call_.plan.columns[c];
      const FeatureInfo& feature = call_.ensemble.schema.features[static_cast<std::size_t>(column.feature)];
      encode_rows(column, feature, call_.input.columns[c], first, rows,
                  codes_.data() + static_cast<std::int64_t>(c) * capacity_);
    }
  }

  // Calls reach(tree number, row, node of the plan) for all trees and rows.
  template <class Reach>
  void walk(const Reach& reach) {
    bool sliced = false;
    if constexpr (sizeof(Code) <= 2) {
      sliced = capacity_ == slice_rows && rows_ >= least_slice_rows;
      if (sliced) walk_slices(reach);
    }
    if (rows_ < lanes) {
      walk_few_rows(reach);
    } else {
      walk_trees(0, sliced, reach);
    }
  }

  void add_to(std::int64_t* scores) {
    const std::int64_t outputs = static_cast<std::int64_t>(call_.ensemble.outputs.size());
    walk([&](std::size_t t, std::int64_t row, std::size_t node) {
      const PlanTree& tree = call_.trees[t];
      scores[row * outputs + tree.output] += std::int64_t{call_.plan.leaf_value[node]} << tree.shift;
    });
  }

 private:
  // From tree `first` on, without the sliced ones if they are done.
  template <class Reach>
  void walk_trees(std::size_t first, bool without_sliced, const Reach& reach) const {
    const Walker<Node> walker(call_.plan, {.codes = codes_.data(), .stride = capacity_});
    for (std::size_t t = first; t < call_.trees.size(); ++t) {
      if (without_sliced && call_.trees[t].sliced) continue;
      for (std::int64_t row = 0; row < rows_; row += lanes) {
        const auto at = walker.one_tree(call_.trees[t], row);
        const auto used = static_cast<int>(std::min<std::int64_t>(lanes, rows_ - row));
        for (int k = 0; k < used; ++k) reach(t, row + k, call_.trees[t].first_node + at[k]);
      }
    }
  }

  // Many trees of one row side by side; the last trees, fewer than that, as ever.
  template <class Reach>
  void walk_few_rows(const Reach& reach) const {
    const Walker<Node> walker(call_.plan, {.codes = codes_.data(), .stride = capacity_});
    const std::size_t by_row = call_.trees.size() / lanes * lanes;
    for (std::size_t t = 0; t < by_row; t += lanes) {
      for (std::int64_t row = 0; row < rows_; ++row) {
        const auto at = walker.one_row(call_.trees.data() + t, row);
        for (int k = 0; k < lanes; ++k) reach(t + k, row, call_.trees[t + k].first_node + at[k]);
      }
    }
    walk_trees(by_row, false, reach);
  }

  template <class Reach>
  void walk_slices(const Reach& reach) {
    const SlicePlan& slices = call_.plan.slices;
    std::array<std::uint8_t, slice_rows> numbers{};
    if (masks_.size() == 0) masks_ = Buffer<std::uint64_t>(std::size_t{most_tile_predicates} * slice_words);
    if (reach_.size() == 0) reach_ = Buffer<std::uint64_t>(std::size_t{2 * most_slice_leaves} * slice_words);
    for (const SliceTile& tile : slices.tiles) {
      if (tile.trees == 0 || slices.trees[tile.first_tree].tree >= call_.trees.size()) return;
      evaluate_predicates(std::span(slices.predicates).subspan(tile.first_predicate, tile.predicates),
                          codes_.data(), capacity_, masks_.data());
      for (const SliceTree& tree : std::span(slices.trees).subspan(tile.first_tree, tile.trees)) {
        if (tree.tree >= call_.trees.size()) return;
        const auto splits = static_cast<std::size_t>(tree.splits);
        const auto leaves = std::span(slices.leaves).subspan(tree.first_leaf, splits + 1);
        sliced_leaves(std::span(slices.splits).subspan(tree.first_split, splits), leaves, masks_.data(),
                      reach_.data(), numbers);
        const std::size_t first_node = call_.trees[tree.tree].first_node;
        for (std::int64_t row = 0; row < rows_; ++row) {
          reach(tree.tree, row, first_node + leaves[numbers[static_cast<std::size_t>(row)]]);
        }
      }
    }
  }

  const Call& call_;
  std::int64_t capacity_;
  std::int64_t rows_ = 0;
  std::vector<Code> codes_;  // stale ones are codes of the same column
  Buffer<std::uint64_t> masks_;
  Buffer<std::uint64_t> reach_;
};

// Calls visit(block, first row, rows) for all blocks, in parallel.
template <class Visit>
void for_blocks(const Call& call, int threads, const Visit& visit) {
  std::visit(
      [&](const auto& nodes) {
        using Node = typename std::remove_cvref_t<decltype(nodes)>::value_type;
        const auto columns = static_cast<std::int64_t>(std::max<std::size_t>(call.plan.columns.size(), 1));
        const std::int64_t fitting =
            block_bytes / columns / static_cast<std::int64_t>(sizeof(typename Node::Code));
        const std::int64_t block_rows =
            std::clamp(fitting / lanes * lanes, std::int64_t{4 * lanes}, most_block_rows);
        const auto work = [&](std::int64_t begin, std::int64_t end) {
          Block<Node> block(call, end - begin < least_slice_rows ? end - begin : block_rows);
          for (std::int64_t first = begin; first < end; first += block_rows) {
            const std::int64_t rows = std::min(block_rows, end - first);
            block.encode(first, rows);
            visit(block, first, rows);
          }
        };
        const std::int64_t rows = call.input.rows;
        if (rows <= block_rows || threads == 1) {
          const FloatMode mode;
          if (rows > 0) work(0, rows);
          return;
        }
        Tasks tasks(threads);
        const std::int64_t share = rows / tasks.threads() / 4 / block_rows * block_rows;
        tasks.for_ranges(rows, std::clamp(share, block_rows, most_task_rows), work);
      },
      call.plan.nodes);
}

// Calls finish(scores of a block, first row, rows) for all blocks.
template <class Finish>
void for_scores(const Call& call, int threads, const Finish& finish) {
  const std::size_t outputs = call.ensemble.outputs.size();
  for_blocks(call, threads, [&](auto& block, std::int64_t first, std::int64_t rows) {
    std::vector<std::int64_t> scores(static_cast<std::size_t>(rows) * outputs);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::size_t k = 0; k < outputs; ++k) {
        scores[static_cast<std::size_t>(row) * outputs + k] = base_units(call, first + row, k);
      }
    }
    block.add_to(scores.data());
    finish(std::span<const std::int64_t>(scores), first, rows);
  });
}

// Nothing for an objective of the caller's own.
std::optional<objective::Objective> known_objective(const Ensemble& ensemble) {
  for (const objective::Traits* traits : objective::all_traits()) {
    if (traits->name == ensemble.objective) return objective::make_objective(traits->name);
  }
  return std::nullopt;
}

// Margins, mapped to predictions if there is an objective.
void to_predictions(const Ensemble& ensemble, const std::optional<objective::Objective>& objective,
                    std::span<const std::int64_t> scores, float* out) {
  const std::size_t outputs = ensemble.outputs.size();
  std::vector<double> margins(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    margins[i] = math::to_margin(scores[i], ensemble.outputs[i % outputs].unit_exponent);
  }
  if (objective) {
    objective::predictions(*objective, margins.data(), static_cast<std::int64_t>(scores.size() / outputs),
                           static_cast<int>(outputs));
  }
  for (std::size_t i = 0; i < scores.size(); ++i) out[i] = static_cast<float>(margins[i]);
}

// The class with the largest margin, the first of equal ones; with one output class 1 if its margin is above
// 0.
void to_labels(const Ensemble& ensemble, std::span<const std::int64_t> scores, float* out) {
  const std::size_t outputs = ensemble.outputs.size();
  const bool same_units =
      std::all_of(ensemble.outputs.begin(), ensemble.outputs.end(),
                  [&](const OutputScale& s) { return s.unit_exponent == ensemble.outputs[0].unit_exponent; });
  for (std::size_t row = 0; row * outputs < scores.size(); ++row) {
    const std::int64_t* of_row = scores.data() + row * outputs;
    std::size_t best = outputs == 1 && of_row[0] > 0 ? 1 : 0;
    for (std::size_t k = 1; k < outputs; ++k) {
      const bool above = same_units ? of_row[k] > of_row[best]
                                    : math::to_margin(of_row[k], ensemble.outputs[k].unit_exponent) >
                                          math::to_margin(of_row[best], ensemble.outputs[best].unit_exponent);
      if (above) best = k;
    }
    out[row] = static_cast<float>(best);
  }
}

std::vector<float> predict_leaves(const Call& call, int threads) {
  const std::size_t trees = call.trees.size();
  std::vector<float> out = allocate<float>(call.input.rows, trees);
  for_blocks(call, threads, [&](auto& block, std::int64_t first, std::int64_t /*rows*/) {
    block.walk([&](std::size_t t, std::int64_t row, std::size_t node) {
      out[static_cast<std::size_t>(first + row) * trees + t] =
          static_cast<float>(call.plan.leaf_number[node]);
    });
  });
  return out;
}

}  // namespace

int prediction_width(const Ensemble& ensemble, PredictType type) {
  switch (type) {
    case PredictType::probability:
    case PredictType::raw:
      return static_cast<int>(ensemble.outputs.size());
    case PredictType::label:
      return 1;
    case PredictType::leaf:
      return ensemble.best_round * ensemble.trees_per_round;
  }
  return 0;
}

std::vector<float> predict(const Ensemble& ensemble, const RowsInput& input, const PredictOptions& options) {
  const Call call = make_call(ensemble, input, options);
  if (options.type == PredictType::leaf) return predict_leaves(call, options.threads);
  const bool labels = options.type == PredictType::label;
  const std::optional<objective::Objective> objective =
      options.type == PredictType::raw ? std::nullopt : known_objective(ensemble);
  if (labels && !(objective && objective::traits(*objective).classification)) {
    fail(ErrorCode::invalid_parameter, "labels are predicted by classification only, not by a model of {}",
         ensemble.objective);
  }
  const std::size_t width = labels ? 1 : ensemble.outputs.size();
  std::vector<float> out = allocate<float>(input.rows, width);
  for_scores(call, options.threads,
             [&](std::span<const std::int64_t> scores, std::int64_t first, std::int64_t) {
               float* to = out.data() + static_cast<std::size_t>(first) * width;
               labels ? to_labels(ensemble, scores, to) : to_predictions(ensemble, objective, scores, to);
             });
  return out;
}

std::vector<std::int64_t> predict_scores(const Ensemble& ensemble, const RowsInput& input,
                                         const PredictOptions& options) {
  const Call call = make_call(ensemble, input, options);
  const std::size_t outputs = ensemble.outputs.size();
  std::vector<std::int64_t> out = allocate<std::int64_t>(input.rows, outputs);
  for_scores(
      call, options.threads, [&](std::span<const std::int64_t> scores, std::int64_t first, std::int64_t) {
        std::copy(scores.begin(), scores.end(), out.begin() + first * static_cast<std::int64_t>(outputs));
      });
  return out;
}

}  // namespace ramet::model
