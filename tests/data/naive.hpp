// Binning as its definition reads, for tests: slow, sequential, one matrix of doubles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "data/cuts.hpp"
#include "math/random.hpp"
#include "ramet/dataset.hpp"

namespace ramet::test {

struct Matrix {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<double> values;  // row-major

  double at(std::int64_t r, std::int64_t c) const { return values[r * cols + c]; }
  double& at(std::int64_t r, std::int64_t c) { return values[r * cols + c]; }
};

// The light values of a run, divided one bin at a time.
inline std::vector<std::vector<double>> naive_quantiles(std::vector<std::pair<double, std::int64_t>> values,
                                                        std::int64_t bins) {
  std::vector<std::vector<double>> result;
  for (; bins > 1; --bins) {
    std::int64_t left = 0;
    for (const auto& [value, count] : values) left += count;
    const double target = static_cast<double>(left) / static_cast<double>(bins);
    std::vector<double> bin;
    double filled = 0;
    while (true) {
      bin.push_back(values.front().first);
      filled += static_cast<double>(values.front().second);
      values.erase(values.begin());
      if (static_cast<std::int64_t>(values.size()) == bins - 1) break;
      if (filled + static_cast<double>(values.front().second) / 2 > target) break;
    }
    result.push_back(bin);
  }
  result.emplace_back();
  for (const auto& [value, count] : values) result.back().push_back(value);
  return result;
}

// The bins of a column as lists of the sampled values in them.
inline std::vector<std::vector<double>> naive_bins(const std::vector<double>& sample, int max_bin) {
  std::map<double, std::int64_t> counts;
  std::int64_t total = 0;
  for (const double x : sample) {
    if (std::isnan(x)) continue;
    ++counts[x == 0 ? 0.0 : x];
    ++total;
  }
  std::vector<std::vector<double>> bins;
  if (counts.size() <= static_cast<std::size_t>(max_bin)) {
    for (const auto& [value, count] : counts) bins.push_back({value});
    return bins;
  }
  std::map<double, bool> heavy;
  for (const auto& [value, count] : counts) heavy[value] = count * max_bin > total;
  using Run = std::vector<std::pair<double, std::int64_t>>;
  std::vector<Run> runs;
  while (true) {
    runs.clear();
    bool join = false;
    for (const auto& [value, count] : counts) {
      if (!join || heavy[value]) runs.emplace_back();
      runs.back().emplace_back(value, count);
      join = !heavy[value];
    }
    if (runs.size() <= static_cast<std::size_t>(max_bin)) break;
    double lightest = NAN;
    for (const auto& [value, count] : counts) {
      if (heavy[value] && (std::isnan(lightest) || count <= counts[lightest])) lightest = value;
    }
    heavy[lightest] = false;
  }
  std::int64_t light_bins = max_bin;
  std::int64_t light_runs = 0;
  std::int64_t light_count = 0;
  for (const Run& run : runs) {
    if (heavy[run.front().first]) {
      --light_bins;
    } else {
      ++light_runs;
      for (const auto& [value, count] : run) light_count += count;
    }
  }
  for (const Run& run : runs) {
    if (heavy[run.front().first]) {
      bins.push_back({run.front().first});
      continue;
    }
    std::int64_t count = 0;
    for (const auto& [value, n] : run) count += n;
    auto share = static_cast<std::int64_t>(std::floor(
        static_cast<double>(light_bins) * static_cast<double>(count) / static_cast<double>(light_count) +
        0.5));
    --light_runs;
    share = std::max<std::int64_t>(share, 1);
    share = std::min(share, static_cast<std::int64_t>(run.size()));
    share = std::min(share, light_bins - light_runs);
    for (auto& bin : naive_quantiles(run, share)) bins.push_back(std::move(bin));
    light_bins -= share;
    light_count -= count;
  }
  return bins;
}

inline std::vector<double> naive_cuts(const std::vector<double>& sample, int max_bin) {
  const std::vector<std::vector<double>> bins = naive_bins(sample, max_bin);
  std::vector<double> cuts;
  for (std::size_t b = 0; b + 1 < bins.size(); ++b)
    cuts.push_back(data::cut_between(bins[b].back(), bins[b + 1].front()));
  return cuts;
}

// The rows the bins come from.
inline std::vector<std::int64_t> naive_sample(const BinParams& params, const Matrix& x,
                                              const std::vector<double>& weights) {
  const std::uint64_t key = math::stream_key(params.seed, math::Stream::bin_sample);
  std::vector<std::pair<std::uint64_t, std::int64_t>> rows;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    if (weights.empty() || weights[r] > 0)
      rows.emplace_back(math::draw64(key, static_cast<std::uint64_t>(r)), r);
  }
  std::sort(rows.begin(), rows.end());
  const std::int64_t size = std::min(params.bin_sample, (std::int64_t{1} << 30) / x.cols);
  if (params.bin_sample > 0 && static_cast<std::int64_t>(rows.size()) > size) rows.resize(size);
  std::vector<std::int64_t> sample;
  for (const auto& [hash, row] : rows) sample.push_back(row);
  return sample;
}

inline std::vector<std::vector<double>> naive_cuts_of_columns(const BinParams& params, const Matrix& x,
                                                              const std::vector<double>& weights = {}) {
  std::vector<std::vector<double>> cuts;
  const std::vector<std::int64_t> rows = naive_sample(params, x, weights);
  for (std::int64_t c = 0; c < x.cols; ++c) {
    std::vector<double> values;
    for (const std::int64_t r : rows) values.push_back(x.at(r, c));
    cuts.push_back(naive_cuts(values, params.max_bin));
  }
  return cuts;
}

inline std::uint32_t naive_code(const std::vector<double>& cuts, double value) {
  if (std::isnan(value)) return 0;
  std::uint32_t code = 1;
  for (const double cut : cuts) code += cut < value ? 1 : 0;
  return code;
}

}  // namespace ramet::test
