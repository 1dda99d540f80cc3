#include <cstring>

#include "model/slices.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/slice_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Integers and bits only: every target gives the same.
HWY_BEFORE_NAMESPACE();
namespace ramet::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class Code>
HWY_ATTR void evaluate_codes(std::span<const Predicate> predicates, const Code* codes, std::int64_t stride,
                             std::uint64_t* masks) {
  const hn::CappedTag<Code, 64> d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  for (const Predicate& predicate : predicates) {
    const Code* column = codes + static_cast<std::int64_t>(predicate.column) * stride;
    const auto bias = hn::Set(d, static_cast<Code>(predicate.bias));
    const auto threshold = hn::Set(d, static_cast<Code>(predicate.threshold));
    auto* bytes = reinterpret_cast<std::uint8_t*>(masks);
    if (lanes < 8) {  // masks of the scalar target are not whole bytes
      std::memset(masks, 0, sizeof(std::uint64_t) * slice_words);
      for (int row = 0; row < slice_rows; ++row) {
        const auto code = static_cast<Code>(column[row] - predicate.bias);
        const bool left = code <= static_cast<Code>(predicate.threshold);
        bytes[row / 8] = static_cast<std::uint8_t>(bytes[row / 8] | (left ? 1u << (row % 8) : 0u));
      }
      masks += slice_words;
      continue;
    }
    for (int row = 0; row < slice_rows; row += lanes) {
      const auto code = hn::Sub(hn::LoadU(d, column + row), bias);
      // code <= threshold, which not all targets have for unsigned lanes.
      const auto left = hn::Eq(hn::Min(code, threshold), code);
      hn::StoreMaskBits(d, left, bytes + row / 8);
    }
    masks += slice_words;
  }
}

HWY_ATTR void evaluate_narrow(std::span<const Predicate> predicates, const std::uint8_t* codes,
                              std::int64_t stride, std::uint64_t* masks) {
  evaluate_codes(predicates, codes, stride, masks);
}

HWY_ATTR void evaluate_medium(std::span<const Predicate> predicates, const std::uint16_t* codes,
                              std::int64_t stride, std::uint64_t* masks) {
  evaluate_codes(predicates, codes, stride, masks);
}

HWY_ATTR void pass_rows_down(std::span<const SliceSplit> splits, const std::uint64_t* masks,
                             std::uint64_t* reach) {
  const hn::CappedTag<std::uint64_t, slice_words> d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  std::memset(reach, 0xff, sizeof(std::uint64_t) * slice_words);
  std::uint64_t* child = reach + slice_words;
  for (const SliceSplit& split : splits) {
    const std::uint64_t* mask = masks + std::size_t{split.predicate} * slice_words;
    const std::uint64_t* rows = reach + std::size_t{split.node} * slice_words;
    for (int w = 0; w < slice_words; w += lanes) {
      const auto m = hn::Load(d, mask + w);
      const auto r = hn::Load(d, rows + w);
      hn::Store(hn::And(r, m), d, child + w);
      hn::Store(hn::AndNot(m, r), d, child + slice_words + w);
    }
    child += 2 * slice_words;
  }
}

// planes[b]: the rows whose leaf's number has bit b. Leaves' masks are merged by pairs in place; the odd ones
// of each round give one plane.
HWY_ATTR void number_planes(std::span<const std::uint32_t> leaves, std::uint64_t* reach,
                            std::uint64_t* planes) {
  const hn::CappedTag<std::uint64_t, slice_words> d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  for (int w = 0; w < slice_words; w += lanes) {
    auto plane = hn::Zero(d);
    std::size_t count = leaves.size();
    // Leaves ascend, and the l-th leaf's node is at least l: merging never overwrites what is still to be
    // read.
    for (std::size_t l = 0; l < count; l += 2) {
      auto merged = hn::Load(d, reach + std::size_t{leaves[l]} * slice_words + w);
      if (l + 1 < count) {
        const auto odd = hn::Load(d, reach + std::size_t{leaves[l + 1]} * slice_words + w);
        plane = hn::Or(plane, odd);
        merged = hn::Or(merged, odd);
      }
      hn::Store(merged, d, reach + l / 2 * slice_words + w);
    }
    hn::Store(plane, d, planes + w);
    for (int bit = 1; bit < 8; ++bit) {
      count = (count + 1) / 2;
      plane = hn::Zero(d);
      for (std::size_t l = 0; l < count && count > 1; l += 2) {
        auto merged = hn::Load(d, reach + l * slice_words + w);
        if (l + 1 < count) {
          const auto odd = hn::Load(d, reach + (l + 1) * slice_words + w);
          plane = hn::Or(plane, odd);
          merged = hn::Or(merged, odd);
        }
        hn::Store(merged, d, reach + l / 2 * slice_words + w);
      }
      hn::Store(plane, d, planes + bit * slice_words + w);
    }
  }
}

// 8 planes of 512 bits to 512 bytes: 64 transpositions of 8 x 8 bits (Warren, Hacker's Delight, section 7-3).
HWY_ATTR void planes_to_bytes(const std::uint64_t* planes, std::uint8_t* out) {
  const auto* bits = reinterpret_cast<const std::uint8_t*>(planes);
  alignas(64) std::uint64_t groups[slice_rows / 8];
  for (int g = 0; g < slice_rows / 8; ++g) {
    std::uint64_t group = 0;
    for (int b = 0; b < 8; ++b) group |= std::uint64_t{bits[b * slice_rows / 8 + g]} << (8 * b);
    groups[g] = group;
  }
  const hn::CappedTag<std::uint64_t, slice_words> d;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  const auto mask7 = hn::Set(d, std::uint64_t{0x00aa00aa00aa00aa});
  const auto mask14 = hn::Set(d, std::uint64_t{0x0000cccc0000cccc});
  const auto mask28 = hn::Set(d, std::uint64_t{0x00000000f0f0f0f0});
  for (int g = 0; g < slice_rows / 8; g += lanes) {
    auto x = hn::Load(d, groups + g);
    auto t = hn::And(hn::Xor(x, hn::ShiftRight<7>(x)), mask7);
    x = hn::Xor(x, hn::Xor(t, hn::ShiftLeft<7>(t)));
    t = hn::And(hn::Xor(x, hn::ShiftRight<14>(x)), mask14);
    x = hn::Xor(x, hn::Xor(t, hn::ShiftLeft<14>(t)));
    t = hn::And(hn::Xor(x, hn::ShiftRight<28>(x)), mask28);
    x = hn::Xor(x, hn::Xor(t, hn::ShiftLeft<28>(t)));
    hn::Store(x, d, groups + g);
  }
  std::memcpy(out, groups, sizeof(groups));
}

HWY_ATTR void sliced_leaves_target(std::span<const SliceSplit> splits, std::span<const std::uint32_t> leaves,
                                   const std::uint64_t* masks, std::uint64_t* scratch,
                                   std::array<std::uint8_t, slice_rows>& out) {
  alignas(64) std::uint64_t planes[8 * slice_words];
  pass_rows_down(splits, masks, scratch);
  number_planes(leaves, scratch, planes);
  planes_to_bytes(planes, out.data());
}

}  // namespace ramet::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::model {

HWY_EXPORT(evaluate_narrow);
HWY_EXPORT(evaluate_medium);
HWY_EXPORT(sliced_leaves_target);

void evaluate_predicates(std::span<const Predicate> predicates, const std::uint8_t* codes,
                         std::int64_t stride, std::uint64_t* masks) {
  HWY_DYNAMIC_DISPATCH(evaluate_narrow)(predicates, codes, stride, masks);
}

void evaluate_predicates(std::span<const Predicate> predicates, const std::uint16_t* codes,
                         std::int64_t stride, std::uint64_t* masks) {
  HWY_DYNAMIC_DISPATCH(evaluate_medium)(predicates, codes, stride, masks);
}

void sliced_leaves(std::span<const SliceSplit> splits, std::span<const std::uint32_t> leaves,
                   const std::uint64_t* masks, std::uint64_t* scratch,
                   std::array<std::uint8_t, slice_rows>& out) {
  HWY_DYNAMIC_DISPATCH(sliced_leaves_target)(splits, leaves, masks, scratch, out);
}

}  // namespace ramet::model
#endif
