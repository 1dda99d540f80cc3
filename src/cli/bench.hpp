// The same training on several devices in turn: what it cost on each, and whether the models are the same.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "ramet/train.hpp"

namespace ramet::cli {

struct BenchRun {
  std::string device;
  double total_s = 0;  // all of train(): device set-up and upload included
  double train_s = 0;  // the rounds
  double tree_ms = 0;  // of the rounds after the first, whose start-up work is paid once
  std::vector<std::pair<std::string, double>> phases;
  std::int64_t trees = 0;
  std::int64_t host_bytes = 0;      // most resident memory during the training, the data set included
  std::int64_t device_bytes = 0;    // 0: not told
  std::vector<double> all_total_s;  // of every repeat
  bool identical = true;            // to the first device's model, byte for byte, in all repeats
};

struct BenchJob {
  TrainParams params;  // but for the device
  std::vector<std::string> devices;
  int repeats = 1;                                                            // the fastest counts
  std::function<void(const std::string& device, const RoundInfo&)> on_round;  // may be empty
  std::function<bool()> cancelled;
};

// One entry a device, in order. Throws what train() throws.
std::vector<BenchRun> run_bench(const BenchJob& job, const Dataset& data);

// "cpu,cuda:0,1" is {"cpu", "cuda:0,1"}: a piece that is a number belongs to the one before. Throws
// UsageError if a piece is empty or the first one is a number.
std::vector<std::string> split_devices(const std::string& list);

// What the runs were about, for table and report.
struct BenchSubject {
  std::string source;  // a file, or "generated 1000000x28, seed 0"
  std::int64_t rows = 0;
  int features = 0;
  std::int64_t dataset_bytes = 0;
  std::uint64_t fingerprint = 0;
  double load_s = 0;  // generating or reading
  double bin_s = 0;
};

// Lines for people, and the same and more as JSON.
std::string bench_text(const BenchSubject& subject, const TrainParams& params,
                       const std::vector<BenchRun>& runs);
nlohmann::ordered_json bench_report(const BenchSubject& subject, const TrainParams& params,
                                    const std::vector<BenchRun>& runs);

}  // namespace ramet::cli
