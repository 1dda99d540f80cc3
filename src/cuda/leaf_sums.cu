// Newton leaf values: exact sums of the unrounded gradients over each leaf's rows, then the weight.
#include "cuda/block_reduce.cuh"
#include "cuda/global_pointer.cuh"
#include "cuda/launch.cuh"
#include "cuda/leaf_block.cuh"
#include "cuda/leaf_units.cuh"
#include "cuda/leaves.hpp"
#include "math/gain.hpp"
#include "math/quantise.hpp"

namespace ramet::cuda {
namespace {

struct LeafExponents {
  int g;
  int h;
};

__device__ LeafExponents leaf_exponents(const DeviceScale& scale, const LeafSettings& settings) {
  LeafExponents exponents;
  exponents.g = math::wide_exponent(scale.largest_g, settings.total_rows);
  exponents.h = settings.constant_hessian ? 0 : math::wide_exponent(scale.largest_h, settings.total_rows);
  return exponents;
}

// This thread's part of the sum over the block's rows of nearest(x * scale).
__device__ std::int64_t sum_of(const float* x, double scale, const LeafBlock& block,
                               const std::uint32_t (&rows)[leaf_rows_per_thread]) {
  // All are fetched before the first is used.
  float values[leaf_rows_per_thread];
  const float* from = global(x);
  for (unsigned k = 0; k < leaf_rows_per_thread; ++k) values[k] = from[rows[k]];
  std::int64_t sum = 0;
  for (unsigned k = 0; k < leaf_rows_per_thread; ++k) {
    const float value = leaf_place(k) < block.end - block.begin ? values[k] : 0.0F;
    sum += __double2ll_rn(static_cast<double>(value) * scale);
  }
  return sum;
}

// sums[2 * leaf] += nearest(g * 2^e), sums[2 * leaf + 1] += the same of h, or the number of rows.
__global__ void __launch_bounds__(block_threads, 5)
    sum_leaves_kernel(const LeafTask* leaves, std::int32_t count, const LeafOutput* outputs,
                      LeafSettings settings, std::int64_t* sums) {
  __shared__ std::int64_t of_warps[2][most_warps];
  const LeafBlock block = leaf_block(leaves, count);
  if (block.begin == block.end) return;
  std::uint32_t rows[leaf_rows_per_thread];
  leaf_rows(block, rows);
  const GradientView gradients = outputs[block.task.output].gradients;
  const LeafExponents exponents = leaf_exponents(*global(gradients.scale), settings);
  std::int64_t g = sum_of(gradients.g, math::pow2(exponents.g), block, rows);
  g = reduce_block(g, of_warps[0], Sum{});
  std::int64_t h = block.end - block.begin;
  if (!settings.constant_hessian) {
    h = sum_of(gradients.h, math::pow2(exponents.h), block, rows);
    h = reduce_block(h, of_warps[1], Sum{});
  }
  if (threadIdx.x != 0) return;
  auto* leaf = reinterpret_cast<unsigned long long*>(sums + 2 * std::int64_t{block.leaf});
  atomicAdd(leaf, static_cast<unsigned long long>(g));
  atomicAdd(leaf + 1, static_cast<unsigned long long>(h));
}

__global__ void newton_units_kernel(const LeafTask* leaves, std::int32_t count, const LeafOutput* outputs,
                                    LeafSettings settings, const std::int64_t* sums, std::int64_t* units) {
  const std::int64_t l = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (l >= count) return;
  const LeafOutput output = outputs[leaves[l].output];
  const LeafExponents exponents = leaf_exponents(*output.gradients.scale, settings);
  const double g = static_cast<double>(sums[2 * l]) * math::pow2(-exponents.g);
  const double h = static_cast<double>(sums[2 * l + 1]) * math::pow2(-exponents.h);
  const double weight = math::leaf_weight(g, h, settings.regularisation) * settings.eta;
  units[l] = leaf_units(weight * math::pow2(output.unit_exponent));
}

}  // namespace

void LeafValues::newton(const LeafTask* leaves, std::int32_t count, std::int64_t blocks,
                        const LeafOutput* outputs, DeviceComm& comm, std::int64_t* units,
                        cudaStream_t stream) {
  if (count == 0) return;
  const std::size_t sums = 2 * static_cast<std::size_t>(count);
  fill_zero(sums_.data(), sums, stream);
  launch(sum_leaves_kernel, blocks, block_threads, 0, stream, leaves, count, outputs, settings_,
         sums_.data());
  comm.all_reduce_sum(sums_.data(), sums, stream);
  constexpr unsigned threads = 64;
  launch(newton_units_kernel, blocks_for(count, threads), threads, 0, stream, leaves, count, outputs,
         settings_, sums_.data(), units);
}

}  // namespace ramet::cuda
