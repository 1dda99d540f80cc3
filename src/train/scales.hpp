// Where margins start and what their unit is: every output's base score and unit exponent (contract, rule 6).
#pragma once

#include <vector>

#include "data/dataset_data.hpp"
#include "model/ensemble.hpp"
#include "objective/objective.hpp"
#include "ramet/params.hpp"

namespace ramet::training {

// The margin at which the objective predicts `prediction`; not finite if there is none.
double margin_of(const objective::Objective& objective, double prediction);

// The scales of `outputs` margins. Collective: the same on all ranks of `data`.
//   base   params.base_score; else 0 where the rows bring base margins of their own, or gradients come from
//   the
//          caller; else the best constant: from the weighted mean of the labels, their lower weighted median,
//          or each class's share of the weight
//   unit   2^-40 of the range that labels and starting margins span; of 1 under a link function (or if finer,
//          for the caller's gradients); coarser where margins that far from 0 would not fit 2^58 units
// Throws Error{invalid_data} if all weights are 0, or labels or margins are too large for any unit.
std::vector<model::OutputScale> start_scales(const objective::Objective& objective, const TrainParams& params,
                                             const data::DatasetData& data, int outputs);

// The smallest label whose cumulative weight reaches half of the total, over all ranks. Weights count as
// integers of up to 32 bits at a common scale. Collective.
double weighted_median_label(const data::DatasetData& data);

}  // namespace ramet::training
