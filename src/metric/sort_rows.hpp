// Sorting rows by their exact score, for metrics of order.
#pragma once

#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "metric/traits.hpp"

namespace ramet::metric {

// Sorts by ascending score; rows of equal score keep their order. A radix sort over the digits in which the
// scores differ: for margins within +-8 at units of 2^-40, four passes. Needs as much memory again.
void sort_by_score(Buffer<ScoredRow>& rows, Tasks& tasks);

}  // namespace ramet::metric
