// ramet bench: the same training on each of several devices, timed and compared.
#include "bench.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "config_file.hpp"
#include "exposure.hpp"
#include "generated_data.hpp"
#include "interrupts.hpp"
#include "output_file.hpp"
#include "param_options.hpp"
#include "progress.hpp"
#include "ramet/error.hpp"
#include "report.hpp"
#include "stopwatch.hpp"
#include "table_options.hpp"
#include "target.hpp"

namespace ramet::cli {
namespace {

struct BenchArguments {
  TableArguments table;
  ParamOptions params;
  std::string devices;
  std::string data;
  std::string generate;
  std::string save_data;
  std::string config;
  std::string report;
  int rounds = 0;  // 0: as num_round says
  int repeats = 1;
  bool quiet = false;
};

void add_options(CLI::App& app, BenchArguments& a) {
  app.add_option("--devices", a.devices,
                 "Devices to train on, one after the other, such as cpu,cuda:0,cuda:0,1 [default: all that "
                 "`ramet devices` lists as usable].")
      ->type_name("A,B");
  app.add_option("--data", a.data, "CSV file to learn from (plain, .gz or .zst).")->type_name("FILE");
  app.add_option("--generate", a.generate,
                 "In place of a file: so many rows and columns of generated data, shaped like the Higgs set, "
                 "by --seed; the objective is then binary:logistic unless given.")
      ->type_name("ROWSxCOLUMNS");
  app.add_option("--save-data,--save_data", a.save_data,
                 "NumPy file (.npy) to write the generated data to, labels in the last column.")
      ->type_name("FILE");
  app.add_option("--rounds", a.rounds, "Short for --num-round.")->type_name("INT");
  app.add_option("--repeats", a.repeats, "Trainings on each device, of which the fastest counts [default 1].")
      ->type_name("INT");
  app.add_option("--report", a.report, "JSON file to write with all that was measured (- prints it).")
      ->type_name("FILE");
  app.add_option("--config", a.config, "TOML file with options by name; the command line counts over it.")
      ->type_name("FILE")
      ->configurable(false);
  add_table_options(app, a.table, Roles::training);
  a.params.add_to(app);
  app.add_flag("--quiet", a.quiet, "Show no progress.")->group("Run");
}

TrainParams bench_params(const BenchArguments& a) {
  TrainParams params = a.params.resolve();
  if (a.params.given("device")) throw UsageError("--device: name the devices in --devices");
  if (a.rounds != 0) {
    if (a.params.given("num_round")) throw UsageError("--rounds and --num-round: give one of them");
    params.num_round = a.rounds;
  }
  if (!a.generate.empty() && !a.params.given("objective")) params.objective = "binary:logistic";
  return params;
}

void check_arguments(const BenchArguments& a, const TrainParams& params) {
  if (a.data.empty() == a.generate.empty()) throw UsageError("give either --data or --generate");
  if (!a.data.empty()) require(a.table.target, "--target");
  if (a.repeats < 1) throw UsageError(fmt::format("--repeats {}: must be >= 1", a.repeats));
  if (params.early_stopping_rounds > 0) {
    throw UsageError(fmt::format("early_stopping_rounds = {}: must be 0, as nothing is evaluated here",
                                 params.early_stopping_rounds));
  }
  validate(params);
  if (!a.save_data.empty() && a.generate.empty()) throw UsageError("--save-data: needs --generate");
  if (!a.save_data.empty()) check_output(a.save_data, {});
  if (a.report.empty()) return;
  std::vector<std::filesystem::path> inputs;
  for (const std::string& input : {a.data, a.config}) {
    if (!input.empty()) inputs.emplace_back(input);
  }
  check_output(a.report, inputs);
}

// Each is checked before any work is done.
std::vector<std::string> chosen_devices(const BenchArguments& a, const TrainParams& params) {
  std::vector<std::string> names;
  if (!a.devices.empty()) {
    names = split_devices(a.devices);
  } else {
    for (const DeviceInfo& device : devices()) {
      if (device.usable) names.push_back(device.name);
    }
  }
  for (const std::string& name : names) {
    TrainParams with_device = params;
    with_device.device = name;
    validate(with_device);
  }
  return names;
}

DatasetOptions dataset_options(const TrainParams& params) {
  DatasetOptions options;
  options.bins.max_bin = params.max_bin.value_or(options.bins.max_bin);
  options.bins.bin_sample = params.bin_sample.value_or(options.bins.bin_sample);
  options.threads = params.threads;
  return options;
}

Dataset generated_dataset(const BenchArguments& a, const TrainParams& params, BenchSubject& subject) {
  const GeneratedShape shape = parse_shape(a.generate);
  subject.source = fmt::format("generated {}, seed {}", a.generate, params.seed);
  const Stopwatch load;
  const GeneratedData generated = generate(shape, params.seed, params.threads);
  subject.load_s = load.seconds();
  if (!a.save_data.empty()) save_npy(generated, a.save_data);
  DatasetOptions options = dataset_options(params);
  options.labels = generated.labels;
  const Stopwatch bin;
  Dataset data = Dataset::from_dense(generated.x.data(), shape.rows, shape.columns, options);
  subject.bin_s = bin.seconds();
  return data;
}

Dataset file_dataset(const BenchArguments& a, const TrainParams& params, BenchSubject& subject) {
  io::TableOptions options = table_options(a.table, params.threads);
  options.target_is_class = learns_classes(params.objective);
  subject.source = a.data;
  const Stopwatch load;
  const io::Table table = open_training_table(a.data, options, params.objective);
  subject.load_s = load.seconds();
  const Stopwatch bin;
  Dataset data = a.table.exposure.empty()
                     ? table.dataset(dataset_options(params))
                     : exposure_dataset(table, a.table.exposure, dataset_options(params), 0, table.rows());
  subject.bin_s = bin.seconds();
  return data;
}

std::vector<BenchRun> run_with_progress(BenchJob& job, const BenchArguments& a, const Dataset& data,
                                        Interrupts& interrupts) {
  Progress progress(stderr, progress_style(stderr, a.quiet, false));
  job.on_round = [&](const std::string& /*device*/, const RoundInfo& info) { progress.round(info); };
  job.cancelled = [&] { return interrupts.requested() != 0; };
  interrupts.note_only();
  try {
    return run_bench(job, data);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::cancelled) interrupts.check();
    throw;
  }
}

int verdict(const std::vector<BenchRun>& runs) {
  for (const BenchRun& run : runs) {
    if (run.identical) continue;
    throw Error(ErrorCode::internal,
                fmt::format("device {} grew another model than device {}", run.device, runs.front().device));
  }
  return 0;
}

int run_bench_command(CLI::App& app, BenchArguments& a) {
  if (!a.config.empty()) apply_config(app, a.params, a.config);
  const TrainParams params = bench_params(a);
  check_arguments(a, params);
  BenchJob job{.params = params, .devices = chosen_devices(a, params), .repeats = a.repeats};
  Interrupts interrupts;
  BenchSubject subject;
  const Dataset data =
      a.data.empty() ? generated_dataset(a, params, subject) : file_dataset(a, params, subject);
  subject.rows = data.rows();
  subject.features = data.features();
  subject.dataset_bytes = data.memory_bytes();
  subject.fingerprint = data.fingerprint();
  const std::vector<BenchRun> runs = run_with_progress(job, a, data, interrupts);
  if (!a.report.empty()) write_file(a.report, json_text(bench_report(subject, params, runs)));
  if (!is_standard_output(a.report)) fmt::print("{}", bench_text(subject, params, runs));
  return verdict(runs);
}

}  // namespace

Command add_bench(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("bench", "Time the same training on several devices and compare the models");
  auto arguments = std::make_shared<BenchArguments>();
  add_options(*app, *arguments);
  return {app, [app, arguments] { return run_bench_command(*app, *arguments); }};
}

}  // namespace ramet::cli
