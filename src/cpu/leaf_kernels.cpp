#include "cpu/leaf_kernels.hpp"

#include <cmath>
#include <vector>

#include "cpu/leaf_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/leaf_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Rounding is one instruction on the targets that have it, and correctly rounded on all.
HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {

// Neighbouring rows are often in the same leaf, and would wait for one another's additions: rows take turns
// in so many sums of each leaf, which are side by side.
constexpr std::int64_t leaf_sum_turns = 4;

// Arrays over all rows outgrow the second-level cache: so many rows before they are read they are fetched.
constexpr std::int64_t rows_ahead = 256;

HWY_ATTR inline std::int64_t* sums_of(std::int64_t* sums, std::uint32_t leaf, std::int64_t row) {
  return sums + 2 * (leaf_sum_turns * static_cast<std::int64_t>(leaf) + row % leaf_sum_turns);
}

HWY_ATTR void add_one_by_one(const std::uint32_t* leaves, const float* g, const float* h, std::int64_t count,
                             double g_scale, double h_scale, std::int64_t* sums) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (leaves[i] >= LeafRows::out_of_sample) continue;
    std::int64_t* leaf = sums_of(sums, leaves[i], i);
    leaf[0] += static_cast<std::int64_t>(std::nearbyint(static_cast<double>(g[i]) * g_scale));
    leaf[1] +=
        h == nullptr ? 1 : static_cast<std::int64_t>(std::nearbyint(static_cast<double>(h[i]) * h_scale));
  }
}

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
namespace hn = hwy::HWY_NAMESPACE;

// Eight rows are rounded at once; their pairs are added as such.
HWY_ATTR void add_in_turns(const std::uint32_t* leaves, const float* g, const float* h, std::int64_t count,
                           double g_scale, double h_scale, std::int64_t* sums) {
  const hn::FixedTag<std::int64_t, 8> di;
  const hn::FixedTag<double, 8> d;
  const hn::FixedTag<float, 8> df;
  const hn::FixedTag<std::int64_t, 2> pair;
  const auto quantised = [&](const float* x, double scale) HWY_ATTR {
    return hn::ConvertTo(di, hn::Round(hn::Mul(hn::PromoteTo(d, hn::LoadU(df, x)), hn::Set(d, scale))));
  };
  alignas(64) std::int64_t pairs[16];
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __builtin_prefetch(g + i + rows_ahead);
    if (h != nullptr) __builtin_prefetch(h + i + rows_ahead);
    const auto qg = quantised(g + i, g_scale);
    const auto qh = h == nullptr ? hn::Set(di, 1) : quantised(h + i, h_scale);
    hn::StoreInterleaved2(qg, qh, di, pairs);
    for (int r = 0; r < 8; ++r) {
      if (leaves[i + r] >= LeafRows::out_of_sample) continue;
      std::int64_t* leaf = sums_of(sums, leaves[i + r], r);
      hn::StoreU(hn::Add(hn::LoadU(pair, leaf), hn::Load(pair, pairs + 2 * r)), pair, leaf);
    }
  }
  add_one_by_one(leaves + i, g + i, h == nullptr ? h : h + i, count - i, g_scale, h_scale, sums);
}
#else
HWY_ATTR void add_in_turns(const std::uint32_t* leaves, const float* g, const float* h, std::int64_t count,
                           double g_scale, double h_scale, std::int64_t* sums) {
  add_one_by_one(leaves, g, h, count, g_scale, h_scale, sums);
}
#endif

HWY_ATTR void add_leaf_sums_target(const std::uint32_t* leaves, const float* g, const float* h,
                                   std::int64_t count, double g_scale, double h_scale,
                                   std::span<std::int64_t> sums) {
  std::vector<std::int64_t> parts(static_cast<std::size_t>(leaf_sum_turns) * sums.size());
  add_in_turns(leaves, g, h, count, g_scale, h_scale, parts.data());
  const std::int64_t* part = parts.data();
  for (std::size_t leaf = 0; leaf < sums.size(); leaf += 2) {
    for (std::int64_t turn = 0; turn < leaf_sum_turns; ++turn, part += 2) {
      sums[leaf] += part[0];
      sums[leaf + 1] += part[1];
    }
  }
}

HWY_ATTR void add_leaf_units_target(const std::uint32_t* leaves, std::int64_t count,
                                    const std::int64_t* units, std::int64_t* scores) {
  const auto add = [&](std::int64_t i)
                       HWY_ATTR { scores[i] += units[leaves[i] & (LeafRows::out_of_sample - 1)]; };
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __builtin_prefetch(scores + i + rows_ahead);
    __builtin_prefetch(leaves + i + rows_ahead);
    for (int r = 0; r < 8; ++r) add(i + r);
  }
  for (; i < count; ++i) add(i);
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(add_leaf_sums_target);
HWY_EXPORT(add_leaf_units_target);

void add_leaf_sums(const std::uint32_t* leaves, const float* g, const float* h, std::int64_t count,
                   double g_scale, double h_scale, std::span<std::int64_t> sums) {
  HWY_DYNAMIC_DISPATCH(add_leaf_sums_target)(leaves, g, h, count, g_scale, h_scale, sums);
}

void add_leaf_units(const std::uint32_t* leaves, std::int64_t count, const std::int64_t* units,
                    std::int64_t* scores) {
  HWY_DYNAMIC_DISPATCH(add_leaf_units_target)(leaves, count, units, scores);
}

}  // namespace ramet::cpu
#endif
