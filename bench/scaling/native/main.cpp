// Trains on a float32 matrix in memory and prints what that cost: `usage` in options.hpp. "bin_s" is the time
// from the matrix (or, with categories, from typed columns) to the data set, "train_s" that of ramet::train.
// Both are medians of the repeats.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "npy.hpp"
#include "options.hpp"
#include "process_memory.hpp"
#include "ramet/ramet.hpp"

namespace ramet::scaling {
namespace {

using Json = nlohmann::ordered_json;

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

// What training starts from: the matrix, or where there are categories `columns`, which point into the
// others.
struct Table {
  Matrix matrix;
  std::int64_t rows = 0;
  int cols = 0;
  std::vector<double> labels;
  std::vector<std::vector<float>> numbers;
  std::vector<std::vector<std::int32_t>> codes;
  std::vector<Column> columns;
};

struct Run {
  double bin_s = 0;
  double train_s = 0;   // all of ramet::train
  double rounds_s = 0;  // the rounds alone
  std::vector<std::pair<std::string, double>> phases;
  std::int64_t dataset_bytes = 0;
  int rounds = 0;
  int trees = 0;
};

bool is_categorical(const Options& options, int column) {
  return std::find(options.categorical.begin(), options.categorical.end(), column) !=
         options.categorical.end();
}

float value_at(const Table& table, std::size_t row, int c) {
  const auto width = static_cast<std::size_t>(table.matrix.columns);
  return table.matrix.values[row * width + static_cast<std::size_t>(c)];
}

std::vector<float> numbers_of(const Table& table, int c) {
  std::vector<float> numbers(static_cast<std::size_t>(table.rows));
  for (std::size_t row = 0; row < numbers.size(); ++row) numbers[row] = value_at(table, row, c);
  return numbers;
}

// Column c as codes; missing values are -1.
std::vector<std::int32_t> codes_of(const Table& table, int c) {
  std::vector<std::int32_t> codes;
  codes.reserve(static_cast<std::size_t>(table.rows));
  for (const float value : numbers_of(table, c)) {
    const bool missing = std::isnan(value);
    if (!missing && !(value >= 0 && value < 1e7F && std::floor(value) == value)) {
      throw std::runtime_error("--categorical " + std::to_string(c) + ": not all values are codes");
    }
    codes.push_back(missing ? -1 : static_cast<std::int32_t>(value));
  }
  return codes;
}

std::vector<std::string> dictionary_of(const std::vector<std::int32_t>& codes) {
  std::vector<std::string> dictionary;
  const std::int32_t highest = *std::max_element(codes.begin(), codes.end());
  for (std::int32_t code = 0; code <= highest; ++code) dictionary.push_back(std::to_string(code));
  return dictionary;
}

// Takes the columns out of the matrix, which is then given back.
void divide(Table& table, const Options& options) {
  for (int c = 0; c < table.cols; ++c) {
    Column column;
    column.name = "f" + std::to_string(c);
    if (is_categorical(options, c)) {
      table.codes.push_back(codes_of(table, c));
      column.values = std::span<const std::int32_t>(table.codes.back());
      column.dictionary = dictionary_of(table.codes.back());
    } else {
      table.numbers.push_back(numbers_of(table, c));
      column.values = std::span<const float>(table.numbers.back());
    }
    table.columns.push_back(std::move(column));
  }
  table.matrix.values.reset();
}

Table load(const Options& options) {
  Table table;
  table.matrix = read_npy(options.data, options.rows);
  table.rows = table.matrix.rows;
  const std::int64_t features = table.matrix.columns - 1;
  if (options.cols > features) {
    throw std::runtime_error("--cols " + std::to_string(options.cols) + ": there are " +
                             std::to_string(features) + " features");
  }
  table.cols = options.cols > 0 ? options.cols : static_cast<int>(features);
  for (const int c : options.categorical) {
    if (c >= table.cols) throw std::runtime_error("--categorical " + std::to_string(c) + ": no such feature");
  }
  const std::vector<float> last = numbers_of(table, static_cast<int>(features));
  table.labels.assign(last.begin(), last.end());
  if (!options.categorical.empty()) divide(table, options);
  return table;
}

Dataset make_dataset(const Table& table, const Options& options) {
  DatasetOptions chosen;
  chosen.labels = table.labels;
  chosen.target_name = "label";
  chosen.bins.max_bin = options.params.max_bin.value_or(chosen.bins.max_bin);
  chosen.bins.bin_sample = options.params.bin_sample.value_or(chosen.bins.bin_sample);
  chosen.threads = options.params.threads;
  if (!table.columns.empty()) return Dataset::from_columns(table.columns, chosen);
  return Dataset::from_dense(table.matrix.values.get(), table.rows, table.cols, chosen, table.matrix.columns);
}

Run run_once(const Table& table, const Options& options) {
  Run run;
  const Stopwatch bin;
  const Dataset data = make_dataset(table, options);
  run.bin_s = bin.seconds();
  run.dataset_bytes = data.memory_bytes();
  TrainReport report;
  TrainOptions train_options;
  train_options.report = &report;
  const Stopwatch training;
  const Model model = train(options.params, data, train_options);
  run.train_s = training.seconds();
  run.rounds_s = report.train_s;
  run.phases = std::move(report.phases);
  run.rounds = model.rounds();
  run.trees = model.trees();
  if (!options.model.empty()) model.save(options.model);
  return run;
}

std::vector<double> times(const std::vector<Run>& runs, double Run::*member) {
  std::vector<double> values;
  for (const Run& run : runs) values.push_back(run.*member);
  return values;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Json parameters_json(const TrainParams& params) {
  Json json = Json::object();
  for (const ParamInfo& info : parameters()) json[std::string(info.name)] = get_parameter(params, info.name);
  return json;
}

// The fields that bench/peers has for every engine, and more.
Json report_json(const Options& options, const Table& table, const std::vector<Run>& runs) {
  Json phases = Json::object();
  for (const auto& [name, seconds] : runs.front().phases) phases[name] = seconds;
  Json json = Json::object();
  json["version"] =
      std::string(version_string) + " (numbers contract " + std::to_string(contract_version) + ")";
  json["rows"] = table.rows;
  json["cols"] = table.cols;
  json["repeats"] = runs.size();
  json["bin_s"] = median(times(runs, &Run::bin_s));
  json["train_s"] = median(times(runs, &Run::train_s));
  json["rounds_s"] = median(times(runs, &Run::rounds_s));
  json["all_bin_s"] = times(runs, &Run::bin_s);
  json["all_train_s"] = times(runs, &Run::train_s);
  json["phases"] = std::move(phases);
  json["rounds"] = runs.front().rounds;
  json["trees"] = runs.front().trees;
  json["dataset_bytes"] = runs.front().dataset_bytes;
  json["parameters"] = parameters_json(options.params);
  return json;
}

Json run_all(const Options& options) {
  const std::int64_t start_memory = memory_bytes("VmRSS");
  const Stopwatch watch;
  const Table table = load(options);
  const double load_s = watch.seconds();
  const std::int64_t load_peak = memory_bytes("VmHWM");
  const bool restarted = restart_memory_peak();
  std::vector<Run> runs;
  for (int repeat = 0; repeat < options.repeats; ++repeat) runs.push_back(run_once(table, options));
  const std::int64_t train_peak = memory_bytes("VmHWM");
  Json json = report_json(options, table, runs);
  json["load_s"] = load_s;
  json["start_memory_bytes"] = start_memory;
  json["train_memory_bytes"] = restarted ? train_peak : 0;
  json["peak_memory_bytes"] = std::max(load_peak, train_peak);
  return json;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() == "--help") {
    std::cout << usage;
    return arguments.empty() ? 2 : 0;
  }
  std::cout << run_all(parse_options(arguments)).dump(1) << '\n';
  return 0;
}

}  // namespace
}  // namespace ramet::scaling

int main(int argc, char** argv) {
  try {
    return ramet::scaling::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scaling_bench: error: %s\n", error.what());
    return 1;
  }
}
