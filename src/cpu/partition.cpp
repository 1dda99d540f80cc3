#include "cpu/partition.hpp"

#include <cstring>
#include <utility>

#include "cpu/set_bits.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/partition.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/mask_bits-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 64 flags of codes[i] - low <= span.
template <class Code>
HWY_ATTR std::uint64_t compare_codes(const Code* codes, Code low, Code span) {
  const hn::CappedTag<Code, 64> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto low_v = hn::Set(d, low);
  const auto span_v = hn::Set(d, span);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 64; i += lanes) {
    const auto shifted = hn::Sub(hn::LoadU(d, codes + i), low_v);
    word |= mask_bits(d, hn::Eq(hn::Min(shifted, span_v), shifted)) << i;
  }
  return word;
}

template <class Code>
HWY_ATTR std::uint64_t test_block(const CodeTest& test, const Code* codes, std::int64_t count) {
  std::uint64_t word = 0;
  if (test.table != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) word |= static_cast<std::uint64_t>(test.table[codes[i]]) << i;
    return word;
  }
  word = compare_codes<Code>(codes, static_cast<Code>(test.low), static_cast<Code>(test.span));
  return count == 64 ? word : word & ((std::uint64_t{1} << count) - 1);
}

// A vector of value(0), value(1), ..., put together lane by lane: gathers take longer.
template <class D, class Value, std::size_t... lane>
HWY_ATTR HWY_INLINE hn::Vec<D> collect(D d, const Value& value, std::index_sequence<lane...>) {
  auto lanes = hn::Zero(d);
  ((lanes = hn::InsertLane(lanes, lane, value(lane))), ...);
  return lanes;
}

// 64 flags of rows that are not side by side.
template <class Code>
HWY_ATTR std::uint64_t collect_block(const CodeTest& test, const std::uint32_t* ids) {
  constexpr std::size_t at_once = 16 / sizeof(Code);
  const hn::CappedTag<Code, at_once> d;
  const std::make_index_sequence<hn::MaxLanes(d)> lanes;
  const auto* column = reinterpret_cast<const Code*>(test.column);
  const auto low = hn::Set(d, static_cast<Code>(test.low));
  const auto span = hn::Set(d, static_cast<Code>(test.span));
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 64; i += hn::MaxLanes(d)) {
    if (test.table != nullptr) {
      const auto left = collect(
          d, [&](std::size_t lane) { return Code{test.table[column[ids[i + lane]]]}; }, lanes);
      word |= mask_bits(d, hn::Ne(left, hn::Zero(d))) << i;
    } else {
      const auto codes = collect(
          d, [&](std::size_t lane) { return column[ids[i + lane]]; }, lanes);
      const auto shifted = hn::Sub(codes, low);
      word |= mask_bits(d, hn::Eq(hn::Min(shifted, span), shifted)) << i;
    }
  }
  return word;
}

// Flags of rows [begin, begin + count), at most 64 of them.
template <class Code>
HWY_ATTR std::uint64_t mark_block(const CodeTest& test, const RowSlice& rows, std::int64_t begin,
                                  std::int64_t count) {
  const Code* column = reinterpret_cast<const Code*>(test.column);
  const std::uint32_t* ids = rows.ids == nullptr ? nullptr : rows.ids + begin;
  const Code* side_by_side = column + rows.first + begin;
  if (ids == nullptr && count == 64) return test_block<Code>(test, side_by_side, 64);
  if (count == 64) return collect_block<Code>(test, ids);
  alignas(64) Code codes[64];
  if (ids == nullptr) {
    std::memset(codes, 0, sizeof codes);
    std::memcpy(codes, side_by_side, static_cast<std::size_t>(count) * sizeof(Code));
  } else {
    std::memset(codes, 0, sizeof codes);
    for (std::int64_t i = 0; i < count; ++i) codes[i] = column[ids[i]];
  }
  return test_block<Code>(test, codes, count);
}

constexpr std::int64_t prefetch_distance = 512;
// Always inlined: GCC drops calls of functions that do nothing but prefetch.
template <class Code>
[[gnu::always_inline]] inline void prefetch_block(const CodeTest& test, const RowSlice& rows,
                                                  std::int64_t begin) {
  if (rows.ids == nullptr || begin + 64 > rows.count) return;
  const Code* column = reinterpret_cast<const Code*>(test.column);
  for (int i = 0; i < 64; i += 8) __builtin_prefetch(column + rows.ids[begin + i]);
}

template <class Code>
HWY_ATTR std::int64_t mark(const CodeTest& test, const RowSlice& rows, std::uint64_t* words) {
  std::int64_t left = 0;
  for (std::int64_t begin = 0; begin < rows.count; begin += 64) {
    const std::int64_t count = rows.count - begin < 64 ? rows.count - begin : 64;
    prefetch_block<Code>(test, rows, begin + prefetch_distance);
    const std::uint64_t word = mark_block<Code>(test, rows, begin, count);
    words[begin / 64] = word;
    left += __builtin_popcountll(word);
  }
  return left;
}

HWY_ATTR std::int64_t mark_left_target(const CodeTest& test, const RowSlice& rows, std::uint64_t* words) {
  return test.width == 1 ? mark<std::uint8_t>(test, rows, words) : mark<std::uint16_t>(test, rows, words);
}

// Where one child's ids go. The children's ids lie behind one another in one array, and other chunks fill the
// neighbouring parts: `room` is what may still be written.
struct ChildIds {
  std::uint32_t* ids;
  std::int64_t room;

  void append(std::uint32_t id) {
    *ids++ = id;
    --room;
  }
};

// The lanes whose bits are set, in front. Highway's own compression of up to 8 lanes has a table that GCC
// copies to the stack for each call.
template <class D, class V>
HWY_ATTR V compress(D d, V ids, std::uint64_t bits) {
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  std::uint8_t bytes[8];
  std::memcpy(bytes, &bits, sizeof bits);
  return hn::CompressBits(ids, bytes);
#else
  const hn::Rebind<std::uint8_t, D> narrow;
  const auto order = hn::PromoteTo(d, hn::LoadU(narrow, set_bits[bits].data()));
  return hn::TableLookupLanes(ids, hn::IndicesFromVec(d, order));
#endif
}

// Appends the lanes whose bits are set. Whole vectors are stored where there is room. A masked store would
// need none, but takes many cycles on some processors, as does reading back what was just stored in pieces.
template <class D, class V>
HWY_ATTR void append_lanes(D d, V ids, std::uint64_t bits, ChildIds& side) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  bits &= (std::uint64_t{1} << lanes) - 1;
  if (side.room >= lanes) {
    hn::StoreU(compress(d, ids, bits), d, side.ids);
    const int count = __builtin_popcountll(bits);
    side.ids += count;
    side.room -= count;
    return;
  }
  alignas(64) std::uint32_t all[16];
  hn::Store(ids, d, all);
  for (; bits != 0; bits &= bits - 1) side.append(all[__builtin_ctzll(bits)]);
}

template <bool indexed>
HWY_ATTR void scatter(const RowSlice& rows, const std::uint64_t* words, ChildIds left, ChildIds right) {
  const hn::CappedTag<std::uint32_t, 16> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  // Highway puts the numbers together in memory, which takes longer than all that follows.
  const auto numbers = hn::Iota(d, 0);
  std::int64_t i = 0;
  for (; i + lanes <= rows.count; i += lanes) {
    const std::uint64_t bits = words[i / 64] >> (i % 64);
    const auto first = hn::Set(d, rows.first + static_cast<std::uint32_t>(i));
    const auto ids = indexed ? hn::LoadU(d, rows.ids + i) : hn::Add(numbers, first);
    append_lanes(d, ids, bits, left);
    append_lanes(d, ids, ~bits, right);
  }
  for (; i < rows.count; ++i) {
    const std::uint32_t id = indexed ? rows.ids[i] : rows.first + static_cast<std::uint32_t>(i);
    ((words[i / 64] >> (i % 64) & 1) != 0 ? left : right).append(id);
  }
}

HWY_ATTR void scatter_target(const RowSlice& rows, const std::uint64_t* words, std::int64_t left_count,
                             std::uint32_t* left, std::uint32_t* right) {
  const ChildIds to_left{left, left_count};
  const ChildIds to_right{right, rows.count - left_count};
  if (rows.ids != nullptr) {
    scatter<true>(rows, words, to_left, to_right);
  } else {
    scatter<false>(rows, words, to_left, to_right);
  }
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(mark_left_target);
HWY_EXPORT(scatter_target);

std::vector<std::uint8_t> category_table(const backend::SplitRule& rule, std::int32_t value_bins) {
  std::vector<std::uint8_t> table;
  if (!rule.categorical) return table;
  const std::size_t codes = static_cast<std::size_t>(value_bins) + 1;
  table.resize(codes);
  for (std::size_t code = 0; code < codes; ++code) {
    table[code] = goes_left(rule, static_cast<std::uint32_t>(code)) ? 1 : 0;
  }
  return table;
}

CodeTest make_code_test(const backend::SplitRule& rule, const data::StoredColumn& column,
                        const data::Page& page, std::span<const std::uint8_t> table) {
  CodeTest test;
  test.width = column.width;
  test.column = page.columns.data() + column.byte_offset * page.rows;
  test.low = rule.missing_left ? 0 : 1;
  test.span = static_cast<std::uint16_t>(rule.bin - test.low);
  test.table = table.empty() ? nullptr : table.data();
  return test;
}

std::int64_t mark_left(const CodeTest& test, const RowSlice& rows, std::uint64_t* words) {
  return HWY_DYNAMIC_DISPATCH(mark_left_target)(test, rows, words);
}

void scatter_rows(const RowSlice& rows, const std::uint64_t* words, std::int64_t left_count,
                  std::uint32_t* left, std::uint32_t* right) {
  HWY_DYNAMIC_DISPATCH(scatter_target)(rows, words, left_count, left, right);
}

}  // namespace ramet::cpu
#endif
