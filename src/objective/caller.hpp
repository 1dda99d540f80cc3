// The caller's own objective: CustomObjective::gradient gives the arrays. The engine adds weights; margins
// are the predictions, in units that follow the labels' spread.
#pragma once

#include "math/host_device.hpp"
#include "objective/traits.hpp"

namespace ramet::objective {

// Not found by name: it exists only where TrainOptions::objective is given.
struct Caller {
  static constexpr Traits traits{.name = "caller", .aliases = {}, .kind = Kind::caller, .default_metric = ""};

  RAMET_HD double prediction(double margin) const { return margin; }
};

static_assert(CallerObjective<Caller>);

}  // namespace ramet::objective
