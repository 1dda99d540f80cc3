// cuda/gradients.hpp: every bit of g, h, scales and integers as the contract's rule 2 has it.
#include "cuda/gradients.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <thread>

#include "cuda/gradient_runs.hpp"
#include "cuda/host_comm.hpp"
#include "ramet/communicator.hpp"

#if __has_include("emulation/control.hpp")
#include "emulation/control.hpp"
#endif

namespace ramet::cuda::test {
namespace {

TEST(Gradients, AllObjectivesWeightsAndBits) {
  for_all_kinds([](const GradientKind& kind) {
    for (const int bits : {8, 12, 16, 20, 32}) {
      for (const int weights : {0, 1, 2}) {
        SCOPED_TRACE(std::to_string(bits) + " bits, weights " + std::to_string(weights));
        GradientCase input = random_case(kind.objective, 700, kind.outputs, 10 + static_cast<unsigned>(bits));
        input.gradient_bits = bits;
        if (weights > 0) add_weights(input, weights == 2);
        expect_same(input, 3);
      }
    }
  });
}

TEST(Gradients, AnyNumberOfRows) {
  for_all_kinds([](const GradientKind& kind) {
    for (const std::int64_t rows : {0, 1, 2, 3, 4, 5, 31, 255, 256, 257, 1023, 1025}) {
      SCOPED_TRACE(std::to_string(rows) + " rows");
      expect_same(random_case(kind.objective, rows, kind.outputs, static_cast<std::uint64_t>(rows)), 0);
    }
  });
}

// More rows than the grid takes at once, and than a block of the quantising kernel does.
TEST(Gradients, ManyRows) {
  expect_same(random_case(objective::SquaredError{}, 40000, 1, 5), 7);
  expect_same(random_case(objective::Softmax{}, 20001, 3, 6), 7);
}

TEST(Gradients, ManyOutputs) { expect_same(random_case(objective::Softmax{}, 300, 300, 6), 1); }

// The caller's arrays in several pieces.
TEST(Gradients, MoreCallersValuesThanArePutOnTheDeviceAtATime) {
  expect_same(random_case(objective::Caller{}, 30001, 10, 6), 1);
}

TEST(Gradients, HeavyTailsGetMoreBits) {
  for (const bool of_h : {false, true}) {
    for (const int bits : {8, 16, 32}) {
      GradientCase input = random_case(objective::Caller{}, 3000, 2, 20);
      input.gradient_bits = bits;
      (of_h ? input.caller_h : input.caller_g)[2 * 1234 + 1] = 1e9;
      const std::vector<NaiveGradients> naive = naive_gradients(input, 2);
      EXPECT_EQ(naive[0].bits, bits);
      EXPECT_EQ(naive[1].bits, 32);
      expect_same(input, 2);
    }
  }
  GradientCase input = random_case(objective::SquaredError{}, 3000, 1, 20);
  input.labels[77] = 1e9;
  EXPECT_EQ(naive_gradients(input, 2)[0].bits, 32);
  expect_same(input, 2);
}

// A share of small gradients on both sides of a quarter.
TEST(Gradients, AQuarterBelowOneStepDecides) {
  int narrow = 0;
  constexpr int cases = 24;
  for (int i = 0; i < cases; ++i) {
    GradientCase input = random_case(objective::Caller{}, 2500, 1, 30 + static_cast<unsigned>(i));
    input.gradient_bits = 8;
    std::mt19937_64 random(static_cast<std::uint64_t>(i));
    for (double& g : input.caller_g) g = random() % 100 < 25 ? std::ldexp(1.0, -7 - i % 2) : 1.0;
    if (naive_gradients(input, 1)[0].bits == 8) ++narrow;
    expect_same(input, 1);
  }
  EXPECT_GT(narrow, 0);
  EXPECT_LT(narrow, cases);
}

TEST(Gradients, ZerosAreNotSurveyed) {
  GradientCase input = random_case(objective::Caller{}, 3000, 1, 40);
  for (std::size_t r = 0; r < input.caller_g.size(); ++r) {
    if (r % 10 != 0) input.caller_g[r] = r % 2 == 0 ? 0.0 : -0.0;
  }
  EXPECT_EQ(naive_gradients(input, 1)[0].bits, 16);
  expect_same(input, 1);
}

TEST(Gradients, AllZero) {
  GradientCase input = random_case(objective::Caller{}, 300, 1, 41);
  input.caller_g.assign(300, 0.0);
  input.caller_h.assign(300, 0.0);
  expect_same(input, 1);
}

TEST(Gradients, ManyRowsElsewhereLeaveFewerBits) {
  for (const int log2_rows : {40, 46, 47, 48}) {
    GradientCase input = random_case(objective::Logistic{}, 500, 1, 50);
    input.gradient_bits = 32;
    input.total_rows = std::int64_t{1} << log2_rows;
    EXPECT_EQ(naive_gradients(input, 1)[0].bits, 62 - log2_rows);
    expect_same(input, 1);
    input.gradient_bits = 8;
    input.total_rows += 1;
    input.scores[3] = std::int64_t{1} << 60;
    add_weights(input, true);
    expect_same(input, 1);
  }
}

TEST(Gradients, GlobalRowsBeyond32Bits) {
  GradientCase input = random_case(objective::Logistic{}, 900, 1, 60);
  input.first_global_row = (std::int64_t{1} << 40) + 7;
  input.total_rows = std::int64_t{1} << 41;
  expect_same(input, 1);
}

TEST(Gradients, EveryRoundHasItsOwnDraws) {
  const GradientCase input = random_case(objective::Logistic{}, 400, 1, 61);
  const std::unique_ptr<DeviceComm> comm = solo_comm();
  const GradientRows rows(input, 0, input.rows());
  EXPECT_NE(run(input, rows, 1, *comm).outputs[0].low, run(input, rows, 2, *comm).outputs[0].low);
}

TEST(Gradients, TheLowestBadRowIsNamed) {
  const double bad[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(), 1e300};
  for (const double value : bad) {
    for (const std::int64_t row : {0, 1, 298, 300, 699}) {
      GradientCase input = random_case(objective::SquaredError{}, 700, 1, 70);
      input.labels[static_cast<std::size_t>(row)] = value;
      input.labels[699] = value;
      const GradientResult result = run(input, GradientRows(input, 0, 700), 1, *solo_comm());
      EXPECT_EQ(result.bad_row, input.first_global_row + row);
      EXPECT_EQ(naive_bad_row(naive_gradients(input, 1), input.first_global_row), result.bad_row);
      for (const std::uint32_t pair : result.outputs[0].low) ASSERT_EQ(pair, 0u);
    }
  }
}

TEST(Gradients, TheLowestOfManyBadRowsIsNamed) {
  GradientCase input = random_case(objective::SquaredError{}, 20000, 1, 70);
  for (std::size_t r = 5; r < 20000; ++r) input.labels[r] = std::nan("");
  EXPECT_EQ(run(input, GradientRows(input, 0, 20000), 1, *solo_comm()).bad_row, input.first_global_row + 5);
}

TEST(Gradients, BadValuesOfAnyOutputAndNegativeHessians) {
  for (const bool of_h : {false, true}) {
    for (const double value : {-1.0, -1e-300, std::nan(""), 1e39}) {
      if (!of_h && value < 0) continue;
      GradientCase input = random_case(objective::Caller{}, 400, 3, 71);
      (of_h ? input.caller_h : input.caller_g)[3 * 200 + 2] = value;
      const GradientResult result = run(input, GradientRows(input, 0, 400), 1, *solo_comm());
      EXPECT_EQ(result.bad_row, input.first_global_row + 200) << value;
      EXPECT_EQ(naive_bad_row(naive_gradients(input, 1), input.first_global_row), result.bad_row);
    }
  }
}

// Runs a case with rows [cuts[m], cuts[m + 1]) on member m. Members are threads that share a device.
std::vector<GradientResult> run_members(const GradientCase& input, const std::vector<std::int64_t>& cuts,
                                        int round) {
  const std::size_t members = cuts.size() - 1;
  const auto communicators = in_process_communicators(static_cast<int>(members), 60);
  std::vector<GradientResult> results(members);
  std::vector<std::jthread> threads;
  for (std::size_t m = 0; m < members; ++m) {
    threads.emplace_back([&, m] {
      const std::unique_ptr<DeviceComm> comm = host_comm(communicators[m]);
      const GradientRows rows(input, cuts[m], cuts[m + 1]);
      results[m] = run(input, rows, round, *comm);
    });
  }
  threads.clear();
  return results;
}

TEST(Gradients, RowsOfAllMembersDecide) {
  for_all_kinds([](const GradientKind& kind) {
    for (const std::vector<std::int64_t>& cuts :
         {std::vector<std::int64_t>{0, 301, 900}, {0, 0, 900}, {0, 16, 17, 900}}) {
      for (const int bits : {8, 32}) {
        GradientCase input = random_case(kind.objective, 900, kind.outputs, 80);
        input.gradient_bits = bits;
        if (bits == 32) add_weights(input, false);
        const std::vector<NaiveGradients> naive = naive_gradients(input, 4);
        const std::vector<GradientResult> results = run_members(input, cuts, 4);
        for (std::size_t m = 0; m < results.size(); ++m) {
          EXPECT_EQ(results[m].bad_row, none);
          for (std::size_t k = 0; k < naive.size(); ++k) {
            SCOPED_TRACE("member " + std::to_string(m) + ", output " + std::to_string(k));
            expect_output(naive[k], results[m].outputs[k], cuts[m]);
          }
        }
      }
    }
  });
}

TEST(Gradients, MembersAgreeOnTheBadRow) {
  GradientCase input = random_case(objective::Logistic{}, 500, 1, 90);
  input.labels[450] = std::nan("");
  input.labels[333] = std::nan("");
  for (const GradientResult& result : run_members(input, {0, 100, 400, 500}, 1)) {
    EXPECT_EQ(result.bad_row, input.first_global_row + 333);
    for (const std::uint32_t pair : result.outputs[0].low) ASSERT_EQ(pair, 0u);
  }
}

TEST(Gradients, BytesAreWhatIsAllocated) {
#if __has_include("emulation/control.hpp")
  for (const int outputs : {1, 7}) {
    for (const bool constant : {false, true}) {
      GradientCase input = random_case(objective::Caller{}, 1000, outputs, 1);
      const GradientRows rows(input, 0, 1000);
      GradientInput info = rows.info;
      info.constant_hessian = constant;
      const std::size_t before = emulation::live_bytes(0);
      Gradients gradients(info);
      const Stream stream;
      gradients.compute_from(0, rows.caller_g, rows.caller_h, *solo_comm(), stream.get());
      EXPECT_EQ(emulation::live_bytes(0) - before,
                static_cast<std::size_t>(Gradients::bytes(1000, outputs, constant)));
    }
  }
#endif
}

}  // namespace
}  // namespace ramet::cuda::test
