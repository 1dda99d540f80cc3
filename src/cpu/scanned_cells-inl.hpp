// A node's cells as the scan of columns sees them: a vector at a time, packed or wide. Included once for each
// SIMD target.
#include <hwy/highway.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "cpu/mask_bits-inl.hpp"
#include "cpu/split_candidate.hpp"

#if defined(RAMET_CPU_SCANNED_CELLS_PER_TARGET) == defined(HWY_TARGET_TOGGLE)
#ifdef RAMET_CPU_SCANNED_CELLS_PER_TARGET
#undef RAMET_CPU_SCANNED_CELLS_PER_TARGET
#else
#define RAMET_CPU_SCANNED_CELLS_PER_TARGET
#endif

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Cells of a column that are looked at together, and room for their sums and for a vector more.
constexpr std::int64_t block_cells = 512;
constexpr std::int64_t most_entries = block_cells + 8;

// Which of up to four lanes have their bit set, in order. Our own table: GCC copies Highway's to the stack
// for each call.
constexpr auto lanes_of_bits = [] {
  std::array<std::array<std::int64_t, 4>, 16> all{};
  for (std::size_t bits = 0; bits < 16; ++bits) {
    std::size_t n = 0;
    for (std::size_t lane = 0; lane < 4; ++lane) {
      if ((bits >> lane & 1) != 0) all[bits][n++] = static_cast<std::int64_t>(lane);
    }
  }
  return all;
}();

using D = hn::CappedTag<double, 8>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
using VD = hn::Vec<D>;
using VI = hn::Vec<DI>;
using Mask = hn::Mask<D>;
using CellMask = hn::Mask<DI>;

// Each lane is that of `v` so many lanes before, or zero.
template <int by>
HWY_ATTR inline VI move_up(VI v) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return VI{_mm512_alignr_epi64(v.raw, _mm512_setzero_si512(), 8 - by)};
#else
  const DI d;
  const VI from = hn::Sub(hn::Iota(d, 0), hn::Set(d, by));
  const auto inside = hn::Gt(from, hn::Set(d, -1));
  return hn::IfThenElseZero(inside,
                            hn::TableLookupLanes(v, hn::IndicesFromVec(d, hn::IfThenElseZero(inside, from))));
#endif
}

// Sums of the lanes up to each one.
HWY_ATTR inline VI prefix_sums(VI v) {
  constexpr std::size_t lanes = hn::MaxLanes(DI());
  if constexpr (lanes > 1) v = hn::Add(v, move_up<1>(v));
  if constexpr (lanes > 2) v = hn::Add(v, move_up<2>(v));
  if constexpr (lanes > 4) v = hn::Add(v, move_up<4>(v));
  return v;
}

HWY_ATTR inline VI last_lane(VI v) {
  const DI d;
  return hn::TableLookupLanes(v,
                              hn::IndicesFromVec(d, hn::Set(d, static_cast<std::int64_t>(hn::Lanes(d)) - 1)));
}

// The lanes whose bits are set, in front. `mask` and `bits` say the same.
HWY_ATTR inline VI compress(VI v, CellMask mask, std::uint64_t bits) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  (void)bits;
  return VI{_mm512_maskz_compress_epi64(mask.raw, v.raw)};
#else
  (void)mask;
  return hn::TableLookupLanes(v, hn::IndicesFromVec(DI(), hn::LoadU(DI(), lanes_of_bits[bits].data())));
#endif
}

// A pair of sums as doubles.
struct Sums {
  VD g;
  VD h;
};

// Both sums in one integer.
struct PackedCells {
  using Sum = VI;
  static constexpr std::int64_t words = 1;
  const std::int64_t* cells;
  VI total;
  Sums all;

  HWY_ATTR explicit PackedCells(const SearchNode& node)
      : cells(node.histogram.packed()),
        total(hn::Set(DI(), static_cast<std::int64_t>((static_cast<std::uint64_t>(node.sums.g) << 32) +
                                                      static_cast<std::uint64_t>(node.sums.h)))),
        all(decode(total)) {}

  // Exact: each half becomes the low bits of a double near 2^52, which is subtracted again.
  static HWY_ATTR Sums decode(VI packed) {
    const DU du;
    const D d;
    const auto bits = hn::BitCast(du, packed);
    const auto exponent = hn::Set(du, 0x4330'0000'0000'0000u);
    const auto h = hn::Or(hn::And(bits, hn::Set(du, 0xffff'ffffu)), exponent);
    const auto g = hn::Xor(hn::ShiftRight<32>(bits), hn::Set(du, 0x4330'0000'8000'0000u));
    return {hn::Sub(hn::BitCast(d, g), hn::Set(d, 0x1p52 + 0x1p31)),
            hn::Sub(hn::BitCast(d, h), hn::Set(d, 0x1p52))};
  }
  static HWY_ATTR VI zero() { return hn::Zero(DI()); }
  HWY_ATTR VI load(std::int64_t at) const { return hn::LoadU(DI(), cells + at); }
  HWY_ATTR VI broadcast(std::int64_t at) const { return hn::Set(DI(), cells[at]); }
  HWY_ATTR bool is_empty(std::int64_t at) const { return cells[at] == 0; }
  static HWY_ATTR CellMask used(VI v) { return hn::Ne(v, hn::Zero(DI())); }
  static HWY_ATTR VI either(VI a, VI b) { return hn::Or(a, b); }
  static HWY_ATTR VI keep(CellMask mask, VI v) { return hn::IfThenElseZero(mask, v); }
  static HWY_ATTR VI prefix(VI v) { return prefix_sums(v); }
  static HWY_ATTR VI last(VI v) { return last_lane(v); }
  static HWY_ATTR VI add(VI a, VI b) { return hn::Add(a, b); }
  static HWY_ATTR void append(VI v, CellMask mask, std::uint64_t bits, std::int64_t* to) {
    hn::StoreU(compress(v, mask, bits), DI(), to);
  }
  static HWY_ATTR VI entries(const std::int64_t* from) { return hn::LoadU(DI(), from); }
  HWY_ATTR Sums left(VI sum) const { return decode(sum); }
  // Differences of integers below 2^32 are exact.
  HWY_ATTR Sums right(VI, const Sums& left) const { return {hn::Sub(all.g, left.g), hn::Sub(all.h, left.h)}; }
  HWY_ATTR Mask left_is_heavier(VI, const Sums& left, const Sums& right) const {
    return hn::Ge(left.h, right.h);
  }
};

struct WideCells {
  struct Sum {
    VI g;
    VI h;
  };
  static constexpr std::int64_t words = 2;
  const WideCell* cells;
  Sum total;

  HWY_ATTR explicit WideCells(const SearchNode& node)
      : cells(node.histogram.wide_cells()), total{hn::Set(DI(), node.sums.g), hn::Set(DI(), node.sums.h)} {}

  static HWY_ATTR Sum zero() { return {hn::Zero(DI()), hn::Zero(DI())}; }
  HWY_ATTR Sum load(std::int64_t at) const {
    Sum sum;
    hn::LoadInterleaved2(DI(), &cells[at].g, sum.g, sum.h);
    return sum;
  }
  HWY_ATTR Sum broadcast(std::int64_t at) const {
    return {hn::Set(DI(), cells[at].g), hn::Set(DI(), cells[at].h)};
  }
  HWY_ATTR bool is_empty(std::int64_t at) const { return cells[at].g == 0 && cells[at].h == 0; }
  static HWY_ATTR CellMask used(const Sum& v) { return hn::Ne(hn::Or(v.g, v.h), hn::Zero(DI())); }
  static HWY_ATTR Sum either(const Sum& a, const Sum& b) { return {hn::Or(a.g, b.g), hn::Or(a.h, b.h)}; }
  static HWY_ATTR Sum keep(CellMask mask, const Sum& v) {
    return {hn::IfThenElseZero(mask, v.g), hn::IfThenElseZero(mask, v.h)};
  }
  static HWY_ATTR Sum prefix(const Sum& v) { return {prefix_sums(v.g), prefix_sums(v.h)}; }
  static HWY_ATTR Sum last(const Sum& v) { return {last_lane(v.g), last_lane(v.h)}; }
  static HWY_ATTR Sum add(const Sum& a, const Sum& b) { return {hn::Add(a.g, b.g), hn::Add(a.h, b.h)}; }
  static HWY_ATTR void append(const Sum& v, CellMask mask, std::uint64_t bits, std::int64_t* to) {
    hn::StoreU(compress(v.g, mask, bits), DI(), to);
    hn::StoreU(compress(v.h, mask, bits), DI(), to + most_entries);
  }
  static HWY_ATTR Sum entries(const std::int64_t* from) {
    return {hn::LoadU(DI(), from), hn::LoadU(DI(), from + most_entries)};
  }
  HWY_ATTR Sums left(const Sum& sum) const { return {hn::ConvertTo(D(), sum.g), hn::ConvertTo(D(), sum.h)}; }
  HWY_ATTR Sums right(const Sum& sum, const Sums&) const {
    return {hn::ConvertTo(D(), hn::Sub(total.g, sum.g)), hn::ConvertTo(D(), hn::Sub(total.h, sum.h))};
  }
  // Sums above 2^53 lose their last bits as doubles.
  HWY_ATTR Mask left_is_heavier(const Sum& sum, const Sums&, const Sums&) const {
    return hn::RebindMask(D(), hn::Not(hn::Lt(sum.h, hn::Sub(total.h, sum.h))));
  }
};

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
