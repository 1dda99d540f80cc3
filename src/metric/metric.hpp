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

namespace ramet::metric {

using Metric = std::variant<Rmse, Mae, LogLoss, ErrorRate, Auc, AucPr, MLogLoss, MError, PoissonDeviance>;

// By name or alias; throws Error{invalid_parameter} that lists the nearest names.
Metric make_metric(std::string_view name);

const Traits& traits(const Metric& metric);

std::vector<const Traits*> all_traits();

}  // namespace ramet::metric
