#include "generated_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <thread>

#include "command.hpp"
#include "math/functions.hpp"
#include "math/random.hpp"
#include "output_file.hpp"

namespace ramet::cli {
namespace {

constexpr int fewest_columns = 6;
constexpr int most_columns = 1 << 20;
constexpr std::int64_t rows_for_median = 1 << 16;

// What each stream of draws is for.
enum class Draw : std::uint64_t { feature = 1, label, pair, choice, partner, coefficient };

std::uint64_t key_of(std::uint64_t seed, Draw draw) {
  return math::mix64(math::mix64(seed + 0x52616d6574u) + static_cast<std::uint64_t>(draw));
}

double uniform(std::uint64_t key, std::uint64_t counter) {
  return static_cast<double>(math::draw64(key, counter) >> 11) * 0x1p-53;
}

int below(std::uint64_t key, std::uint64_t counter, int limit) {
  return static_cast<int>(uniform(key, counter) * limit);
}

// Mean 0, variance 1: the sum of twelve uniform numbers of 16 bits each.
double bell(std::uint64_t key, std::uint64_t counter) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const std::uint64_t bits = math::draw64(key, 3 * counter + i);
    sum += (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
  }
  return (static_cast<double>(sum) + 6) * 0x1p-16 - 6;
}

struct Pair {
  int a = 0;
  int b = 0;
};

struct Term {
  int i = 0;
  int j = 0;
  double linear = 0;
  double product = 0;
  double threshold = 0;
};

// What the columns are made of, drawn once.
struct Recipe {
  std::uint64_t seed = 0;
  int columns = 0;
  std::vector<Pair> derived;  // of the last columns
  std::vector<Term> terms;
  double middle = 0;  // of the log-odds

  int plain() const { return columns - static_cast<int>(derived.size()); }
};

// `count` different columns: those with the smallest draws.
std::vector<int> choose(const Recipe& recipe, int count) {
  const std::uint64_t key = key_of(recipe.seed, Draw::choice);
  std::vector<std::pair<std::uint64_t, int>> order;
  for (int c = 0; c < recipe.columns; ++c) order.emplace_back(math::draw64(key, static_cast<unsigned>(c)), c);
  std::sort(order.begin(), order.end());
  std::vector<int> chosen;
  for (int i = 0; i < count; ++i) chosen.push_back(order[static_cast<std::size_t>(i)].second);
  return chosen;
}

// One row's features; returns its log-odds, not yet centred.
double fill_row(const Recipe& recipe, std::int64_t row, float* x) {
  const std::uint64_t key = key_of(recipe.seed, Draw::feature);
  const auto first = static_cast<std::uint64_t>(row) * static_cast<std::uint64_t>(recipe.columns);
  for (int c = 0; c < recipe.columns; ++c) {
    x[c] = static_cast<float>(bell(key, first + static_cast<unsigned>(c)));
  }
  float* derived = x + recipe.plain();
  for (const Pair& pair : recipe.derived) {
    *derived = std::sqrt(x[pair.a] * x[pair.a] + x[pair.b] * x[pair.b]) + 0.1F * *derived;
    ++derived;
  }
  x[0] = static_cast<float>(math::exp(x[0] / 2.0));
  double log_odds = 0;
  for (const Term& term : recipe.terms) {
    const double product = static_cast<double>(x[term.i]) * static_cast<double>(x[term.j]);
    log_odds += term.linear * static_cast<double>(x[term.i]) + term.product * product;
    if (x[term.i] > 0.5F && x[term.j] < 0.3F) log_odds += term.threshold;
  }
  return log_odds;
}

double median_log_odds(const Recipe& recipe, std::int64_t rows) {
  std::vector<float> x(static_cast<std::size_t>(recipe.columns));
  std::vector<double> log_odds;
  for (std::int64_t r = 0; r < std::min(rows, rows_for_median); ++r) {
    log_odds.push_back(fill_row(recipe, r, x.data()));
  }
  const auto middle = log_odds.begin() + static_cast<std::ptrdiff_t>(log_odds.size() / 2);
  std::nth_element(log_odds.begin(), middle, log_odds.end());
  return *middle;
}

Recipe make_recipe(const GeneratedShape& shape, std::uint64_t seed) {
  Recipe recipe{.seed = seed, .columns = shape.columns, .derived = {}, .terms = {}};
  const int informative = shape.columns / 3;
  const int plain = shape.columns - informative;
  for (int i = 0; i < informative; ++i) {
    const std::uint64_t key = key_of(seed, Draw::pair);
    const int a = below(key, static_cast<unsigned>(2 * i), plain);
    const int other = below(key, static_cast<unsigned>(2 * i + 1), plain - 1);
    recipe.derived.push_back({.a = a, .b = other < a ? other : other + 1});
  }
  for (const int i : choose(recipe, informative)) {
    const std::uint64_t key = key_of(seed, Draw::coefficient);
    const std::uint64_t number = 3 * recipe.terms.size();
    recipe.terms.push_back({.i = i,
                            .j = below(key_of(seed, Draw::partner), number, shape.columns),
                            .linear = 0.4 * bell(key, number),
                            .product = 0.4 * bell(key, number + 1),
                            .threshold = 0.8 * bell(key, number + 2)});
  }
  recipe.middle = median_log_odds(recipe, shape.rows);
  return recipe;
}

void fill_rows(const Recipe& recipe, std::int64_t begin, std::int64_t end, GeneratedData& data) {
  const std::uint64_t key = key_of(recipe.seed, Draw::label);
  for (std::int64_t r = begin; r < end; ++r) {
    const double log_odds = fill_row(recipe, r, data.x.data() + r * recipe.columns);
    const double p = math::sigmoid(log_odds - recipe.middle);
    data.labels[static_cast<std::size_t>(r)] = uniform(key, static_cast<std::uint64_t>(r)) < p ? 1 : 0;
  }
}

template <class Number>
bool parse_whole(const char*& at, const char* end, Number& value) {
  const auto [next, error] = std::from_chars(at, end, value);
  at = next;
  return error == std::errc{};
}

}  // namespace

GeneratedShape parse_shape(const std::string& text) {
  GeneratedShape shape;
  const char* at = text.data();
  const char* end = at + text.size();
  const bool parsed = parse_whole(at, end, shape.rows) && at != end && *at == 'x' &&
                      parse_whole(++at, end, shape.columns) && at == end;
  if (!parsed || shape.rows < 1 || shape.columns < fewest_columns || shape.columns > most_columns) {
    throw UsageError(
        fmt::format("--generate {}: must be ROWSxCOLUMNS with at least 1 row and {} to {} columns", text,
                    fewest_columns, most_columns));
  }
  return shape;
}

GeneratedData generate(const GeneratedShape& shape, std::uint64_t seed, int threads) {
  const Recipe recipe = make_recipe(shape, seed);
  GeneratedData data;
  data.x.resize(static_cast<std::size_t>(shape.rows) * static_cast<std::size_t>(shape.columns));
  data.labels.resize(static_cast<std::size_t>(shape.rows));
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const std::int64_t parts = std::min<std::int64_t>(threads > 0 ? threads : cores, shape.rows);
  std::vector<std::jthread> workers;
  for (std::int64_t part = 0; part < parts; ++part) {
    const auto boundary = [&](std::int64_t p) {
      return shape.rows / parts * p + shape.rows % parts * p / parts;
    };
    workers.emplace_back(
        [&, begin = boundary(part), end = boundary(part + 1)] { fill_rows(recipe, begin, end, data); });
  }
  workers.clear();
  return data;
}

void save_npy(const GeneratedData& data, const std::filesystem::path& file) {
  const std::size_t rows = data.labels.size();
  const std::size_t columns = rows == 0 ? 0 : data.x.size() / rows;
  // The format's version 1.0: magic, version, length of the header, header padded to a multiple of 64.
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns + 1);
  header.resize((header.size() + 1 + 10 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  OutputFile out(file);
  out.write(std::string_view("\x93NUMPY\x01\x00", 8));
  const char length[] = {static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  out.write({length, sizeof length});
  out.write(header);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto label = static_cast<float>(data.labels[r]);
    out.write({reinterpret_cast<const char*>(data.x.data() + r * columns), columns * sizeof(float)});
    out.write({reinterpret_cast<const char*>(&label), sizeof label});
  }
  out.commit();
}

}  // namespace ramet::cli
