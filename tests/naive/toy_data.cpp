#include "naive/toy_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>

namespace ramet::naive {
namespace {

constexpr std::int32_t rare_categories = 12;

// Uniform in [0, 1), from the bits of the generator: the same on every platform.
double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

double normal(std::mt19937_64& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += uniform(random);
  return sum;
}

double label_for(ToyLabels kind, double signal, double noise) {
  switch (kind) {
    case ToyLabels::real:
      return signal + noise;
    case ToyLabels::binary:
      return signal + noise > 0 ? 1 : 0;
    case ToyLabels::three_classes:
      return signal + noise > 1 ? 2 : (signal + noise > -0.5 ? 1 : 0);
    case ToyLabels::counts:
      return std::floor(std::max(0.0, 1.5 * (signal + noise) + 2));
  }
  return 0;
}

template <class T>
std::span<const T> part(const std::vector<T>& values, std::int64_t begin, std::int64_t end,
                        std::int64_t width = 1) {
  if (values.empty()) return {};
  return std::span(values).subspan(static_cast<std::size_t>(begin * width),
                                   static_cast<std::size_t>((end - begin) * width));
}

}  // namespace

ToyTable::ToyTable(const ToyOptions& options) : options_(options) {
  std::mt19937_64 random(options.seed);
  const auto missing = [&](double share) { return options.missing && uniform(random) < share; };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  numeric_.resize(6);
  dictionaries_ = {{"red", "green", "blue"}, {}};
  for (int c = 0; c < 40; ++c) dictionaries_[1].push_back("town " + std::to_string(c));
  codes_.resize(options.categorical ? 2 : 0);
  for (std::int64_t r = 0; r < options.rows; ++r) {
    const double a = normal(random);
    const double b = normal(random);
    const int few = static_cast<int>(uniform(random) * 5);
    const double skewed = std::pow(uniform(random), 8) * 1e6;
    const bool flag = uniform(random) < 0.3;
    const auto color = static_cast<std::int32_t>(uniform(random) * 3);
    const bool rare = uniform(random) < 0.1;
    const auto town = static_cast<std::int32_t>(rare ? 40 - rare_categories * uniform(random)
                                                     : uniform(random) * (40 - rare_categories));
    double signal = a * b + 0.5 * few - 1 + (flag ? 0.7 : 0.0) + (skewed > 1000 ? 0.5 : 0.0);
    if (options.categorical) signal += 0.4 * (color - 1) + std::fmod(town * 7.0, 5.0) * 0.3 - 0.6;
    numeric_[0].push_back(missing(0.1) ? nan : static_cast<float>(a));
    numeric_[1].push_back(static_cast<float>(b));  // never missing
    numeric_[2].push_back(missing(0.05) ? nan : static_cast<float>(few));
    numeric_[3].push_back(uniform(random) < 0.6 ? 0.0F : static_cast<float>(skewed));
    numeric_[4].push_back(missing(0.5) ? nan : 7.0F);                  // constant but for missing values
    numeric_[5].push_back(uniform(random) < 0.02 ? HUGE_VALF : 1.5F);  // infinities are values
    boolean_.push_back(missing(0.1) ? 255 : (flag ? 1 : 0));
    if (options.categorical) {
      codes_[0].push_back(missing(0.1) ? -1 : color);
      codes_[1].push_back(missing(0.1) ? -1 : town);
    }
    labels_.push_back(label_for(options.labels, signal, 0.3 * normal(random)));
    if (options.weights) weights_.push_back(std::floor(uniform(random) * 9) / 2);
    for (int k = 0; k < options.base_margins; ++k) base_margins_.push_back(0.3 * normal(random));
  }
  if (options.outlier && options.rows > 0) labels_[static_cast<std::size_t>(options.rows / 2)] *= 1e6;
  for (const std::vector<float>& column : numeric_)
    numeric_as_double_.emplace_back(column.begin(), column.end());
}

DatasetOptions ToyTable::with_roles(DatasetOptions options, const ToyShard& shard) const {
  const std::int64_t end = shard.end < 0 ? rows() : shard.end;
  options.labels = part(labels_, shard.begin, end);
  options.weights = part(weights_, shard.begin, end);
  options.base_margins = part(base_margins_, shard.begin, end, options_.base_margins);
  if (shard.communicator) options.communicator = shard.communicator;
  return options;
}

Dataset ToyTable::dataset(const DatasetOptions& options, const ToyShard& shard, bool doubles) const {
  const std::int64_t end = shard.end < 0 ? rows() : shard.end;
  std::vector<Column> columns;
  for (std::size_t c = 0; c < numeric_.size(); ++c) {
    Column column{.name = "number " + std::to_string(c), .values = part(numeric_[c], shard.begin, end)};
    if (doubles) column.values = part(numeric_as_double_[c], shard.begin, end);
    columns.push_back(std::move(column));
  }
  columns.push_back({.name = "flag", .values = part(boolean_, shard.begin, end)});
  for (std::size_t c = 0; c < codes_.size(); ++c) {
    columns.push_back({.name = "category " + std::to_string(c),
                       .values = part(codes_[c], shard.begin, end),
                       .dictionary = dictionaries_[c]});
  }
  return Dataset::from_columns(columns, with_roles(options, shard));
}

std::vector<float> ToyTable::matrix() const {
  std::vector<float> x;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows()); ++r) {
    for (const std::vector<float>& column : numeric_) x.push_back(column[r]);
  }
  return x;
}

Dataset ToyTable::dense(const DatasetOptions& options) const {
  const std::vector<float> x = matrix();
  return Dataset::from_dense(x.data(), rows(), numeric_columns(), with_roles(options, {}));
}

Dataset ToyTable::csr(const DatasetOptions& options) const {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows()); ++r) {
    for (std::size_t c = 0; c < numeric_.size(); ++c) {
      if (numeric_[c][r] == 0) continue;
      columns.push_back(static_cast<std::int32_t>(c));
      values.push_back(numeric_[c][r]);
    }
    offsets.push_back(static_cast<std::int64_t>(values.size()));
  }
  return Dataset::from_csr(
      {.row_offsets = offsets, .columns = columns, .values = values, .cols = numeric_columns()},
      with_roles(options, {}));
}

}  // namespace ramet::naive
