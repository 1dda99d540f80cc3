// Everything that is checked and decided before the first round of a training.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "backend/session.hpp"
#include "data/dataset_data.hpp"
#include "metric/metric.hpp"
#include "model/ensemble.hpp"
#include "objective/objective.hpp"
#include "ramet/train.hpp"

namespace ramet::training {

// A set whose metrics are taken after every round.
struct EvaluatedSet {
  std::string name;
  int number = 0;  // the session's: 0 is the training set
};

struct Job {
  TrainParams params;  // names of objective and metrics in canonical form
  const TrainOptions& options;
  const data::DatasetData& data;
  objective::Objective objective;
  std::vector<metric::Metric> metrics;  // the last one steers early stopping
  std::vector<EvaluatedSet> evaluated;  // "train" (if asked for), "valid", the further ones in order
  std::vector<const data::DatasetData*> more_sets;  // the session's sets 1, 2, ...
  std::vector<model::OutputScale> outputs;

  int output_count() const { return static_cast<int>(outputs.size()); }
  // Refers to this job, which must outlive the session.
  backend::SessionInput session_input() const;
};

// Checks parameters and data; finds classes, base scores and units. Collective: if a rank fails all fail, and
// the communicator stays usable. Throws Error{invalid_parameter} or Error{invalid_data}.
Job make_job(const TrainParams& params, const data::DatasetData& data, const TrainOptions& options);

// Name and value of the parameters that a model's bytes depend on: all but threads and device.
std::vector<std::pair<std::string, std::string>> recorded_parameters(const TrainParams& params);

}  // namespace ramet::training
