// ramet train: a table in, a model file and perhaps a report out.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "command.hpp"
#include "config_file.hpp"
#include "interrupts.hpp"
#include "output_file.hpp"
#include "param_options.hpp"
#include "progress.hpp"
#include "ramet/error.hpp"
#include "report.hpp"
#include "stopwatch.hpp"
#include "table_options.hpp"
#include "target.hpp"
#include "training.hpp"

namespace ramet::cli {
namespace {

constexpr int most_ranks = 1024;

struct TrainArguments {
  TableArguments table;
  ParamOptions params;
  std::string data;
  std::string valid;
  std::string config;
  std::string model;
  std::string report;
  int ranks = 1;
  std::int64_t page_rows = 0;
  bool evaluate_train = false;
  bool quiet = false;
  bool verbose = false;
};

void add_options(CLI::App& app, TrainArguments& a) {
  app.add_option("--data", a.data, "CSV file to learn from (plain, .gz or .zst).")->type_name("FILE");
  app.add_option("--valid", a.valid, "CSV file evaluated after each round; steers early stopping.")
      ->type_name("FILE");
  app.add_option("--model", a.model, "Model file to write.")->type_name("FILE");
  app.add_option("--report", a.report,
                 "JSON file to write: timing, memory, metrics of each round (- prints it).")
      ->type_name("FILE");
  app.add_option("--config", a.config, "TOML file with options by name; the command line counts over it.")
      ->type_name("FILE")
      ->configurable(false);
  add_table_options(app, a.table, Roles::training);
  a.params.add_to(app);
  app.add_option("--ranks", a.ranks,
                 "Shards of the rows, each trained on by threads of its own [default 1]. Never "
                 "changes a model.")
      ->type_name("INT")
      ->group("Run");
  app.add_option("--page-rows,--page_rows", a.page_rows,
                 "Rows of a page of binned data [default 0: chosen]. Never changes a model.")
      ->type_name("INT")
      ->group("Run");
  app.add_flag("--evaluate-train,--evaluate_train", a.evaluate_train, "Evaluate the training set, too.")
      ->group("Run");
  app.add_flag("--quiet", a.quiet, "Print nothing but errors.")->group("Run");
  app.add_flag("--verbose", a.verbose, "Print the metrics of every round.")->group("Run");
}

void check_arguments(const TrainArguments& a, const TrainParams& params) {
  require(a.data, "--data");
  require(a.table.target, "--target");
  require(a.model, "--model");
  validate(params);
  if (a.ranks < 1 || a.ranks > most_ranks) {
    throw UsageError(fmt::format("--ranks {}: must be between 1 and {}", a.ranks, most_ranks));
  }
  if (a.ranks > 1 && !a.table.group.empty()) {
    throw UsageError(fmt::format("--ranks {}: must be 1 with --group, whose queries cannot be cut", a.ranks));
  }
  if (a.page_rows < 0) throw UsageError(fmt::format("--page-rows {}: must be >= 0", a.page_rows));
  if (params.early_stopping_rounds > 0 && a.valid.empty()) {
    throw UsageError(fmt::format("early_stopping_rounds = {}: needs --valid, a file to evaluate on",
                                 params.early_stopping_rounds));
  }
  if (is_standard_output(a.model)) throw UsageError("--model -: a model is written to a file only");
}

void check_outputs(const TrainArguments& a) {
  std::vector<std::filesystem::path> inputs{a.data};
  if (!a.valid.empty()) inputs.emplace_back(a.valid);
  if (!a.config.empty()) inputs.emplace_back(a.config);
  check_output(a.model, inputs);
  if (a.report.empty()) return;
  if (std::filesystem::path(a.report).lexically_normal() ==
      std::filesystem::path(a.model).lexically_normal()) {
    throw UsageError(fmt::format("--report {}: is the model's file, too", a.report));
  }
  check_output(a.report, inputs);
}

// The validation file as the training file was read: same features, same classes.
io::Table open_valid(const TrainArguments& a, io::TableOptions options, const io::Table& table,
                     const Schema& schema) {
  options.ignore.clear();
  options.categorical.clear();
  options.numeric.clear();
  options.schema = &schema;
  options.classes = table.classes();
  return io::Table::open(a.valid, options);
}

struct Tables {
  io::Table train;
  std::optional<io::Table> valid;
};

Tables open_tables(const TrainArguments& a, const TrainParams& params) {
  io::TableOptions options = table_options(a.table, params.threads);
  options.target_is_class = learns_classes(params.objective);
  Tables tables{.train = open_training_table(a.data, options, params.objective), .valid = {}};
  if (!a.valid.empty()) {
    const auto features = tables.train.features();
    const Schema schema{
        .features = {features.begin(), features.end()}, .target = a.table.target, .classes = {}};
    tables.valid = open_valid(a, options, tables.train, schema);
  }
  return tables;
}

TrainingJob make_job(const TrainArguments& a, const TrainParams& params, const Tables& tables) {
  if (tables.train.rows() < a.ranks) {
    throw UsageError(fmt::format("--ranks {}: {} has only {} rows", a.ranks, a.data, tables.train.rows()));
  }
  TrainingJob job;
  job.table = &tables.train;
  job.valid = tables.valid ? &*tables.valid : nullptr;
  job.params = params;
  job.bins.max_bin = params.max_bin.value_or(job.bins.max_bin);
  job.bins.bin_sample = params.bin_sample.value_or(job.bins.bin_sample);
  job.page_rows = a.page_rows;
  job.ranks = a.ranks;
  job.evaluate_train = a.evaluate_train;
  job.target = a.table.target;
  job.exposure = a.table.exposure;
  return job;
}

TrainingResult train_with_progress(TrainingJob& job, const TrainArguments& a, Interrupts& interrupts) {
  Progress progress(stderr, progress_style(stderr, a.quiet, a.verbose));
  job.on_round = [&](const RoundInfo& info) {
    interrupts
        .note_only();  // from here on `cancelled` is asked often enough, and there may be a bar to remove
    progress.round(info);
  };
  job.cancelled = [&] { return interrupts.requested() != 0; };
  job.log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning && !a.quiet) progress.line(fmt::format("ramet: warning: {}", text));
    if (level == LogLevel::info && a.verbose) progress.line(fmt::format("ramet: {}", text));
  };
  try {
    return run_training(job);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::cancelled) interrupts.check();
    throw;
  }
}

void print_summary(const TrainArguments& a, const TrainingResult& result) {
  const Model& model = result.model;
  fmt::print("data     {} rows, {} features\n", result.rows, result.features);
  fmt::print("trained  {}, {} rounds, {} trees, {:.2f} s on {}\n", model.objective(), model.rounds(),
             model.trees(), result.report.train_s, result.report.device);
  const auto best = static_cast<std::size_t>(std::max(1, model.best_round())) - 1;
  if (best < result.report.rounds.size() && !result.report.rounds[best].empty()) {
    fmt::print("metrics  {} (round {})\n", metrics_text(result.report.rounds[best]), best + 1);
  }
  fmt::print("model    {}\n", a.model);
}

int run_train(CLI::App& app, TrainArguments& a) {
  const Stopwatch total;
  if (!a.config.empty()) apply_config(app, a.params, a.config);
  const TrainParams params = a.params.resolve();
  check_arguments(a, params);
  check_outputs(a);

  Interrupts interrupts;
  RunTimes times;
  const Stopwatch load;
  const Tables tables = open_tables(a, params);
  times.load_s = load.seconds();
  TrainingJob job = make_job(a, params, tables);
  const TrainingResult result = train_with_progress(job, a, interrupts);

  interrupts.check();
  interrupts.note_only();
  const Stopwatch save;
  result.model.save(a.model);
  times.save_s = save.seconds();
  times.total_s = total.seconds();
  if (!a.report.empty()) {
    const RunSummary run{.params = &params,
                         .result = &result,
                         .times = times,
                         .ranks = a.ranks,
                         .data = a.data,
                         .valid = a.valid,
                         .model = a.model};
    write_file(a.report, json_text(run_report(run)));
  }
  if (!a.quiet && !is_standard_output(a.report)) print_summary(a, result);
  return 0;
}

}  // namespace

Command add_train(CLI::App& root) {
  CLI::App* app = root.add_subcommand("train", "Train a model on a table");
  auto arguments = std::make_shared<TrainArguments>();
  add_options(*app, *arguments);
  return {app, [app, arguments] { return run_train(*app, *arguments); }};
}

}  // namespace ramet::cli
