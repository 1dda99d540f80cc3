#include "train/job.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "train/labels.hpp"
#include "train/param_values.hpp"
#include "train/scales.hpp"
#include "train/validate.hpp"

namespace ramet::training {
namespace {

bool is_builtin(const std::string& name) {
  const auto all = objective::all_traits();
  return std::any_of(all.begin(), all.end(), [&](const auto* traits) { return traits->name == name; });
}

objective::Objective choose_objective(const TrainParams& params, const TrainOptions& options) {
  const CustomObjective* custom = options.objective;
  if (custom == nullptr) return objective::make_objective(params.objective);
  if (custom->name.empty() || is_builtin(custom->name)) {
    fail(ErrorCode::invalid_parameter,
         "caller's objective `{}`: its name must not be empty or a built-in one's", custom->name);
  }
  if (custom->outputs < 1 || custom->outputs > most_classes) {
    fail(ErrorCode::invalid_parameter, "caller's objective `{}`: outputs = {}: must be between 1 and {}",
         custom->name, custom->outputs, most_classes);
  }
  if (!custom->gradient) {
    fail(ErrorCode::invalid_parameter, "caller's objective `{}`: has no gradient function", custom->name);
  }
  return objective::Caller{};
}

// The data set's own bin parameters, which `params` may only repeat.
void check_bins(const TrainParams& params, const BinParams& bins) {
  if (params.max_bin && *params.max_bin != bins.max_bin) {
    fail(ErrorCode::invalid_parameter, "max_bin = {}: the data set was built with max_bin = {}",
         *params.max_bin, bins.max_bin);
  }
  if (params.bin_sample && *params.bin_sample != bins.bin_sample) {
    fail(ErrorCode::invalid_parameter, "bin_sample = {}: the data set was built with bin_sample = {}",
         *params.bin_sample, bins.bin_sample);
  }
}

void check_binned_alike(const data::DatasetData& train, const data::DatasetData& set,
                        const std::string& name) {
  const bool same_bins = set.bins == train.bins || *set.bins == *train.bins;
  const bool same_features = set.schema == train.schema || set.schema->features == train.schema->features;
  if (!same_bins || !same_features) {
    fail(ErrorCode::invalid_data,
         "set `{}`: is binned differently; build it with the training set as reference", name);
  }
  const bool same_ranks = set.communicator == train.communicator ||
                          (set.communicator->size() == 1 && train.communicator->size() == 1);
  if (!same_ranks) {
    fail(ErrorCode::invalid_data,
         "set `{}`: must be divided among the ranks as the training set is, by the same communicator", name);
  }
}

void add_set(Job& job, const std::string& name, const Dataset* set) {
  const bool taken = std::any_of(job.evaluated.begin(), job.evaluated.end(),
                                 [&](const EvaluatedSet& other) { return other.name == name; });
  if (name.empty() || taken || (name == "train" && set != nullptr)) {
    fail(ErrorCode::invalid_parameter, "set `{}`: sets need different names, other than `train`", name);
  }
  if (set == nullptr) fail(ErrorCode::invalid_parameter, "set `{}`: is null", name);
  check_binned_alike(job.data, set->data(), name);
  job.more_sets.push_back(&set->data());
  job.evaluated.push_back({.name = name, .number = static_cast<int>(job.more_sets.size())});
}

void add_sets(Job& job) {
  const TrainOptions& options = job.options;
  if (options.evaluate_train) job.evaluated.push_back({.name = "train", .number = 0});
  if (options.valid != nullptr) add_set(job, "valid", options.valid);
  for (const NamedDataset& set : options.more) add_set(job, set.name, set.data);
  if (job.params.early_stopping_rounds > 0 && options.valid == nullptr) {
    fail(ErrorCode::invalid_parameter, "early_stopping_rounds = {}: needs a validation set",
         job.params.early_stopping_rounds);
  }
}

void add_metrics(Job& job) {
  const objective::Traits& traits = objective::traits(job.objective);
  std::vector<std::string> names = job.params.metric;
  if (names.empty() && !traits.default_metric.empty()) names.emplace_back(traits.default_metric);
  for (const std::string& name : names) job.metrics.push_back(metric::make_metric(name, job.objective));
  if (job.metrics.empty() && job.params.early_stopping_rounds > 0) {
    fail(ErrorCode::invalid_parameter,
         "early_stopping_rounds = {}: needs a metric, since the caller's objective has none of its own",
         job.params.early_stopping_rounds);
  }
}

void make_explicit(Job& job) {
  for (std::size_t i = 0; i < job.params.metric.size(); ++i) {
    job.params.metric[i] = std::string(metric::traits(job.metrics[i]).name);
  }
  const CustomObjective* custom = job.options.objective;
  job.params.objective =
      custom != nullptr ? custom->name : std::string(objective::traits(job.objective).name);
  if (job.params.max_delta_step == 0) {
    job.params.max_delta_step = objective::traits(job.objective).max_delta_step;
  }
  job.params.max_bin = job.data.bins->params.max_bin;
  job.params.bin_sample = job.data.bins->params.bin_sample;
}

// Number 0 is the training set.
const data::DatasetData& set_number(const Job& job, int number) {
  return number == 0 ? job.data : *job.more_sets[static_cast<std::size_t>(number) - 1];
}

void check_all_labels(const Job& job, int classes) {
  const objective::Traits& traits = objective::traits(job.objective);
  const bool needed = traits.kind != objective::Kind::caller || !job.data.labels.empty();
  if (needed) check_labels(job.data, traits.labels, classes, "train");
  for (const EvaluatedSet& set : job.evaluated) {
    check_labels(set_number(job, set.number), traits.labels, classes, set.name);
  }
}

void check_margins(const Job& job, int outputs) {
  std::vector<std::pair<std::string, const data::DatasetData*>> sets{{"train", &job.data}};
  for (const EvaluatedSet& set : job.evaluated) sets.emplace_back(set.name, &set_number(job, set.number));
  for (const auto& [name, set] : sets) {
    if (set->base_margins.empty() || set->margin_outputs == outputs) continue;
    fail(ErrorCode::invalid_data, "set `{}`: {} base margins a row: must be {}, one per output", name,
         set->margin_outputs, outputs);
  }
}

int count_outputs(const Job& job) {
  if (job.options.objective != nullptr) return job.options.objective->outputs;
  if (objective::traits(job.objective).kind != objective::Kind::row_outputs) return 1;
  if (job.params.num_class == 0) return count_classes(job.data);
  const auto named = static_cast<int>(job.data.schema->classes.size());
  if (named != 0 && named != job.params.num_class) {
    fail(ErrorCode::invalid_parameter, "num_class = {}: the data set names {} classes", job.params.num_class,
         named);
  }
  return job.params.num_class;
}

// Ranks with different parameters or sets would grow different trees, or wait for each other in vain.
void check_same_on_all_ranks(const Job& job) {
  Communicator& communicator = *job.data.communicator;
  if (communicator.size() == 1) return;
  std::string mine;
  for (const auto& [name, value] : recorded_parameters(job.params))
    mine += fmt::format("{} = {}\n", name, value);
  for (const EvaluatedSet& set : job.evaluated) mine += fmt::format("set {}\n", set.name);
  const std::vector<std::string> all = comm::gather_texts(communicator, mine);
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] == all[0]) continue;
    const auto differs = std::mismatch(all[0].begin(), all[0].end(), all[r].begin(), all[r].end()).first;
    const auto at = static_cast<std::size_t>(differs - all[0].begin());
    const std::size_t line = at == 0 ? 0 : all[0].rfind('\n', at - 1) + 1;
    fail(ErrorCode::invalid_parameter,
         "rank {} trains with other parameters or sets than rank 0, which has `{}`", r,
         all[0].substr(line, all[0].find('\n', line) - line));
  }
}

}  // namespace

backend::SessionInput Job::session_input() const {
  return {.params = params,
          .objective = objective,
          .custom = options.objective,
          .outputs = outputs,
          .train = &data,
          .more_sets = more_sets,
          .cancelled = options.cancelled};
}

Job make_job(const TrainParams& params, const data::DatasetData& data, const TrainOptions& options) {
  Job job{.params = params,
          .options = options,
          .data = data,
          .objective = objective::Caller{},
          .metrics = {},
          .evaluated = {},
          .more_sets = {},
          .outputs = {}};
  Communicator& communicator = *data.communicator;
  comm::together(communicator, [&] {
    job.objective = choose_objective(params, options);
    validate_for(params, job.objective);
    check_bins(params, data.bins->params);
    if (data.total_rows == 0) fail(ErrorCode::invalid_data, "the training set has no rows");
    if (data.schema->features.empty()) fail(ErrorCode::invalid_data, "the training set has no features");
    add_sets(job);
    add_metrics(job);
    make_explicit(job);
    check_all_labels(job, 0);
  });
  check_same_on_all_ranks(job);
  const int outputs = count_outputs(job);
  comm::together(communicator, [&] {
    check_all_labels(job, outputs);
    check_margins(job, outputs);
  });
  job.outputs = start_scales(job.objective, job.params, data, outputs);
  return job;
}

std::vector<std::pair<std::string, std::string>> recorded_parameters(const TrainParams& params) {
  std::vector<std::pair<std::string, std::string>> recorded;
  for (const ParamRow& row : param_rows()) {
    if (row.name == "threads" || row.name == "device") continue;
    recorded.emplace_back(row.name, print_value(params, row));
  }
  return recorded;
}

}  // namespace ramet::training
