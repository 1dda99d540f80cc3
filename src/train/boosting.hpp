// Gradient boosting on any backend.
#pragma once

#include <memory>

#include "backend/session.hpp"
#include "ramet/train.hpp"

namespace ramet::training {

using OpenSession = std::unique_ptr<backend::Session> (*)(const backend::SessionInput& input);

// ramet::train on the sessions that `open` makes, whatever params.device says. If a rank fails after the
// first checks, its communicator is aborted, so that the others fail too and none waits.
Model boost(OpenSession open, const TrainParams& params, const Dataset& data, const TrainOptions& options);

}  // namespace ramet::training
