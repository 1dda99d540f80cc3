#include "cpu/split_scan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/split_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<double, 8>;
using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
using VD = hn::Vec<D>;
using VI = hn::Vec<DI>;

// A pair of sums as doubles.
struct Sums {
  VD g;
  VD h;
};

// Decodes packed sums exactly: each half becomes the low bits of a double near 2^52, which is subtracted
// again.
struct PackedReader {
  const std::int64_t* prefix;
  VI offset;
  VI total;

  HWY_ATTR explicit PackedReader(const ScanInput& in)
      : prefix(in.prefix), offset(hn::Set(DI(), in.offset)), total(hn::Set(DI(), in.total)) {}

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
  HWY_ATTR void read(std::int32_t i, Sums& left, Sums& right) const {
    const VI sum = hn::Add(hn::LoadU(DI(), prefix + i), offset);
    left = decode(sum);
    right = decode(hn::Sub(total, sum));
  }
};

struct WideReader {
  const std::int64_t* prefix_g;
  const std::int64_t* prefix_h;
  VI offset_g, offset_h, total_g, total_h;

  HWY_ATTR explicit WideReader(const ScanInput& in)
      : prefix_g(in.prefix),
        prefix_h(in.prefix_h),
        offset_g(hn::Set(DI(), in.offset)),
        offset_h(hn::Set(DI(), in.offset_h)),
        total_g(hn::Set(DI(), in.total)),
        total_h(hn::Set(DI(), in.total_h)) {}

  HWY_ATTR void read(std::int32_t i, Sums& left, Sums& right) const {
    const D d;
    const VI g = hn::Add(hn::LoadU(DI(), prefix_g + i), offset_g);
    const VI h = hn::Add(hn::LoadU(DI(), prefix_h + i), offset_h);
    left = {hn::ConvertTo(d, g), hn::ConvertTo(d, h)};
    right = {hn::ConvertTo(d, hn::Sub(total_g, g)), hn::ConvertTo(d, hn::Sub(total_h, h))};
  }
};

// G^2 / (H + lambda) in the contract's order of operations.
HWY_ATTR VD exact_score(const Sums& sums, VD g_unit, VD h_unit, VD lambda) {
  const VD g = hn::Mul(sums.g, g_unit);
  return hn::Div(hn::Mul(g, g), hn::Add(hn::Mul(sums.h, h_unit), lambda));
}

// Gains of one vector of candidates in the contract's arithmetic.
struct Gains {
  VD g_unit, h_unit, lambda, parent;
  math::Regularisation regularisation;
  bool plain;  // no L1 term and no bound on the weight

  HWY_ATTR Gains(const SearchSettings& s, double parent_score)
      : g_unit(hn::Set(D(), s.g_unit)),
        h_unit(hn::Set(D(), s.h_unit)),
        lambda(hn::Set(D(), s.regularisation.lambda)),
        parent(hn::Set(D(), parent_score)),
        regularisation(s.regularisation),
        plain(s.regularisation.alpha == 0 && s.regularisation.max_delta_step == 0) {}

  HWY_ATTR VD score(const Sums& sums) const {
    const D d;
    if (plain) return exact_score(sums, g_unit, h_unit, lambda);
    alignas(64) double g[8];
    alignas(64) double h[8];
    hn::Store(hn::Mul(sums.g, g_unit), d, g);
    hn::Store(hn::Mul(sums.h, h_unit), d, h);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
      // Lanes that the filter stops may have no positive curvature.
      g[i] = h[i] + regularisation.lambda > 0 ? math::node_score(g[i], h[i], regularisation) : 0.0;
    }
    return hn::Load(d, g);
  }
  HWY_ATTR VD gain(const Sums& left, const Sums& right) const {
    return hn::Sub(hn::Add(score(left), score(right)), parent);
  }
};

// The filter leaves out the L1 term and the bound on the weight: without them a side scores at least as much,
// so nothing that could win is lost.
template <class Reader>
HWY_ATTR ScanBest scan(const SearchSettings& s, double parent_score, const ScanInput& in, double at_least) {
  const D d;
  const auto lanes = static_cast<std::int32_t>(hn::Lanes(d));
  const Reader reader(in);
  const Gains exact(s, parent_score);
  // The filter works on the integers themselves: power-of-two units drop out.
  const VD lambda_units = hn::Set(d, s.regularisation.lambda / s.h_unit);
  const double least_rows = s.scale.constant_hessian ? static_cast<double>(s.min_rows) : 0.0;
  const VD least_h = hn::Set(d, std::max(s.min_child_weight / s.h_unit, least_rows));
  const VD zero = hn::Zero(d);
  const double to_units = s.h_unit / (s.g_unit * s.g_unit) * (1 - 1e-9);
  const double least = math::least_gain(parent_score, s.min_split_gain);
  ScanBest best{std::max(least, at_least), -1};
  VD threshold = hn::Set(d, (best.gain + parent_score) * to_units);
  alignas(64) double gains[8];
  for (std::int32_t i = 0; i < in.candidates; i += lanes) {
    Sums left;
    Sums right;
    reader.read(i, left, right);
    const VD a = hn::Add(left.h, lambda_units);
    const VD c = hn::Add(right.h, lambda_units);
    const VD lhs = hn::Add(hn::Mul(hn::Mul(left.g, left.g), c), hn::Mul(hn::Mul(right.g, right.g), a));
    const VD rhs = hn::Mul(hn::Mul(threshold, a), c);
    auto pass = hn::And(hn::Ge(lhs, rhs), hn::And(hn::Ge(left.h, least_h), hn::Ge(right.h, least_h)));
    pass = hn::And(pass, hn::And(hn::Gt(a, zero), hn::Gt(c, zero)));
    if (hn::AllFalse(d, pass)) continue;
    hn::Store(hn::IfThenElse(pass, exact.gain(left, right), hn::Set(d, -1.0)), d, gains);
    const double before = best.gain;
    for (std::int32_t j = 0; j < lanes && i + j < in.candidates; ++j) {
      const bool first = best.candidate < 0 && gains[j] >= at_least && gains[j] > least;
      if (first || (best.candidate >= 0 && gains[j] > best.gain)) best = {gains[j], i + j};
    }
    if (best.gain > before) threshold = hn::Set(d, (best.gain + parent_score) * to_units);
  }
  return best;
}

HWY_ATTR ScanBest scan_packed_target(const SearchSettings& s, double parent_score, const ScanInput& in,
                                     double at_least) {
  return scan<PackedReader>(s, parent_score, in, at_least);
}

HWY_ATTR ScanBest scan_wide_target(const SearchSettings& s, double parent_score, const ScanInput& in,
                                   double at_least) {
  return scan<WideReader>(s, parent_score, in, at_least);
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(scan_packed_target);
HWY_EXPORT(scan_wide_target);

bool scan_applies(const SearchSettings& s) {
  constexpr int largest_exponent = 200;
  return s.regularisation.lambda < 0x1p200 && s.min_child_weight < 0x1p200 &&
         std::abs(s.scale.g_exponent) <= largest_exponent && std::abs(s.scale.h_exponent) <= largest_exponent;
}

ScanBest scan_packed(const SearchSettings& s, double parent_score, const ScanInput& in, double at_least) {
  return HWY_DYNAMIC_DISPATCH(scan_packed_target)(s, parent_score, in, at_least);
}

ScanBest scan_wide(const SearchSettings& s, double parent_score, const ScanInput& in, double at_least) {
  return HWY_DYNAMIC_DISPATCH(scan_wide_target)(s, parent_score, in, at_least);
}

}  // namespace ramet::cpu
#endif
