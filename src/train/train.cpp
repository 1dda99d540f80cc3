// The public functions of training: train, evaluate, devices.
#include "ramet/train.hpp"

#include <algorithm>

#include "backend/registry.hpp"
#include "base/error.hpp"
#include "base/tasks.hpp"
#include "comm/agree.hpp"
#include "metric/evaluate.hpp"
#include "model/ensemble.hpp"
#include "train/boosting.hpp"
#include "train/job.hpp"

namespace ramet {
namespace {

// The model's objective; the caller's, if it was trained with one.
objective::Objective objective_of(const Model& model) {
  const auto all = objective::all_traits();
  const bool named = std::any_of(all.begin(), all.end(),
                                 [&](const auto* traits) { return traits->name == model.objective(); });
  return named ? objective::make_objective(model.objective()) : objective::Caller{};
}

std::vector<metric::Metric> metrics_for(const objective::Objective& objective,
                                        std::span<const std::string> names) {
  std::vector<metric::Metric> metrics;
  for (const std::string& name : names) metrics.push_back(metric::make_metric(name, objective));
  if (!metrics.empty()) return metrics;
  const std::string_view own = objective::traits(objective).default_metric;
  if (own.empty()) {
    fail(ErrorCode::invalid_parameter,
         "metric: must be named, since the model's objective has none of its own");
  }
  return {metric::make_metric(own, objective)};
}

}  // namespace

Model train(const TrainParams& params, const Dataset& data, const TrainOptions& options) {
  const backend::Backend* backend = nullptr;
  // A device that one rank lacks fails all of them.
  comm::together(*data.data().communicator, [&] { backend = &backend::backend_for(params.device); });
  return training::boost(backend->open, params, data, options);
}

MemoryEstimate estimate_memory(const TrainParams& params, const Dataset& data, const TrainOptions& options) {
  const backend::Backend* backend = nullptr;
  comm::together(*data.data().communicator, [&] { backend = &backend::backend_for(params.device); });
  const training::Job job = training::make_job(params, data.data(), options);
  return backend->estimate(job.session_input());
}

std::vector<MetricValue> evaluate(const Model& model, std::span<const std::int64_t> scores,
                                  std::span<const double> labels, std::span<const double> weights,
                                  std::span<const std::string> metrics) {
  const auto outputs = static_cast<std::size_t>(model.outputs());
  if (scores.size() != labels.size() * outputs) {
    fail(ErrorCode::invalid_data, "{} scores of {} labels: must be {} per label", scores.size(),
         labels.size(), outputs);
  }
  if (!weights.empty() && weights.size() != labels.size()) {
    fail(ErrorCode::invalid_data, "{} weights of {} labels: must be one per label", weights.size(),
         labels.size());
  }
  std::vector<int> unit_exponents;
  for (int k = 0; k < model.outputs(); ++k) unit_exponents.push_back(model.unit_exponent(k));
  const metric::ScoredSet set{.scores = scores,
                              .row_stride = model.outputs(),
                              .output_stride = 1,
                              .rows = static_cast<std::int64_t>(labels.size()),
                              .outputs = model.outputs(),
                              .unit_exponents = unit_exponents,
                              .labels = labels,
                              .weights = weights,
                              .first_row = 0};
  const FloatMode mode;
  Tasks tasks;
  const auto communicator = single_communicator();
  std::vector<MetricValue> values;
  for (const metric::Metric& metric : metrics_for(objective_of(model), metrics)) {
    values.push_back({.set = {},
                      .metric = std::string(metric::traits(metric).name),
                      .value = metric::evaluate(metric, set, *communicator, tasks)});
  }
  return values;
}

std::vector<DeviceInfo> devices() { return backend::devices(); }

}  // namespace ramet
