#include "data/fingerprint_kernel.hpp"

#include "data/fingerprint.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/fingerprint_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ramet::data::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::ScalableTag<double>;
using Bits = hn::RebindToUnsigned<Doubles>;

HWY_INLINE HWY_ATTR hn::VFromD<Doubles> load_doubles(const double* at) { return hn::LoadU(Doubles(), at); }
HWY_INLINE HWY_ATTR hn::VFromD<Doubles> load_doubles(const float* at) {
  return hn::PromoteTo(Doubles(), hn::LoadU(hn::Rebind<float, Doubles>(), at));
}

// math::mix64
HWY_INLINE HWY_ATTR hn::VFromD<Bits> mix(hn::VFromD<Bits> x) {
  const Bits d;
  x = hn::Mul(hn::Xor(x, hn::ShiftRight<30>(x)), hn::Set(d, 0xbf58476d1ce4e5b9u));
  x = hn::Mul(hn::Xor(x, hn::ShiftRight<27>(x)), hn::Set(d, 0x94d049bb133111ebu));
  return hn::Xor(x, hn::ShiftRight<31>(x));
}

template <class Value>
HWY_ATTR std::uint64_t hash_of(const Value* values, const std::uint64_t* row_keys, std::int64_t count,
                               std::uint64_t column_key) {
  const Doubles d;
  const Bits du;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sums = hn::Zero(du);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = load_doubles(values + i);
    const auto positive_zero = hn::Add(value, hn::Zero(d));
    const auto bits = hn::IfThenElse(hn::RebindMask(du, hn::IsNaN(value)), hn::Set(du, missing_bits),
                                     hn::BitCast(du, positive_zero));
    sums = hn::Add(sums, mix(hn::Xor(hn::Add(bits, hn::Set(du, column_key)), hn::LoadU(du, row_keys + i))));
  }
  // One by one: GCC adds lanes up as signed numbers, which must not wrap around.
  alignas(64) std::uint64_t of_lanes[hn::MaxLanes(du)];
  hn::Store(sums, du, of_lanes);
  std::uint64_t sum = 0;
  for (const std::uint64_t of_lane : of_lanes) sum += of_lane;
  for (; i < count; ++i)
    sum += cell_hash(row_keys[i], column_key, value_bits(static_cast<double>(values[i])));
  return sum;
}

HWY_ATTR std::uint64_t hash_floats(const float* values, const std::uint64_t* row_keys, std::int64_t count,
                                   std::uint64_t column_key) {
  return hash_of(values, row_keys, count, column_key);
}
HWY_ATTR std::uint64_t hash_doubles(const double* values, const std::uint64_t* row_keys, std::int64_t count,
                                    std::uint64_t column_key) {
  return hash_of(values, row_keys, count, column_key);
}

}  // namespace ramet::data::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::data {

HWY_EXPORT(hash_floats);
HWY_EXPORT(hash_doubles);

std::uint64_t hash_numbers(const float* values, const std::uint64_t* row_keys, std::int64_t count,
                           std::uint64_t column_key) {
  return HWY_DYNAMIC_DISPATCH(hash_floats)(values, row_keys, count, column_key);
}
std::uint64_t hash_numbers(const double* values, const std::uint64_t* row_keys, std::int64_t count,
                           std::uint64_t column_key) {
  return HWY_DYNAMIC_DISPATCH(hash_doubles)(values, row_keys, count, column_key);
}

}  // namespace ramet::data
#endif
