#include "base/tasks.hpp"

#include <oneapi/tbb/info.h>

#include <algorithm>

namespace ramet {

// An arena wider than the machine gets no more workers, only a warning printed by the library.
Tasks::Tasks(int threads)
    : threads_(threads > 0 ? threads : oneapi::tbb::info::default_concurrency()),
      crew_threads_(std::min(threads_, oneapi::tbb::info::default_concurrency())) {}

}  // namespace ramet
