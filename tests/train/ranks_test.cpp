// Training on several ranks: one model, stopping together, failing together.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "expect_error.hpp"
#include "naive/ranks.hpp"
#include "naive/toy_data.hpp"
#include "ramet/train.hpp"

namespace ramet {
namespace {

using naive::run_ranks;
using naive::ToyTable;

TrainParams some_params() {
  TrainParams params;
  params.num_round = 5;
  params.max_depth = 3;
  params.threads = 1;
  return params;
}

Dataset shard(const ToyTable& table, int rank, const std::shared_ptr<Communicator>& communicator) {
  const std::int64_t n = table.rows();
  const int ranks = communicator->size();
  return table.dataset(
      {}, {.begin = n * rank / ranks, .end = n * (rank + 1) / ranks, .communicator = communicator});
}

void expect_code(const std::exception_ptr& error, ErrorCode code, const std::string& part) {
  ASSERT_TRUE(error) << "no error; expected `" << part << "`";
  training::expect_error(code, part, [&] { std::rethrow_exception(error); });
}

TEST(TrainRanks, ARankThatStopsStopsAll) {
  const ToyTable table({});
  std::vector<int> rounds(3);
  const auto errors = run_ranks(3, [&](int rank, const auto& communicator) {
    const Dataset data = shard(table, rank, communicator);
    const Model model =
        train(some_params(), data,
              {.on_round = [&](const RoundInfo& info) { return rank != 1 || info.round < 2; }});
    rounds[static_cast<std::size_t>(rank)] = model.rounds();
  });
  for (const auto& error : errors) EXPECT_FALSE(error);
  EXPECT_EQ(rounds, (std::vector<int>{2, 2, 2}));
}

TEST(TrainRanks, ARankThatFailsFailsAll) {
  const ToyTable table({});
  const auto errors = run_ranks(3, [&](int rank, const auto& communicator) {
    const Dataset data = shard(table, rank, communicator);
    train(some_params(), data, {.cancelled = [&] { return rank == 2; }});
  });
  expect_code(errors[0], ErrorCode::communication, "rank 2");
  expect_code(errors[1], ErrorCode::communication, "rank 2");
  expect_code(errors[2], ErrorCode::cancelled, "cancel");
}

TEST(TrainRanks, ACheckThatFailsOnOneRankFailsAllAndLeavesThemUsable) {
  const ToyTable table({});
  const auto errors = run_ranks(2, [&](int rank, const auto& communicator) {
    const Dataset data = shard(table, rank, communicator);
    TrainParams params = some_params();
    if (rank == 1) params.eta = -1;
    training::expect_error(ErrorCode::invalid_parameter, "eta = -1", [&] { train(params, data); });
    EXPECT_EQ(train(some_params(), data).rounds(), 5);
  });
  for (const auto& error : errors) EXPECT_FALSE(error);
}

TEST(TrainRanks, RanksMustAgreeOnTheirParameters) {
  const ToyTable table({});
  const auto errors = run_ranks(2, [&](int rank, const auto& communicator) {
    const Dataset data = shard(table, rank, communicator);
    TrainParams params = some_params();
    params.eta = rank == 0 ? 0.25 : 0.5;
    train(params, data);
  });
  for (const auto& error : errors) {
    expect_code(error, ErrorCode::invalid_parameter,
                "rank 1 trains with other parameters or sets than rank 0");
    expect_code(error, ErrorCode::invalid_parameter, "`eta = 0.25`");
  }
}

TEST(TrainRanks, LabelErrorsNameTheGlobalRow) {
  const ToyTable table({});
  std::vector<double> labels(static_cast<std::size_t>(table.rows()), 1.0);
  labels[450] = 3;
  std::vector<float> x(labels.size(), 0.5F);
  const auto errors = run_ranks(2, [&](int rank, const auto& communicator) {
    const auto begin = static_cast<std::size_t>(rank * 300);
    const Dataset data =
        Dataset::from_dense(x.data() + begin, 300, 1,
                            {.labels = std::span(labels).subspan(begin, 300), .communicator = communicator});
    TrainParams params = some_params();
    params.objective = "binary:logistic";
    train(params, data);
  });
  for (const auto& error : errors) expect_code(error, ErrorCode::invalid_data, "row 450: label = 3");
}

TEST(TrainRanks, EvaluationSetsAreDividedLikeTheTrainingSet) {
  const ToyTable table({});
  const auto errors = run_ranks(2, [&](int rank, const auto& communicator) {
    const Dataset data = shard(table, rank, communicator);
    const Dataset undivided = table.dataset();
    train(some_params(), data, {.more = {{"whole", &undivided}}});
  });
  for (const auto& error : errors) EXPECT_TRUE(error);
}

}  // namespace
}  // namespace ramet
