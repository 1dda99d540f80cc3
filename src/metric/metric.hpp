// The list of metrics: the one place to add a line when a file is added.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "metric/auc.hpp"
#include "metric/aucpr.hpp"
#include "metric/error_rate.hpp"
#include "metric/logloss.hpp"
#include "metric/mae.hpp"
#include "metric/merror.hpp"
#include "metric/mlogloss.hpp"
#include "metric/poisson_deviance.hpp"
#include "metric/rmse.hpp"
#include "metric/traits.hpp"
#include "objective/objective.hpp"

namespace ramet::metric {

using Metric = std::variant<Rmse, Mae, LogLoss, ErrorRate, Auc, AucPr, MLogLoss, MError, PoissonDeviance>;

// By name or alias (case and - or _ do not matter), for margins that are predictions themselves, or log-odds,
// logs or class margins where the metric is about these. Throws Error{invalid_parameter} that lists the
// nearest names.
Metric make_metric(std::string_view name);

// The same for the margins of this objective: metrics of predictions are set to its response.
// Throws Error{invalid_parameter} too if the metric does not fit the objective. A caller's objective fits
// all.
Metric make_metric(std::string_view name, const objective::Objective& objective);

const Traits& traits(const Metric& metric);

// Of all metrics.
std::vector<const Traits*> all_traits();

}  // namespace ramet::metric
