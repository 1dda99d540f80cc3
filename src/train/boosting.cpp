#include "train/boosting.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "base/tasks.hpp"
#include "model/check.hpp"
#include "ramet/version.hpp"
#include "train/grow.hpp"
#include "train/job.hpp"
#include "train/rounds.hpp"

namespace ramet::training {
namespace {

// Half of what margins may reach: rows with base margins of their own may start at the other half.
constexpr std::int64_t farthest_margin = std::int64_t{1} << 61;

model::Ensemble empty_ensemble(const Job& job) {
  model::Ensemble ensemble;
  ensemble.objective = job.params.objective;
  ensemble.schema = *job.data.schema;
  ensemble.outputs = job.outputs;
  ensemble.trees_per_round = job.output_count();
  ensemble.parameters = recorded_parameters(job.params);
  ensemble.data_fingerprint = job.data.fingerprint;
  ensemble.data_rows = job.data.total_rows;
  ensemble.contract_version = contract_version;
  ensemble.library_version = version_string;
  return ensemble;
}

// How far from 0 the trees so far can bring any row's margin.
class MarginReach {
 public:
  explicit MarginReach(const std::vector<model::OutputScale>& outputs) {
    for (const model::OutputScale& output : outputs) units_.push_back(std::abs(output.base));
  }
  void add(const model::Tree& tree, int round) {
    std::int64_t& units = units_[static_cast<std::size_t>(tree.output)];
    units += model::largest_leaf(tree);
    if (units < farthest_margin) return;
    fail(ErrorCode::invalid_data,
         "round {}: margins of output {} are growing out of range; lower eta, or bound leaves by "
         "max_delta_step",
         round, tree.output);
  }

 private:
  std::vector<std::int64_t> units_;
};

Model boost_job(OpenSession open, const Job& job) {
  const std::unique_ptr<backend::Session> session = open(job.session_input());
  model::Ensemble ensemble = empty_ensemble(job);
  TreeGrower grower(job, *session);
  MarginReach reach(job.outputs);
  Rounds rounds(job, *session);
  while (rounds.more()) {
    session->begin_round(rounds.finished());
    for (model::Tree& tree : grower.grow_round(rounds.finished())) {
      reach.add(tree, rounds.finished());
      ensemble.trees.push_back(std::move(tree));
    }
    rounds.finish_round();
  }
  ensemble.best_round = rounds.best_round();
  rounds.report();
  return Model(std::make_shared<const model::Ensemble>(std::move(ensemble)));
}

}  // namespace

Model boost(OpenSession open, const TrainParams& params, const Dataset& data, const TrainOptions& options) {
  const FloatMode mode;
  const Job job = make_job(params, data.data(), options);
  try {
    return boost_job(open, job);
  } catch (...) {
    job.data.communicator->abort();
    throw;
  }
}

}  // namespace ramet::training
