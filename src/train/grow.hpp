// Growing one round's trees: the loop between the node queue, which decides, and the backend, which computes.
#pragma once

#include <vector>

#include "backend/session.hpp"
#include "model/tree.hpp"
#include "train/job.hpp"

namespace ramet::training {

class TreeGrower {
 public:
  // Both must outlive it. Collective.
  TreeGrower(const Job& job, backend::Session& session);

  // The trees of one round, one per output, in order; all sets' scores are updated. The session's round has
  // begun. Throws Error{cancelled} if the caller's callback says so.
  std::vector<model::Tree> grow_round(int round);

 private:
  void grow_batch(int round, int first_output, int trees, std::vector<model::Tree>& grown);

  const Job& job_;
  backend::Session& session_;
  int batch_trees_ = 1;            // trees that are grown together
  std::vector<double> left_over_;  // per output: the best gain that its last tree left over
};

}  // namespace ramet::training
