#include "train/param_table.hpp"

namespace ramet::training {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Interval any_count{.low = 0};
constexpr Interval not_negative{.low = 0};
constexpr Interval positive{.low = 0, .above_low = true};
constexpr Interval share{.low = 0, .high = 1, .above_low = true};
constexpr Interval zero_or_from_two{.low = 2, .high = infinity, .or_zero = true};

constexpr std::string_view task = "Learning task";
constexpr std::string_view boosting = "Boosting";
constexpr std::string_view growth = "Tree growth";
constexpr std::string_view regularisation = "Regularisation";
constexpr std::string_view sampling = "Sampling";
constexpr std::string_view categories = "Categorical features";
constexpr std::string_view bins = "Data set";
constexpr std::string_view machine = "Machine and precision";

using P = TrainParams;

// clang-format off
const ParamRow table[] = {
    {"objective", "application, app, objective_type, loss", &P::objective, ObjectiveName{}, task,
     "What is minimised, and thereby what is predicted."},
    {"num_class", "num_classes", &P::num_class, Interval{.low = 2, .high = 65535, .or_zero = true}, task,
     "Number of classes of a multi-class objective; 0 finds it in the data."},
    {"metric", "eval_metric, metrics, metric_types", &P::metric, MetricNames{}, task,
     "Metrics of the evaluation sets, separated by commas, the last one steering early stopping; empty "
     "means the objective's own."},
    {"base_score", "", &P::base_score, Interval{}, task,
     "Prediction before the first tree, on the scale of predictions; empty means estimated from the labels, or 0 "
     "margin if the rows bring base margins, which take its place in any case."},

    {"num_round", "num_boost_round, num_rounds, nrounds, num_iterations, num_iteration, n_iter, n_estimators, "
     "num_tree, num_trees, max_iter", &P::num_round, Interval{.low = 1}, boosting,
     "Number of boosting rounds."},
    {"eta", "learning_rate, shrinkage_rate", &P::eta, positive, boosting,
     "Factor that every leaf value is multiplied with."},
    {"early_stopping_rounds", "early_stopping_round, early_stopping, n_iter_no_change",
     &P::early_stopping_rounds, any_count, boosting,
     "Stop when the last metric of the validation set has not improved for so many rounds, and predict with the "
     "best round; 0 means never."},

    {"grow_policy", "", &P::grow_policy, OneOf{"depthwise, lossguide, symmetric"}, growth,
     "Which nodes are split first: level by level, highest gain first, or whole levels with one common split."},
    {"max_depth", "", &P::max_depth, any_count, growth,
     "Deepest level of a tree; 0 means unlimited (symmetric trees need 1 to 16)."},
    {"max_leaves", "num_leaves, max_leaf, num_leaf, max_leaf_nodes", &P::max_leaves, zero_or_from_two, growth,
     "Most leaves of a tree; 0 means unlimited, but 31 for lossguide if max_depth is 0 too."},
    {"min_split_gain", "gamma, min_split_loss, min_gain_to_split", &P::min_split_gain, not_negative, growth,
     "A split must gain more than this."},
    {"min_child_weight", "min_sum_hessian_in_leaf, min_sum_hessian_per_leaf, min_sum_hessian, min_hessian",
     &P::min_child_weight, not_negative, growth,
     "Least sum of hessians on each side of a split."},
    {"min_data_in_leaf", "min_child_samples, min_samples_leaf, min_data_per_leaf, min_data",
     &P::min_data_in_leaf, any_count, growth,
     "Least number of rows on each side of a split."},

    {"lambda", "reg_lambda, lambda_l2, l2_regularization, l2_leaf_reg", &P::lambda, not_negative,
     regularisation, "L2 penalty on leaf values, added to the hessian."},
    {"alpha", "reg_alpha, lambda_l1", &P::alpha, not_negative, regularisation,
     "L1 penalty on leaf values."},
    {"max_delta_step", "max_tree_output, max_leaf_output", &P::max_delta_step, not_negative, regularisation,
     "Bound on the size of a leaf value before it is multiplied with eta; 0 means 0.7 for count:poisson, else none."},

    {"subsample", "bagging_fraction, bagging, sub_row", &P::subsample, share, sampling,
     "Share of the rows that each round's trees are grown on."},
    {"colsample_bytree", "feature_fraction, sub_feature", &P::colsample_bytree, share,
     sampling, "Share of the features that a tree may use."},
    {"colsample_bylevel", "feature_fraction_bylevel", &P::colsample_bylevel, share, sampling,
     "Share of the tree's features that a level may use."},
    {"colsample_bynode", "feature_fraction_bynode, sub_feature_bynode", &P::colsample_bynode, share, sampling,
     "Share of the level's features that a node may use; not for symmetric trees."},

    {"max_cat_to_onehot", "", &P::max_cat_to_onehot, any_count, categories,
     "Features of up to this many categories are split one category against the rest."},
    {"max_cat_threshold", "", &P::max_cat_threshold, Interval{.low = 1}, categories,
     "Most categories on the listed side of a many-against-many split."},
    {"cat_smooth", "", &P::cat_smooth, positive, categories,
     "Added to a category's hessian when categories are ordered by gradient over hessian."},
    {"cat_lambda", "cat_l2", &P::cat_lambda, not_negative, categories,
     "Added to lambda in many-against-many splits."},
    {"min_data_per_category", "min_data_per_group", &P::min_data_per_category, any_count, categories,
     "Categories with fewer rows in the node go the way of missing values in many-against-many splits."},

    {"max_bin", "max_bins", &P::max_bin, Interval{.low = 2, .high = 65535}, bins,
     "Most bins of a numeric feature; belongs to the data set, which must have been built with it (255)."},
    {"bin_sample", "bin_construct_sample_cnt, subsample_for_bin", &P::bin_sample, any_count, bins,
     "Rows that bin edges are computed from, 0 = all; belongs to the data set, which must have been built "
     "with it (262144)."},

    {"gradient_bits", "", &P::gradient_bits, OneOf{"8, 16, 32"}, machine,
     "Bits that gradients are rounded to: fewer are faster, more are finer."},
    {"seed", "random_state, random_seed", &P::seed, any_count, machine,
     "Start of all random draws."},
    {"threads", "nthread, nthreads, num_threads, num_thread, n_jobs", &P::threads, any_count, machine,
     "Number of threads, 0 = all cores; never changes a model."},
    {"device", "device_type", &P::device, DeviceName{}, machine,
     "Where to train: a name that `ramet devices` lists; cuda means cuda:0, and several devices share the rows; never "
     "changes a model."},
};
// clang-format on

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::span<const ParamRow> param_rows() { return table; }

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> pieces;
  if (trimmed(list).empty()) return pieces;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    pieces.push_back(trimmed(list.substr(begin, end - begin)));
    begin = end + 1;
  }
  return pieces;
}

}  // namespace ramet::training
