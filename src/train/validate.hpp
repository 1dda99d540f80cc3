// Checks of whole parameter sets against the objective that is really trained.
#pragma once

#include "objective/objective.hpp"
#include "ramet/params.hpp"

namespace ramet::training {

// As ramet::validate, but with `objective`, perhaps the caller's own, in place of the one that is named.
void validate_for(const TrainParams& params, const objective::Objective& objective);

}  // namespace ramet::training
