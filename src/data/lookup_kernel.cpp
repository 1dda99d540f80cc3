#include "data/lookup_kernel.hpp"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/lookup_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::data::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The upper levels of the tree lie in two vectors, entries [0, N) and [N, 2N), the rest is gathered.
template <class D>
struct Tree {
  using Value = hn::TFromD<D>;
  const Value* cuts;
  hn::VFromD<D> first;
  hn::VFromD<D> second;
  int steps;
  int first_levels;   // looked up in `first`
  int second_levels;  // and `second`: 0 or 1
};

template <class D>
HWY_INLINE HWY_ATTR Tree<D> load_tree(D d, const CutTree<hn::TFromD<D>>& tree) {
  const std::size_t lanes = hn::Lanes(d);
  const bool fits = 2 * lanes <= min_tree_size;
  int levels = 0;  // log2 of lanes
  while ((std::size_t{2} << levels) <= lanes) ++levels;
  const int first_levels = fits ? HWY_MIN(levels, tree.steps) : 0;
  return {tree.cuts,
          fits ? hn::LoadU(d, tree.cuts) : hn::Zero(d),
          fits ? hn::LoadU(d, tree.cuts + lanes) : hn::Zero(d),
          tree.steps,
          first_levels,
          fits && tree.steps > levels ? 1 : 0};
}

// From node k to its child, for each lane.
template <class V, class K>
HWY_INLINE HWY_ATTR K descend(V cut, V value, K k) {
  const hn::DFromV<K> du;
  const K left = hn::Add(k, k);
  return hn::IfThenElse(hn::RebindMask(du, hn::Lt(cut, value)), hn::Add(left, hn::Set(du, 1)), left);
}

template <class D, class V = hn::VFromD<D>>
HWY_INLINE HWY_ATTR auto search(D d, const Tree<D>& tree, V value) {
  const hn::RebindToUnsigned<D> du;
  const hn::RebindToSigned<D> di;
  const auto lane_mask = hn::Set(du, static_cast<hn::TFromD<decltype(du)>>(hn::Lanes(d) - 1));
  auto k = hn::Set(du, 1);
  for (int level = 0; level < tree.first_levels; ++level)
    k = descend(hn::TableLookupLanes(tree.first, hn::IndicesFromVec(d, hn::And(k, lane_mask))), value, k);
  if (tree.second_levels > 0)
    k = descend(hn::TableLookupLanes(tree.second, hn::IndicesFromVec(d, hn::And(k, lane_mask))), value, k);
  for (int level = tree.first_levels + tree.second_levels; level < tree.steps; ++level)
    k = descend(hn::GatherIndex(d, tree.cuts, hn::BitCast(di, k)), value, k);
  const auto code =
      hn::Sub(k, hn::Set(du, static_cast<hn::TFromD<decltype(du)>>((std::uint64_t{1} << tree.steps) - 1)));
  return hn::IfThenZeroElse(hn::RebindMask(du, hn::IsNaN(value)), code);
}

template <class D, class K, class Code>
HWY_INLINE HWY_ATTR void store_codes(D, K codes, Code* out) {
  if constexpr (sizeof(hn::TFromV<K>) == sizeof(Code)) {
    hn::StoreU(codes, hn::DFromV<K>(), out);
  } else {
    const hn::Rebind<Code, D> narrow;
    hn::StoreU(hn::TruncateTo(narrow, codes), narrow, out);
  }
}

template <class Value, class Code>
HWY_ATTR void find_codes_of(const CutTree<Value>& cuts, const Value* values, std::int64_t count,
                            Code* codes) {
  const hn::ScalableTag<Value> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Tree<hn::ScalableTag<Value>> tree = load_tree(d, cuts);
  // Zeros side by side are common in sparse columns.
  const auto of_zero = search(d, tree, hn::Zero(d));
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::LoadU(d, values + i);
    const bool zeros = hn::AllTrue(d, hn::Eq(value, hn::Zero(d)));
    store_codes(d, zeros ? of_zero : search(d, tree, value), codes + i);
  }
  for (; i < count; ++i) {
    std::uint32_t k = 1;
    for (int level = 0; level < cuts.steps; ++level) k = 2 * k + (cuts.cuts[k] < values[i] ? 1 : 0);
    codes[i] = static_cast<Code>(values[i] == values[i] ? k - ((std::uint32_t{1} << cuts.steps) - 1) : 0);
  }
}

HWY_ATTR void find_codes_target(const LookupJob& job) {
  std::visit(
      [&](const auto* values, auto* codes) {
        if constexpr (std::is_same_v<decltype(values), const float*>) {
          find_codes_of(job.float_tree, values, job.count, codes);
        } else {
          find_codes_of(job.double_tree, values, job.count, codes);
        }
      },
      job.values, job.codes);
}

}  // namespace ramet::data::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::data {

HWY_EXPORT(find_codes_target);

void find_codes(const LookupJob& job) { HWY_DYNAMIC_DISPATCH(find_codes_target)(job); }

}  // namespace ramet::data
#endif
