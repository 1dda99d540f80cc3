// Training: parameters and data in, model out.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ramet/dataset.hpp"
#include "ramet/model.hpp"
#include "ramet/params.hpp"

namespace ramet {

struct MetricValue {
  std::string set;     // "train", "valid", or the name given
  std::string metric;  // "rmse"
  double value = 0;
};

struct RoundInfo {
  int round = 0;   // finished rounds, from 1
  int rounds = 0;  // rounds asked for
  std::span<const MetricValue> metrics;
  double seconds = 0;  // since training began
};

// Gradients computed by the caller. Called once a round, on one thread.
struct CustomObjective {
  std::string name;
  int outputs = 1;
  // margins: rows x outputs, row-major; fill gradient and hessian (same shape, finite, hessian >= 0) for this
  // rank's rows. Weights are applied by the engine.
  std::function<void(std::span<const double> margins, std::span<const double> labels,
                     std::span<double> gradient, std::span<double> hessian)>
      gradient;
};

struct NamedDataset {
  std::string name;
  const Dataset* data = nullptr;
};

enum class LogLevel { debug, info, warning };
using LogSink = std::function<void(LogLevel, std::string_view)>;

// Where the time went, and every metric of every round. Not part of the model.
struct TrainReport {
  double train_s = 0;
  std::vector<std::pair<std::string, double>> phases;  // name, seconds
  std::vector<std::vector<MetricValue>> rounds;        // one entry a round
  std::string device;
  std::int64_t device_bytes =
      0;  // most memory held on devices, of all of this process's; 0 = none, or unknown
};

struct TrainOptions {
  const Dataset* valid = nullptr;    // evaluated each round under the name "valid"; steers early stopping
  std::vector<NamedDataset> more{};  // further sets to evaluate
  bool evaluate_train = false;       // also evaluate the training set
  const CustomObjective* objective = nullptr;        // in place of params.objective
  std::function<bool(const RoundInfo&)> on_round{};  // return false to stop and keep the model so far
  std::function<bool()> cancelled{};                 // polled inside a round; true raises Error{cancelled}
  LogSink log{};                                     // default: silent
  TrainReport* report = nullptr;                     // filled if given
};

// Trains a model. The result is a pure function of (data, parameters): threads, ranks, pages and device do
// not change a bit of it. With a Dataset that has a communicator, every rank calls train and gets the same
// model.
Model train(const TrainParams& params, const Dataset& data, const TrainOptions& options = {});

// Bytes that a training will take beside its data sets, as far as they can be told before.
struct MemoryEstimate {
  std::int64_t host_bytes = 0;          // device = cpu: most of what this rank takes
  std::int64_t least_device_bytes = 0;  // other devices: without which training is refused, on each of them
  std::int64_t device_bytes = 0;        // what it takes where there is enough
};

// Collective like `train`, with the same errors for parameters and data that do not fit.
MemoryEstimate estimate_memory(const TrainParams& params, const Dataset& data,
                               const TrainOptions& options = {});

// Metrics (names or aliases; empty = the objective's own) of Model::scores against labels and optional
// weights. The same numbers, to the bit, as those reported while training.
std::vector<MetricValue> evaluate(const Model& model, std::span<const std::int64_t> scores,
                                  std::span<const double> labels, std::span<const double> weights = {},
                                  std::span<const std::string> metrics = {});

// A device that training can run on, and if not, why.
struct DeviceInfo {
  std::string name;  // value for `device`: "cpu", "cuda:0"
  bool usable = false;
  std::string detail;  // cores and SIMD target, or the reason it cannot be used
};
std::vector<DeviceInfo> devices();

}  // namespace ramet
