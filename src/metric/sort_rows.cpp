#include "metric/sort_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>
#include <vector>

namespace ramet::metric {
namespace {

constexpr int digit_bits = 11;
constexpr std::size_t digits = std::size_t{1} << digit_bits;
constexpr std::int64_t least_piece = 1 << 14;

using Counts = std::array<std::int64_t, digits>;

struct Pieces {
  std::int64_t rows = 0;
  std::int64_t count = 1;

  std::int64_t begin(std::int64_t piece) const { return rows * piece / count; }
};

struct Range {
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  std::int64_t high = std::numeric_limits<std::int64_t>::min();
};

Range range_of(const Buffer<ScoredRow>& rows, const Pieces& pieces, Tasks& tasks) {
  std::vector<Range> found(static_cast<std::size_t>(pieces.count));
  tasks.for_each(pieces.count, [&](std::int64_t piece) {
    Range range;
    for (std::int64_t r = pieces.begin(piece); r < pieces.begin(piece + 1); ++r) {
      range.low = std::min(range.low, rows[r].score);
      range.high = std::max(range.high, rows[r].score);
    }
    found[piece] = range;
  });
  Range all;
  for (const Range& range : found) {
    all.low = std::min(all.low, range.low);
    all.high = std::max(all.high, range.high);
  }
  return all;
}

// The digit at `shift` of the score's distance from the lowest.
std::size_t digit_of(const ScoredRow& row, std::int64_t low, int shift) {
  const std::uint64_t distance = static_cast<std::uint64_t>(row.score) - static_cast<std::uint64_t>(low);
  return distance >> shift & (digits - 1);
}

// One stable pass: rows in `from` go to `to` in order of one digit.
void sort_by_digit(const Buffer<ScoredRow>& from, Buffer<ScoredRow>& to, const Pieces& pieces,
                   std::int64_t low, int shift, std::vector<Counts>& places, Tasks& tasks) {
  tasks.for_each(pieces.count, [&](std::int64_t piece) {
    Counts& counts = places[piece];
    counts.fill(0);
    for (std::int64_t r = pieces.begin(piece); r < pieces.begin(piece + 1); ++r) {
      ++counts[digit_of(from[r], low, shift)];
    }
  });
  std::int64_t next = 0;
  for (std::size_t digit = 0; digit < digits; ++digit) {
    for (Counts& counts : places) next += std::exchange(counts[digit], next);
  }
  tasks.for_each(pieces.count, [&](std::int64_t piece) {
    Counts& place = places[piece];
    for (std::int64_t r = pieces.begin(piece); r < pieces.begin(piece + 1); ++r) {
      to[place[digit_of(from[r], low, shift)]++] = from[r];
    }
  });
}

}  // namespace

void sort_by_score(Buffer<ScoredRow>& rows, Tasks& tasks) {
  const auto size = static_cast<std::int64_t>(rows.size());
  if (size < 2) return;
  const Pieces pieces{.rows = size,
                      .count = std::clamp<std::int64_t>(size / least_piece, 1, 2 * tasks.threads())};
  const Range range = range_of(rows, pieces, tasks);
  const auto distance = static_cast<std::uint64_t>(range.high) - static_cast<std::uint64_t>(range.low);
  Buffer<ScoredRow> other(rows.size());
  std::vector<Counts> places(static_cast<std::size_t>(pieces.count));
  for (int shift = 0; shift < static_cast<int>(std::bit_width(distance)); shift += digit_bits) {
    sort_by_digit(rows, other, pieces, range.low, shift, places, tasks);
    std::swap(rows, other);
  }
}

}  // namespace ramet::metric
