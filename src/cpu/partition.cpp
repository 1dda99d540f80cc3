#include "cpu/partition.hpp"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/partition.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

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
    std::uint8_t bits[16] = {};
    hn::StoreMaskBits(d, hn::Eq(hn::Min(shifted, span_v), shifted), bits);
    std::uint64_t part;
    std::memcpy(&part, bits, sizeof part);
    word |= part << i;
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

template <class Code>
HWY_ATTR std::int64_t mark(const CodeTest& test, const RowSlice& rows, std::uint64_t* words) {
  const Code* column = reinterpret_cast<const Code*>(test.column);
  alignas(64) Code codes[64] = {};
  std::int64_t left = 0;
  for (std::int64_t begin = 0; begin < rows.count; begin += 64) {
    const std::int64_t count = rows.count - begin < 64 ? rows.count - begin : 64;
    if (rows.ids != nullptr) {
      const std::uint32_t* ids = rows.ids + begin;
      if (count == 64) {
        for (int i = 0; i < 64; ++i) codes[i] = column[ids[i]];
      } else {
        for (std::int64_t i = 0; i < count; ++i) codes[i] = column[ids[i]];
      }
    } else {
      std::memcpy(codes, column + rows.first + begin, static_cast<std::size_t>(count) * sizeof(Code));
    }
    const std::uint64_t word = test_block<Code>(test, codes, count);
    words[begin / 64] = word;
    left += __builtin_popcountll(word);
  }
  return left;
}

HWY_ATTR std::int64_t mark_left_target(const CodeTest& test, const RowSlice& rows, std::uint64_t* words) {
  return test.width == 1 ? mark<std::uint8_t>(test, rows, words) : mark<std::uint16_t>(test, rows, words);
}

// Compressed stores write a whole vector. The children's ids lie behind one another in one array, and other
// chunks fill the neighbouring parts, so a store goes through a small buffer wherever it would pass its part.
HWY_ATTR void scatter_target(const RowSlice& rows, const std::uint64_t* words, std::uint32_t* left,
                             std::uint32_t* right) {
  const hn::CappedTag<std::uint32_t, 16> d;
  const std::size_t lanes = hn::Lanes(d);
  alignas(64) std::uint32_t ids[64];
  alignas(64) std::uint32_t buffer[2][64 + 16];
  for (std::int64_t begin = 0; begin < rows.count; begin += 64) {
    const std::int64_t count = rows.count - begin < 64 ? rows.count - begin : 64;
    const std::uint32_t* from = ids;
    if (rows.ids != nullptr && count == 64) {
      from = rows.ids + begin;
    } else {
      for (std::int64_t i = 0; i < 64; ++i) {
        const std::int64_t at = begin + (i < count ? i : 0);
        ids[i] = rows.ids != nullptr ? rows.ids[at] : rows.first + static_cast<std::uint32_t>(at);
      }
    }
    const std::uint64_t all = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    const std::uint64_t word[2] = {words[begin / 64] & all, ~words[begin / 64] & all};
    std::size_t n[2] = {0, 0};
    for (std::size_t i = 0; i < 64; i += lanes) {
      const auto v = hn::LoadU(d, from + i);
      for (int side = 0; side < 2; ++side) {
        const std::uint64_t bits = word[side] >> i;
        std::uint8_t bytes[8];
        std::memcpy(bytes, &bits, sizeof bits);
        n[side] += hn::CompressStore(v, hn::LoadMaskBits(d, bytes), d, buffer[side] + n[side]);
      }
    }
    std::memcpy(left, buffer[0], n[0] * sizeof(std::uint32_t));
    std::memcpy(right, buffer[1], n[1] * sizeof(std::uint32_t));
    left += n[0];
    right += n[1];
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
  table.resize(static_cast<std::size_t>(value_bins) + 1);
  for (std::size_t code = 0; code < table.size(); ++code) {
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

void scatter_rows(const RowSlice& rows, const std::uint64_t* words, std::uint32_t* left,
                  std::uint32_t* right) {
  HWY_DYNAMIC_DISPATCH(scatter_target)(rows, words, left, right);
}

}  // namespace ramet::cpu
#endif
