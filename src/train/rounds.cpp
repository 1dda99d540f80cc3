#include "train/rounds.hpp"

#include <string>

#include "comm/agree.hpp"

namespace ramet::training {
namespace {

bool higher_is_better(const Job& job) {
  return !job.metrics.empty() && metric::traits(job.metrics.back()).higher_is_better;
}

std::string as_text(const std::vector<MetricValue>& metrics) {
  std::string text;
  for (const MetricValue& m : metrics) text += fmt::format("  {} {} {:.6g}", m.set, m.metric, m.value);
  return text;
}

}  // namespace

Rounds::Rounds(const Job& job, backend::Session& session)
    : job_(job),
      session_(session),
      log_(make_logger(job.options.log)),
      early_stopping_(job.params.early_stopping_rounds, higher_is_better(job)) {
  log_->info("{} on {} rows x {} features, {} output(s), device {}", job.params.objective,
             job.data.total_rows, job.data.schema->features.size(), job.output_count(), job.params.device);
}

double Rounds::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

std::vector<MetricValue> Rounds::evaluate() {
  std::vector<MetricValue> values;
  for (const EvaluatedSet& set : job_.evaluated) {
    for (const metric::Metric& metric : job_.metrics) {
      values.push_back({.set = set.name,
                        .metric = std::string(metric::traits(metric).name),
                        .value = session_.evaluate(metric, set.number)});
    }
  }
  return values;
}

bool Rounds::caller_stops(const std::vector<MetricValue>& metrics) const {
  bool stop = false;
  if (job_.options.on_round) {
    stop = !job_.options.on_round(
        {.round = finished(), .rounds = job_.params.num_round, .metrics = metrics, .seconds = seconds()});
  }
  // Ranks stop together, whoever of them was asked to.
  return comm::max(*job_.data.communicator, stop ? 1 : 0) != 0;
}

void Rounds::finish_round() {
  history_.push_back(evaluate());
  const std::vector<MetricValue>& metrics = history_.back();
  log_->debug("round {}:{}", finished(), as_text(metrics));
  if (job_.params.early_stopping_rounds > 0) {
    double steering = 0;
    for (const MetricValue& m : metrics) {
      if (m.set == "valid") steering = m.value;  // the last one counts
    }
    if (early_stopping_.stops_after(finished(), steering)) {
      stopped_ = true;
      log_->info("stopped after round {}: the best was round {} with {:.6g}", finished(),
                 early_stopping_.best_round(), early_stopping_.best_value());
    }
  }
  if (caller_stops(metrics)) stopped_ = true;
}

int Rounds::best_round() const {
  return job_.params.early_stopping_rounds > 0 ? early_stopping_.best_round() : finished();
}

void Rounds::report() const {
  TrainReport* report = job_.options.report;
  if (report == nullptr) return;
  *report = {.train_s = seconds(),
             .phases = session_.phases(),
             .rounds = history_,
             .device = job_.params.device,
             .device_bytes = session_.device_bytes()};
}

}  // namespace ramet::training
