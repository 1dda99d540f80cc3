// A round's gradients: differentiating, finding the scale, rounding.
#include "cuda/gradients.hpp"

#include "device_data.hpp"
#include "timing.hpp"

namespace ramet::cuda::bench {
namespace {

// Reads score and label, writes g and h; reads them again and writes the rounded pair.
constexpr double bytes_of_row = 8 + 8 + 8 + 8 + 4;

// Argument: rows.
void gradients(benchmark::State& state) {
  DeviceData& data = device_data({.rows = capped_rows(state.range(0)), .columns = 28});
  int round = 0;
  time_work(state, data.stream.get(), bytes_of_row * static_cast<double>(data.shape.rows),
            [&] { data.gradients.compute(round++, *data.comm, data.stream.get()); });
}

BENCHMARK(gradients)->UseManualTime()->ArgName("rows")->Arg(1'000'000)->Arg(11'000'000);

}  // namespace
}  // namespace ramet::cuda::bench
