// The search's single-precision filter: drops nothing that could win, and most of what cannot.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "cuda/filter_probe.hpp"
#include "cuda/random_search.hpp"
#include "math/quantise.hpp"

namespace ramet::cuda::test {
namespace {

// Of about so many bits.
std::int64_t random_sum(std::mt19937& random, int most_bits) {
  const auto bits = static_cast<int>(random() % static_cast<unsigned>(most_bits + 1));
  return std::uniform_int_distribution<std::int64_t>(0, (std::int64_t{1} << bits) - 1)(random);
}

// Sums, units and parameters of all sizes.
FilterProbe random_probe(std::mt19937& random) {
  FilterProbe probe;
  TrainParams params;
  params.lambda = one_of(random, {0.0, 1.0, 1e-300, 1e-30, 1e-3, 1e6, 1e30, 1e300});
  params.alpha = one_of(random, {0.0, 0.0, 0.5, 1e5});
  params.max_delta_step = one_of(random, {0.0, 0.0, 0.0, 0.1});
  params.min_child_weight = 0;
  params.min_data_in_leaf = 0;
  probe.settings = search_settings(params, false);
  probe.scale.g_exponent = one_of(random, {0, 10, 60, -100, 300, -300, 960, -900});
  probe.scale.h_exponent = one_of(random, {0, 10, 60, -100, 300, -300, 960, -900});
  probe.scale.g_unit = math::pow2(-probe.scale.g_exponent);
  probe.scale.h_unit = math::pow2(-probe.scale.h_exponent);
  const std::int64_t sign = random() % 2 == 0 ? 1 : -1;
  probe.left = {sign * random_sum(random, 61), random_sum(random, 61), 0};
  probe.total = {probe.left.g + random_sum(random, 61) * (random() % 2 == 0 ? 1 : -1),
                 probe.left.h + random_sum(random, 61), 0};
  return probe;
}

// Asks again with gains to reach that are close to what the splits have.
void expect_sound(std::vector<FilterProbe> probes, std::mt19937& random) {
  const std::vector<FilterAnswer> first = ask_filter(probes);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const double factor = one_of(random, {1.0, 1.0, 1 - 0x1p-17, 1 - 0x1p-30, 0.5, 0.0});
    probes[i].gain_to_reach = std::isfinite(first[i].gain) ? first[i].gain * factor : 0;
  }
  const std::vector<FilterAnswer> answers = ask_filter(probes);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    if (answers[i].loses == 0 || answers[i].gain == 0) continue;  // 0: a side is not admissible
    ASSERT_LT(answers[i].gain, probes[i].gain_to_reach) << i;
  }
}

TEST(GainFilter, DropsNothingThatReachesTheGain) {
  std::mt19937 random(1);
  std::vector<FilterProbe> probes;
  for (int i = 0; i < 200'000; ++i) {
    probes.push_back(random_probe(random));
    if (random() % 4 == 0) probes.back().gain_to_reach = static_cast<double>(random_sum(random, 40));
  }
  expect_sound(probes, random);
}

// As they come in training: 16-bit gradients, sums of up to 2^31 rows.
FilterProbe usual_probe(std::mt19937& random) {
  FilterProbe probe;
  probe.settings = search_settings({}, false);
  probe.scale = {.g_exponent = 15, .h_exponent = 16, .g_unit = 0x1p-15, .h_unit = 0x1p-16};
  const std::int64_t left = 1 + random_sum(random, 40);
  const std::int64_t right = 1 + random_sum(random, 40);
  std::uniform_real_distribution<double> mean(-0.3, 0.3);
  probe.left = {static_cast<std::int64_t>(static_cast<double>(left) * mean(random)), left, 0};
  probe.total = {probe.left.g + static_cast<std::int64_t>(static_cast<double>(right) * mean(random)),
                 left + right, 0};
  return probe;
}

TEST(GainFilter, DropsWhatIsClearlyWorse) {
  std::mt19937 random(2);
  std::vector<FilterProbe> probes;
  for (int i = 0; i < 100'000; ++i) probes.push_back(usual_probe(random));
  expect_sound(probes, random);
  const std::vector<FilterAnswer> gains = ask_filter(probes);
  // All scores are below the sum of hessians.
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const double hessians = static_cast<double>(probes[i].total.h) * probes[i].scale.h_unit;
    probes[i].gain_to_reach = 1.01 * gains[i].gain + 0x1p-17 * hessians;
  }
  const std::vector<FilterAnswer> answers = ask_filter(probes);
  std::size_t dropped = 0;
  for (const FilterAnswer& answer : answers) dropped += answer.loses;
  EXPECT_GT(dropped, probes.size() * 8 / 10);
}

}  // namespace
}  // namespace ramet::cuda::test
