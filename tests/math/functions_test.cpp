// math/functions.hpp against long double: error in ulp over the whole range, special values, inverses.
#include "math/functions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace ramet::math {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double denorm_min = std::numeric_limits<double>::denorm_min();

// |got - exact| in units of the last place of the exact result.
double ulp_error(double got, long double exact) {
  int exponent = 0;
  std::frexp(exact, &exponent);
  const long double ulp = std::ldexp(1.0L, exponent - 53 < -1074 ? -1074 : exponent - 53);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / ulp);
}

struct Worst {
  double error = 0;
  double at = 0;
};

template <class F, class Exact>
Worst worst_error(const std::vector<double>& xs, const F& f, const Exact& exact) {
  Worst worst;
  for (const double x : xs) {
    const double error = ulp_error(f(x), exact(static_cast<long double>(x)));
    if (!(error <= worst.error)) worst = {.error = error, .at = x};
  }
  return worst;
}

std::vector<double> uniform(double low, double high, int count = 200'000) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> draw(low, high);
  std::vector<double> xs(count);
  for (double& x : xs) x = draw(random);
  return xs;
}

// Both signs, or positive only; exponents drawn evenly between 2^low and 2^high.
std::vector<double> log_uniform(int low, int high, bool positive, int count = 200'000) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> mantissa(1, 2);
  std::uniform_int_distribution<int> exponent(low, high - 1);
  std::vector<double> xs(count);
  for (double& x : xs) {
    x = std::ldexp(mantissa(random), exponent(random));
    if (!positive && (random() & 1) != 0) x = -x;
  }
  return xs;
}

std::vector<double> operator+(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The bounds stand in the header's comment; they are checked, not merely hoped for.
#define EXPECT_WORST(bound, xs, f, exact)                                         \
  do {                                                                            \
    const Worst worst = worst_error(xs, f, exact);                                \
    EXPECT_LE(worst.error, bound) << "at " << worst.at;                           \
    RecordProperty("worst_ulp_times_1000", static_cast<int>(worst.error * 1000)); \
  } while (false)

TEST(Functions, Exp) {
  const auto exact = [](long double x) { return std::exp(x); };
  EXPECT_WORST(0.95, uniform(-745, 709.78) + uniform(-1, 1) + log_uniform(-60, 9, false), exp, exact);
}
TEST(Functions, Log) {
  const auto exact = [](long double x) { return std::log(x); };
  EXPECT_WORST(0.85, log_uniform(-1074, 1023, true) + uniform(0.5, 2) + uniform(0.99, 1.01), log, exact);
}
TEST(Functions, Log1p) {
  const auto exact = [](long double x) { return std::log1p(x); };
  EXPECT_WORST(0.9, log_uniform(-1060, 1023, true) + uniform(-1, 1) + log_uniform(-60, -1, false), log1p,
               exact);
}
TEST(Functions, Sigmoid) {
  const auto exact = [](long double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_WORST(2.3, uniform(-745, 745) + uniform(-3, 3) + log_uniform(-60, 6, false), sigmoid, exact);
}
TEST(Functions, Softplus) {
  const auto exact = [](long double x) {
    return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
  };
  EXPECT_WORST(1.6, uniform(-745, 745) + uniform(-3, 3) + log_uniform(-60, 6, false), softplus, exact);
}
TEST(Functions, Logit) {
  const auto exact = [](long double p) {
    return p < 0.5L ? -std::log1p((1 - 2 * p) / p) : std::log1p((2 * p - 1) / (1 - p));
  };
  EXPECT_WORST(2.0,
               uniform(0, 1) + uniform(0.2499, 0.2501) + uniform(0.49, 0.51) + log_uniform(-1000, -1, true),
               logit, exact);
}
#undef EXPECT_WORST

TEST(Functions, SpecialValuesOfExp) {
  EXPECT_EQ(exp(0.0), 1.0);
  EXPECT_EQ(exp(-0.0), 1.0);
  EXPECT_EQ(exp(inf), inf);
  EXPECT_EQ(exp(-inf), 0.0);
  EXPECT_EQ(exp(1e308), inf);
  EXPECT_EQ(exp(-1e308), 0.0);
  EXPECT_TRUE(std::isnan(exp(nan)));
  EXPECT_EQ(exp(709.782712893384), std::exp(709.782712893384));  // the largest finite result
  EXPECT_EQ(exp(709.782712893385), inf);
  EXPECT_EQ(exp(-745.1332191019411), denorm_min);
  EXPECT_EQ(exp(-745.1332191019412), 0.0);
}

TEST(Functions, SpecialValuesOfLogarithms) {
  EXPECT_EQ(log(1.0), 0.0);
  EXPECT_EQ(log(0.0), -inf);
  EXPECT_EQ(log(-0.0), -inf);
  EXPECT_EQ(log(inf), inf);
  EXPECT_TRUE(std::isnan(log(-1.0)));
  EXPECT_TRUE(std::isnan(log(-inf)));
  EXPECT_TRUE(std::isnan(log(nan)));
  EXPECT_EQ(log(denorm_min), std::log(denorm_min));

  EXPECT_EQ(log1p(0.0), 0.0);
  EXPECT_EQ(log1p(denorm_min), denorm_min);
  EXPECT_EQ(log1p(-1e-300), -1e-300);
  EXPECT_EQ(log1p(-1.0), -inf);
  EXPECT_EQ(log1p(inf), inf);
  EXPECT_TRUE(std::isnan(log1p(-1.5)));
  EXPECT_TRUE(std::isnan(log1p(-inf)));
  EXPECT_TRUE(std::isnan(log1p(nan)));
}

TEST(Functions, SpecialValuesOfLinks) {
  EXPECT_EQ(sigmoid(0.0), 0.5);
  EXPECT_EQ(sigmoid(inf), 1.0);
  EXPECT_EQ(sigmoid(-inf), 0.0);
  EXPECT_TRUE(std::isnan(sigmoid(nan)));
  EXPECT_EQ(softplus(inf), inf);
  EXPECT_EQ(softplus(-inf), 0.0);
  EXPECT_EQ(softplus(1e300), 1e300);
  EXPECT_TRUE(std::isnan(softplus(nan)));
  EXPECT_EQ(logit(0.5), 0.0);
  EXPECT_EQ(logit(0.0), -inf);
  EXPECT_EQ(logit(1.0), inf);
  EXPECT_TRUE(std::isnan(logit(-0.1)));
  EXPECT_TRUE(std::isnan(logit(1.1)));
  EXPECT_TRUE(std::isnan(logit(nan)));
}

TEST(Functions, LogitInvertsSigmoid) {
  for (const double x : uniform(-30, 10, 10'000)) EXPECT_NEAR(logit(sigmoid(x)), x, 1e-11) << x;
}

TEST(Functions, PowersOfTwo) {
  for (int n = -1200; n <= 1200; ++n) EXPECT_EQ(exp2i(n), std::ldexp(1.0, n)) << n;
  EXPECT_EQ(exp2i(std::numeric_limits<int>::min()), 0.0);
  EXPECT_EQ(exp2i(std::numeric_limits<int>::max()), inf);
}

}  // namespace
}  // namespace ramet::math
