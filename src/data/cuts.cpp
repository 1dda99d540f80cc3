#include "data/cuts.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ramet::data {
namespace {

// Consecutive distinct values [begin, end) that share bins.
struct Run {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t count = 0;
  bool heavy = false;
};

using Counts = std::span<const std::int64_t>;

std::vector<Run> split_into_runs(Counts counts, const std::vector<bool>& heavy) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (runs.empty() || heavy[i] || runs.back().heavy)
      runs.push_back({.begin = i, .end = i, .count = 0, .heavy = heavy[i]});
    runs.back().end = i + 1;
    runs.back().count += counts[i];
  }
  return runs;
}

// Which values own a bin: such that these and the runs between them are at most max_bin.
std::vector<bool> heavy_values(Counts counts, std::int32_t max_bin) {
  const std::int64_t total = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  std::vector<bool> heavy(counts.size(), false);
  std::vector<std::size_t> by_weight;  // lightest last
  for (std::size_t i = 0; i < counts.size(); ++i) {
    heavy[i] = counts[i] > total / max_bin;  // the same as counts[i] * max_bin > total
    if (heavy[i]) by_weight.push_back(i);
  }
  std::stable_sort(by_weight.begin(), by_weight.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  std::size_t runs = split_into_runs(counts, heavy).size();
  for (; runs > static_cast<std::size_t>(max_bin); by_weight.pop_back()) {
    const std::size_t i = by_weight.back();
    heavy[i] = false;
    // It joins the light runs beside it.
    runs -= (i > 0 && !heavy[i - 1] ? 1u : 0u) + (i + 1 < counts.size() && !heavy[i + 1] ? 1u : 0u);
  }
  return heavy;
}

// The quantiles of one run: calls cut_after(i) for the last value of each of its `bins` bins but the last.
template <class CutAfter>
void cut_run(Counts counts, const Run& run, std::int64_t bins, const CutAfter& cut_after) {
  std::int64_t left = run.count;  // in this bin and the later ones
  std::int64_t filled = 0;
  for (std::size_t i = run.begin; i + 1 < run.end && bins > 1; ++i) {
    filled += counts[i];
    const auto values_after = static_cast<std::int64_t>(run.end - i - 1);
    // filled + next / 2 > left / bins, in integers.
    const bool full = (2 * filled + counts[i + 1]) * bins > 2 * left;
    if (!full && values_after >= bins) continue;
    cut_after(i);
    left -= filled;
    filled = 0;
    --bins;
  }
}

std::vector<std::size_t> last_values_of_bins(Counts counts, std::int32_t max_bin) {
  const std::vector<Run> runs = split_into_runs(counts, heavy_values(counts, max_bin));
  std::int64_t light_runs = 0;
  std::int64_t light_count = 0;
  for (const Run& run : runs) {
    light_runs += run.heavy ? 0 : 1;
    light_count += run.heavy ? 0 : run.count;
  }
  std::int64_t bins =
      max_bin - (static_cast<std::int64_t>(runs.size()) - light_runs);  // of the light runs to come
  std::vector<std::size_t> last;
  for (const Run& run : runs) {
    if (!run.heavy) {
      const auto values = static_cast<std::int64_t>(run.end - run.begin);
      const std::int64_t share = (2 * bins * run.count + light_count) / (2 * light_count);  // to nearest
      const std::int64_t mine = std::clamp<std::int64_t>(share, 1, std::min(values, bins - (light_runs - 1)));
      cut_run(counts, run, mine, [&](std::size_t i) { last.push_back(i); });
      bins -= mine;
      light_count -= run.count;
      --light_runs;
    }
    last.push_back(run.end - 1);
  }
  last.pop_back();  // the last bin has no upper cut
  return last;
}

}  // namespace

double cut_between(double lower, double upper) {
  using Limits = std::numeric_limits<double>;
  const bool from_minus_infinity = lower == -Limits::infinity();
  const bool to_infinity = upper == Limits::infinity();
  if (from_minus_infinity && to_infinity) return 0;
  if (from_minus_infinity) return upper > Limits::lowest() ? Limits::lowest() : lower;
  if (to_infinity) return Limits::max();
  // Neighbouring doubles have no other number between them; + 0.0 makes -0 positive.
  const double middle = std::midpoint(lower, upper);
  return (middle >= lower && middle < upper ? middle : lower) + 0.0;
}

std::vector<double> make_cuts(const DistinctValues& distinct, std::int32_t max_bin) {
  const std::vector<double>& values = distinct.values;
  std::vector<double> cuts;
  const auto cut_after = [&](std::size_t i) { cuts.push_back(cut_between(values[i], values[i + 1])); };
  if (values.size() <= static_cast<std::size_t>(max_bin)) {
    for (std::size_t i = 0; i + 1 < values.size(); ++i) cut_after(i);
  } else {
    for (const std::size_t i : last_values_of_bins(distinct.counts, max_bin)) cut_after(i);
  }
  return cuts;
}

}  // namespace ramet::data
