#include "cuda/gradient_kernels.hpp"

#include <type_traits>
#include <variant>

#include "cuda/gradient_tally.cuh"
#include "cuda/launch.cuh"
#include "math/functions.hpp"
#include "math/score.hpp"

namespace ramet::cuda {
namespace {

// Rows that a thread of the survey reads at once.
constexpr int batch = 4;

__device__ double weight_of(const GradientPass& pass, std::int64_t row) {
  return pass.weights != nullptr ? pass.weights[row] : 1.0;
}

template <class O>
__global__ void __launch_bounds__(block_threads) row_gradients(O objective, GradientPass pass) {
  __shared__ BlockTally block;
  clear_tally(block);
  GradientTally mine;
  const std::uint64_t key = math::survey_key(pass.seed, pass.round, 0);
  const bool survey = needs_survey(pass.bits);
  const int exponent = pass.unit_exponents[0];
  const std::int64_t step = std::int64_t{gridDim.x} * block_threads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x; row < pass.rows;
       row += step) {
    const double margin = math::to_margin(pass.scores[row], exponent);
    const double weight = weight_of(pass, row);
    const objective::GradientPair pair = objective.gradient(margin, pass.labels[row]);
    const auto g = static_cast<float>(pair.g * weight);
    const auto h = static_cast<float>(pair.h * weight);
    pass.g[row] = g;
    if (pass.h != nullptr) pass.h[row] = h;
    const std::int64_t global = pass.first_global_row + row;
    const bool surveyed = survey && math::in_survey(key, static_cast<std::uint64_t>(global));
    add_gradient(g, h, pass.h != nullptr, global, surveyed, mine, block);
  }
  fold_tally(mine, block, pass, 0);
}

// One thread a row. A row's margins are read three times, the second and third time from a cache.
template <class O>
__global__ void __launch_bounds__(block_threads) row_outputs_gradients(O objective, GradientPass pass) {
  const std::int64_t row = std::int64_t{blockIdx.x} * block_threads + threadIdx.x;
  if (row >= pass.rows) return;
  const double weight = weight_of(pass, row);
  const auto margin = [&](int k) {
    return math::to_margin(pass.scores[k * pass.rows + row], pass.unit_exponents[k]);
  };
  const auto store = [&](int k, objective::GradientPair pair) {
    pass.g[k * pass.stride + row] = static_cast<float>(pair.g * weight);
    if (pass.h != nullptr) pass.h[k * pass.stride + row] = static_cast<float>(pair.h * weight);
  };
  objective.each_gradient(margin, pass.outputs, pass.labels[row], store);
}

// One thread a value, outputs of a row side by side, as they come.
__global__ void __launch_bounds__(block_threads)
    weigh(GradientPass pass, const double* g, const double* h, std::int64_t first_row, std::int64_t rows) {
  const std::int64_t at = std::int64_t{blockIdx.x} * block_threads + threadIdx.x;
  if (at >= rows * pass.outputs) return;
  const std::int64_t row = first_row + at / pass.outputs;
  const std::int64_t to = at % pass.outputs * pass.stride + row;
  const double weight = weight_of(pass, row);
  pass.g[to] = static_cast<float>(g[at] * weight);
  if (pass.h == nullptr) return;
  // A negative hessian is as unusable as a NaN, and is reported with it.
  const double curvature = h[at] < 0 ? math::detail::not_a_number : h[at] * weight;
  pass.h[to] = static_cast<float>(curvature);
}

// Block b looks at piece b % pieces of output b / pieces. The zeros after the rows are nothing to be found.
__global__ void __launch_bounds__(block_threads) survey(GradientPass pass, std::int64_t pieces) {
  __shared__ BlockTally block;
  clear_tally(block);
  GradientTally mine;
  const auto k = static_cast<std::int32_t>(blockIdx.x / pieces);
  const std::uint64_t key = math::survey_key(pass.seed, pass.round, k);
  const float* g = pass.g + k * pass.stride;
  const float* h = pass.h != nullptr ? pass.h + k * pass.stride : nullptr;
  const std::int64_t step = pieces * batch * block_threads;
  const auto look_at = [&](std::int64_t row, float g_here, float h_here) {
    const std::int64_t global = pass.first_global_row + row;
    const bool surveyed = needs_survey(pass.bits) && math::in_survey(key, static_cast<std::uint64_t>(global));
    add_gradient(g_here, h_here, h != nullptr, global, surveyed, mine, block);
  };
  const std::int64_t first = (blockIdx.x % pieces * block_threads + threadIdx.x) * batch;
  for (std::int64_t row = first; row < pass.rows; row += step) {
    const float4 g4 = *reinterpret_cast<const float4*>(g + row);
    const float4 h4 = h != nullptr ? *reinterpret_cast<const float4*>(h + row) : float4{0, 0, 0, 0};
    look_at(row, g4.x, h4.x);
    look_at(row + 1, g4.y, h4.y);
    look_at(row + 2, g4.z, h4.z);
    look_at(row + 3, g4.w, h4.w);
  }
  fold_tally(mine, block, pass, k);
}

}  // namespace

void differentiate(const objective::Objective& objective, const GradientPass& pass, std::int64_t blocks,
                   cudaStream_t stream) {
  std::visit(
      [&](const auto& o) {
        using O = std::remove_cvref_t<decltype(o)>;
        if constexpr (objective::RowObjective<O>) {
          const std::int64_t pieces = blocks_for(pass.rows, block_threads);
          launch(row_gradients<O>, pieces < blocks ? pieces : blocks, block_threads, 0, stream, o, pass);
        } else if constexpr (objective::RowOutputsObjective<O>) {
          launch(row_outputs_gradients<O>, blocks_for(pass.rows, block_threads), block_threads, 0, stream, o,
                 pass);
          survey_gradients(pass, blocks, stream);
        }
      },
      objective);
}

void weigh_gradients(const GradientPass& pass, const double* g, const double* h, std::int64_t first_row,
                     std::int64_t rows, cudaStream_t stream) {
  launch(weigh, blocks_for(rows * pass.outputs, block_threads), block_threads, 0, stream, pass, g, h,
         first_row, rows);
}

void survey_gradients(const GradientPass& pass, std::int64_t blocks, cudaStream_t stream) {
  const std::int64_t most = blocks_for(pass.rows, std::int64_t{batch} * block_threads);
  const std::int64_t fair = blocks_for(blocks, pass.outputs);
  const std::int64_t pieces = most < fair ? most : fair;
  launch(survey, pieces * pass.outputs, block_threads, 0, stream, pass, pieces);
}

}  // namespace ramet::cuda
