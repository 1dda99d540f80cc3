#include "cpu/split_scan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "cpu/column_search.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/split_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/scanned_cells-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ramet::cpu::HWY_NAMESPACE {

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

  // G^2 / (H + lambda) in the contract's order of operations.
  HWY_ATTR VD score(const Sums& sums) const {
    const D d;
    const VD g_sum = hn::Mul(sums.g, g_unit);
    const VD h_sum = hn::Mul(sums.h, h_unit);
    if (plain) return hn::Div(hn::Mul(g_sum, g_sum), hn::Add(h_sum, lambda));
    alignas(64) double g[8];
    alignas(64) double h[8];
    hn::Store(g_sum, d, g);
    hn::Store(h_sum, d, h);
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

// Which candidates may be the best split. The filter leaves out the L1 term and the bound on the weight:
// without them a side scores at least as much, so nothing that could win is lost. It works on the integers
// themselves: power-of-two units drop out.
struct Filter {
  VD lambda, least_h, threshold;
  double parent_score;
  double to_units;

  HWY_ATTR Filter(const SearchSettings& s, double of_parent, double least_gain)
      : lambda(hn::Set(D(), s.regularisation.lambda / s.h_unit)),
        parent_score(of_parent),
        to_units(s.h_unit / (s.g_unit * s.g_unit) * (1 - 1e-9)) {
    // A side without any hessian gains nothing: its rows are none, or too light.
    const double rows = s.scale.constant_hessian ? static_cast<double>(s.min_rows) : 0.0;
    least_h = hn::Set(D(), std::max({s.min_child_weight / s.h_unit, rows, 0.5}));
    raise(least_gain);
  }
  HWY_ATTR void raise(double gain) { threshold = hn::Set(D(), (gain + parent_score) * to_units); }
  HWY_ATTR Mask pass(const Sums& left, const Sums& right) const {
    const VD a = hn::Add(left.h, lambda);
    const VD c = hn::Add(right.h, lambda);
    const VD scores = hn::MulAdd(hn::Mul(left.g, left.g), c, hn::Mul(hn::Mul(right.g, right.g), a));
    const Mask heavy = hn::Ge(hn::Min(left.h, right.h), least_h);
    return hn::And(heavy, hn::Ge(scores, hn::Mul(hn::Mul(threshold, a), c)));
  }
};

// Where missing values go.
enum class Missing { left, right, heavier };

template <class Cells>
class Scan {
 public:
  HWY_ATTR Scan(const SearchSettings& s, const SearchNode& node, BestSplit& best)
      : cells_(node),
        exact_(s, node.parent_score),
        least_(math::least_gain(node.parent_score, s.min_split_gain)),
        filter_(s, node.parent_score, std::max(least_, best.gain)),
        best_(best) {}

  HWY_ATTR void column(const SearchColumn& column) {
    if (column.categorical) return scan_categories(column);
    if (column.has_missing && !cells_.is_empty(column.cells->first_cell)) {
      scan_cells<true>(column, cells_.broadcast(column.cells->first_cell));
    } else {
      scan_cells<false>(column, Cells::zero());
    }
  }

 private:
  using Sum = typename Cells::Sum;
  static constexpr std::int64_t lanes = hn::MaxLanes(D());

  // Sums up to each cell of a block that is not empty: a split behind an empty cell has the sums of the one
  // before it and a higher bin, so that it never wins.
  struct Entries {
    alignas(64) std::int64_t sums[most_entries * Cells::words];
    std::int32_t starts[block_cells / lanes + 1];  // of each vector of cells
    std::int32_t vectors = 0;
    std::int32_t count = 0;
  };

  // One against the rest. Missing values are of the rest.
  HWY_ATTR void scan_categories(const SearchColumn& column) {
    for (std::int64_t i = 0; i < column.cells->cells; i += lanes) {
      Sum sums = cells_.load(column.cells->first_cell + i);
      if (column.has_missing && i == 0) sums = Cells::keep(hn::Not(hn::FirstN(DI(), 1)), sums);
      consider(column, i, nullptr, 0, sums, Missing::right);
    }
  }

  template <bool with_missing>
  HWY_ATTR void scan_cells(const SearchColumn& column, const Sum& missing) {
    const std::int64_t count = column.cells->cells;
    Sum before = Cells::zero();
    if (!with_missing && count <= 2 * lanes) {
      for (std::int64_t i = 0; i < count; i += lanes) {
        const Sum sums = Cells::add(before, Cells::prefix(cells_.load(column.cells->first_cell + i)));
        before = Cells::last(sums);
        consider(column, i, nullptr, 0, sums, Missing::heavier);
      }
      return;
    }
    Entries entries;
    for (std::int64_t begin = 0; begin < count; begin += block_cells) {
      const std::int64_t end = std::min(count, begin + block_cells);
      find_entries<with_missing>(column, begin, end, entries, before);
      for (std::int32_t i = 0; i < entries.count; i += static_cast<std::int32_t>(lanes)) {
        const Sum sums = Cells::entries(entries.sums + i);
        if constexpr (with_missing)
          consider(column, begin, &entries, i, Cells::add(sums, missing), Missing::left);
        consider(column, begin, &entries, i, sums, with_missing ? Missing::right : Missing::heavier);
      }
    }
  }

  template <bool with_missing>
  HWY_ATTR void find_entries(const SearchColumn& column, std::int64_t begin, std::int64_t end,
                             Entries& entries, Sum& before) {
    const DI d;
    const std::int64_t first = column.cells->first_cell;
    std::int64_t i = begin;
    // Not in memory while they change.
    Sum passed = before;
    std::int64_t vectors = 0;
    std::int64_t count = 0;
    const auto add = [&](const Sum& values, CellMask used) HWY_ATTR {
      const Sum local = Cells::prefix(values);
      const std::uint64_t bits = mask_bits(d, used);
      Cells::append(Cells::add(passed, local), used, bits, entries.sums + count);
      passed = Cells::add(passed, Cells::last(local));
      entries.starts[vectors++] = static_cast<std::int32_t>(count);
      count += __builtin_popcountll(bits);
    };
    if constexpr (with_missing) {
      // Missing values are in the cell before bin 1. At bin 1, if it is empty, only they go left.
      for (; i <= 1 && i < end; i += lanes) {
        const auto inside = hn::FirstN(d, static_cast<std::size_t>(end - i));
        const auto number = hn::Iota(d, i);
        const Sum values = Cells::keep(hn::And(inside, hn::Gt(number, hn::Zero(d))), cells_.load(first + i));
        add(values, hn::Or(Cells::used(values), hn::And(inside, hn::Eq(number, hn::Set(d, 1)))));
      }
    }
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      const Sum a = cells_.load(first + i);
      const Sum b = cells_.load(first + i + lanes);
      if (hn::AllFalse(d, Cells::used(Cells::either(a, b)))) {
        entries.starts[vectors++] = static_cast<std::int32_t>(count);
        entries.starts[vectors++] = static_cast<std::int32_t>(count);
        continue;
      }
      add(a, Cells::used(a));
      add(b, Cells::used(b));
    }
    for (; i < end; i += lanes) {
      const Sum values = cells_.load(first + i);
      add(values, Cells::used(values));
    }
    before = passed;
    entries.vectors = static_cast<std::int32_t>(vectors);
    entries.count = static_cast<std::int32_t>(count);
  }

  // Entries from `entry` on, with these sums; without entries: cells from `begin` on.
  HWY_ATTR void consider(const SearchColumn& column, std::int64_t begin, const Entries* entries,
                         std::int32_t entry, const Sum& sums, Missing to) {
    const Sums left = cells_.left(sums);
    const Sums right = cells_.right(sums, left);
    const Mask pass = filter_.pass(left, right);
    if (HWY_LIKELY(hn::AllFalse(D(), pass))) return;
    settle(column, begin, entries, entry, sums, pass, to);
  }

  HWY_ATTR HWY_NOINLINE void settle(const SearchColumn& column, std::int64_t begin, const Entries* entries,
                                    std::int32_t entry, const Sum& sums, Mask pass, Missing to) {
    const D d;
    const Sums left = cells_.left(sums);
    const Sums right = cells_.right(sums, left);
    if (entries != nullptr)
      pass = hn::And(pass, hn::FirstN(d, static_cast<std::size_t>(entries->count - entry)));
    const VD gains = hn::IfThenElse(pass, exact_.gain(left, right), hn::Set(d, -1.0));
    const VD highest = hn::MaxOfLanes(d, gains);
    const double gain = hn::GetLane(highest);
    if (!(gain > least_) || gain < best_.gain) return;
    // Of equal gains the lowest bin's.
    const auto lane = static_cast<std::int32_t>(hn::FindFirstTrue(d, hn::Eq(gains, highest)));
    const std::int64_t cell =
        entries == nullptr ? begin + lane : cell_of(column, begin, *entries, entry + lane);
    const auto order = static_cast<std::uint32_t>(cell + (column.has_missing ? 0 : 1));
    bool to_left = to == Missing::left;
    if (to == Missing::heavier)
      to_left = (mask_bits(d, cells_.left_is_heavier(sums, left, right)) >> lane & 1) != 0;
    if (!best_.offer(gain, column.feature, order, to_left, column.categorical)) return;
    if (column.categorical) best_.left_categories = category_set(column.value_bins, &order, 1);
    filter_.raise(gain);
  }

  // Where an entry comes from, among the column's cells.
  HWY_ATTR std::int64_t cell_of(const SearchColumn& column, std::int64_t begin, const Entries& entries,
                                std::int32_t entry) const {
    const std::int32_t* starts = entries.starts;
    const auto vector = std::upper_bound(starts, starts + entries.vectors, entry) - starts - 1;
    std::int32_t left = entry - starts[vector];
    std::int64_t cell = begin + vector * lanes;
    const bool with_missing = column.has_missing && !cells_.is_empty(column.cells->first_cell);
    const auto has_entry = [&](std::int64_t c) {
      if (with_missing && c <= 1) return c == 1;
      return !cells_.is_empty(column.cells->first_cell + c);
    };
    for (;; ++cell) {
      if (!has_entry(cell)) continue;
      if (left-- == 0) return cell;
    }
  }

  Cells cells_;
  Gains exact_;
  double least_;
  Filter filter_;
  BestSplit& best_;
};

template <class Cells>
HWY_ATTR void scan_all(const SearchSettings& s, std::span<const SearchColumn> columns,
                       std::span<const std::uint8_t> allowed, const SearchNode& node, BestSplit& best) {
  Scan<Cells> scan(s, node, best);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (is_scanned(s, columns[c]) && (allowed.empty() || allowed[c] != 0)) scan.column(columns[c]);
  }
}

HWY_ATTR void scan_columns_target(const SearchSettings& s, std::span<const SearchColumn> columns,
                                  std::span<const std::uint8_t> allowed, const SearchNode& node,
                                  BestSplit& best) {
  if (node.histogram.wide) {
    scan_all<WideCells>(s, columns, allowed, node, best);
  } else {
    scan_all<PackedCells>(s, columns, allowed, node, best);
  }
}

}  // namespace ramet::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::cpu {

HWY_EXPORT(scan_columns_target);

bool scan_applies(const SearchSettings& s) {
  constexpr int largest_exponent = 200;
  return s.regularisation.lambda < 0x1p200 && s.min_child_weight < 0x1p200 &&
         std::abs(s.scale.g_exponent) <= largest_exponent && std::abs(s.scale.h_exponent) <= largest_exponent;
}

void scan_columns(const SearchSettings& s, std::span<const SearchColumn> columns,
                  std::span<const std::uint8_t> allowed, const SearchNode& node, BestSplit& best) {
  HWY_DYNAMIC_DISPATCH(scan_columns_target)(s, columns, allowed, node, best);
}

}  // namespace ramet::cpu
#endif
