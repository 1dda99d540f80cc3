#include "bench.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "report.hpp"
#include "stopwatch.hpp"

namespace ramet::cli {
namespace {

struct Training {
  BenchRun run;
  std::vector<std::byte> model;
};

Training train_once(const BenchJob& job, const std::string& device, const Dataset& data) {
  TrainParams params = job.params;
  params.device = device;
  TrainReport report;
  double first_round_s = 0;
  double last_round_s = 0;
  TrainOptions options;
  options.report = &report;
  options.cancelled = job.cancelled;
  options.on_round = [&](const RoundInfo& info) {
    if (info.round == 1) first_round_s = info.seconds;
    last_round_s = info.seconds;
    if (job.on_round) job.on_round(device, info);
    return true;
  };
  reset_peak_memory();
  const Stopwatch watch;
  const Model model = train(params, data, options);
  BenchRun run{
      .device = device, .total_s = watch.seconds(), .train_s = report.train_s, .phases = report.phases};
  run.host_bytes = peak_memory_bytes();
  run.device_bytes = report.device_bytes;
  run.trees = model.trees();
  const bool several = model.rounds() > 1;
  const double share = several ? static_cast<double>(model.rounds() - 1) / model.rounds() : 1;
  const double seconds = several ? last_round_s - first_round_s : last_round_s;
  run.tree_ms = 1000 * seconds / (static_cast<double>(run.trees) * share);
  return {.run = std::move(run), .model = model.serialize()};
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::vector<BenchRun> run_bench(const BenchJob& job, const Dataset& data) {
  std::vector<BenchRun> runs;
  std::vector<std::byte> first_model;
  for (const std::string& device : job.devices) {
    BenchRun fastest;
    std::vector<double> all_total_s;
    bool identical = true;
    for (int repeat = 0; repeat < job.repeats; ++repeat) {
      Training training = train_once(job, device, data);
      if (first_model.empty()) first_model = training.model;
      identical = identical && training.model == first_model;
      all_total_s.push_back(training.run.total_s);
      if (repeat == 0 || training.run.total_s < fastest.total_s) fastest = std::move(training.run);
    }
    fastest.all_total_s = std::move(all_total_s);
    fastest.identical = identical;
    runs.push_back(std::move(fastest));
  }
  return runs;
}

std::vector<std::string> split_devices(const std::string& list) {
  std::vector<std::string> devices;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string piece = list.substr(begin, end - begin);
    if (piece.empty() || (devices.empty() && is_number(piece))) {
      throw UsageError(fmt::format("--devices {}: must be names of devices, such as cpu,cuda:0", list));
    }
    if (is_number(piece)) {
      devices.back() += ',' + piece;
    } else {
      devices.push_back(piece);
    }
    begin = end + 1;
  }
  return devices;
}

}  // namespace ramet::cli
