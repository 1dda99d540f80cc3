// The list of objectives: the one place to add a line when a file is added.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "objective/absolute_error.hpp"
#include "objective/caller.hpp"
#include "objective/logistic.hpp"
#include "objective/poisson.hpp"
#include "objective/softmax.hpp"
#include "objective/squared_error.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

using Objective = std::variant<SquaredError, Logistic, Softmax, Poisson, AbsoluteError, Caller>;

// By name or alias (case and - or _ do not matter); throws Error{invalid_parameter} that lists the nearest
// names. Caller has no name.
Objective make_objective(std::string_view name);

const Traits& traits(const Objective& objective);

// Of all objectives that make_objective finds.
std::vector<const Traits*> all_traits();

// Maps `rows` x `outputs` margins to predictions, in place.
void predictions(const Objective& objective, double* margins, std::int64_t rows, int outputs);

}  // namespace ramet::objective
