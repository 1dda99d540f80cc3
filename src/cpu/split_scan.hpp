// The fast search of one numeric column: prefix sums of integers, a division-free filter, exact gains only
// where the filter lets a candidate through. Finds what the plain search in numeric_search.cpp finds.
#pragma once

#include <cstdint>

#include "cpu/split_candidate.hpp"

namespace ramet::cpu {

// Left sums of candidate i (i = 0, 1, ...: bin i + 1) are prefix[i] + offset. Packed: both sums in one
// integer; wide: `prefix` holds g, `prefix_h` h. Arrays are readable up to a multiple of scan_padding.
struct ScanInput {
  const std::int64_t* prefix = nullptr;
  const std::int64_t* prefix_h = nullptr;
  std::int64_t offset = 0;
  std::int64_t offset_h = 0;
  std::int64_t total = 0;
  std::int64_t total_h = 0;
  std::int32_t candidates = 0;
};

inline constexpr std::int32_t scan_padding = 16;

struct ScanBest {
  double gain = 0;
  std::int32_t candidate = -1;  // the first of those with the highest gain
};

// Whether the scans apply: the scales cannot overflow. Columns with counts need the plain search.
bool scan_applies(const SearchSettings& settings);

// The best admissible candidate with a gain above least_gain and not below `at_least`.
ScanBest scan_packed(const SearchSettings& settings, double parent_score, const ScanInput& input,
                     double at_least);
ScanBest scan_wide(const SearchSettings& settings, double parent_score, const ScanInput& input,
                   double at_least);

}  // namespace ramet::cpu
