// ramet evaluate: a model and a table with the truth in, metrics out. One line a metric: name and value, with
// all digits, so that it is the very number that training reports.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "command.hpp"
#include "model_options.hpp"
#include "ramet/train.hpp"

namespace ramet::cli {
namespace {

struct EvaluateArguments {
  ModelArguments model;
  std::vector<std::string> metrics;
  bool json = false;
};

io::TableOptions evaluation_options(const EvaluateArguments& a, const Model& model) {
  io::TableOptions options = table_options(a.model.table, a.model.threads);
  if (options.target.empty()) options.target = model.schema().target;
  if (options.target.empty()) throw UsageError("--target is missing, and the model does not name its own");
  options.classes = model.schema().classes;
  options.target_is_class = !options.classes.empty();
  return options;
}

// All that metrics need of a file: they are not sums over batches.
struct ScoredTable {
  std::vector<std::int64_t> scores;
  std::vector<double> labels;
  std::vector<double> weights;
};

template <class T>
void append(std::vector<T>& to, const auto& from) {
  to.insert(to.end(), from.begin(), from.end());
}

ScoredTable score(const EvaluateArguments& a, const Model& model, const Interrupts& interrupts) {
  const io::Table table = open_model_table(a.model, model, evaluation_options(a, model));
  ScoredTable scored;
  for_each_model_batch(a.model, table, interrupts,
                       [&](const io::Table::RowBatch& batch, const PredictOptions& options) {
                         append(scored.scores, model.scores(batch.columns, options));
                         append(scored.labels, batch.labels);
                         append(scored.weights, batch.weights);
                       });
  return scored;
}

void print_metrics(const std::vector<MetricValue>& values, bool json) {
  if (json) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const MetricValue& value : values) object[value.metric] = value.value;
    fmt::print("{}\n", object.dump(2));
    return;
  }
  std::size_t width = 0;
  for (const MetricValue& value : values) width = std::max(width, value.metric.size());
  for (const MetricValue& value : values) fmt::print("{:<{}}  {}\n", value.metric, width, value.value);
}

int run_evaluate(const EvaluateArguments& a) {
  check_model_arguments(a.model);
  Interrupts interrupts;
  const Model model = Model::load(a.model.model);
  const ScoredTable scored = score(a, model, interrupts);
  print_metrics(evaluate(model, scored.scores, scored.labels, scored.weights, a.metrics), a.json);
  return 0;
}

}  // namespace

Command add_evaluate(CLI::App& root) {
  CLI::App* app = root.add_subcommand("evaluate", "Compare a model's predictions with the truth");
  auto arguments = std::make_shared<EvaluateArguments>();
  add_model_options(*app, arguments->model, Roles::evaluation);
  app->add_option("--metric", arguments->metrics,
                  "Metrics, separated by commas [default: the objective's own].")
      ->type_name("A,B")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_flag("--json", arguments->json, "Print JSON.");
  return {app, [arguments] { return run_evaluate(*arguments); }};
}

}  // namespace ramet::cli
