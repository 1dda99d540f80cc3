// Ranks that talk by NCCL: they are like any others, and find each other by an id or a file.
#include "cuda/nccl_communicator.hpp"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "comm/conformance.hpp"
#include "cuda/device_group.hpp"
#include "cuda/device_ranks.hpp"
#include "cuda/nccl_library.hpp"

namespace ramet::test {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FailureConformance);

namespace {

namespace fs = std::filesystem;
using cuda::test::Devices;

// Keeps the emulated devices as long as there is a communicator.
struct Rank {
  std::shared_ptr<const Devices> devices;
  std::shared_ptr<Communicator> communicator;
};

// Rank r on device r.
Ranks open_ranks(int size, const std::function<NcclOptions(int rank)>& options) {
  const auto devices = std::make_shared<const Devices>(size);
  std::vector<Rank> ranks(static_cast<std::size_t>(size));
  std::vector<std::jthread> threads;
  for (int r = 0; r < size; ++r) {
    threads.emplace_back([&, r] {
      NcclOptions mine = options(r);
      mine.rank = r;
      mine.size = size;
      mine.device = devices->numbers()[static_cast<std::size_t>(r)];
      const Outcome outcome = outcome_of([&] { ranks[r] = {devices, cuda::open_nccl_communicator(mine)}; });
      EXPECT_FALSE(outcome.failed) << outcome.message;
    });
  }
  threads.clear();
  Ranks opened;
  for (Rank& rank : ranks) {
    const auto kept = std::make_shared<Rank>(std::move(rank));
    opened.emplace_back(kept, kept->communicator.get());
  }
  return opened;
}

Ranks make_nccl(int size, double timeout_seconds) {
  const std::string id = cuda::nccl_id();
  return open_ranks(size, [&](int) { return NcclOptions{.id = id, .timeout_seconds = timeout_seconds}; });
}

bool possible(int size) { return cuda::find_nccl().library != nullptr && Devices(size).distinct(); }

std::vector<Kind> kinds(const std::vector<Kind>& wanted) {
  std::vector<Kind> there;
  for (const Kind& kind : wanted) {
    if (possible(kind.ranks)) there.push_back(kind);
  }
  return there;
}

INSTANTIATE_TEST_SUITE_P(AllKinds, Conformance,
                         testing::ValuesIn(kinds({{"nccl_1", 1, make_nccl},
                                                  {"nccl_2", 2, make_nccl},
                                                  {"nccl_3", 3, make_nccl},
                                                  {"nccl_4", 4, make_nccl}})),
                         kind_name);
INSTANTIATE_TEST_SUITE_P(AllKinds, FailureConformance,
                         testing::ValuesIn(kinds({{"nccl_2", 2, make_nccl}, {"nccl_4", 4, make_nccl}})),
                         kind_name);

class NcclCommunicator : public testing::Test {
 protected:
  void SetUp() override {
    if (!possible(1)) GTEST_SKIP() << "no NCCL or no device";
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The error of opening rank `rank` of two.
  static Outcome refused(const NcclOptions& options) {
    const Outcome outcome = outcome_of([&] { cuda::open_nccl_communicator(options); });
    EXPECT_TRUE(outcome.failed);
    return outcome;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    return names;
  }

  const fs::path folder_ =
      fs::temp_directory_path() /
      ("ramet_nccl_test_" + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  const std::string file_ = (folder_ / "id").string();
};

TEST_F(NcclCommunicator, IdsDiffer) {
  const std::string id = cuda::nccl_id();
  EXPECT_EQ(id.size(), 128u);
  EXPECT_NE(id, cuda::nccl_id());
}

TEST_F(NcclCommunicator, KnowsItsDevice) {
  const int size = possible(2) ? 2 : 1;
  Ranks ranks = make_nccl(size, 60.0);
  for (int r = 0; r < size; ++r) {
    const auto* device_ranks = dynamic_cast<const cuda::DeviceRanks*>(ranks[r].get());
    ASSERT_NE(device_ranks, nullptr);
    EXPECT_EQ(device_ranks->device(), r);
    EXPECT_EQ(device_ranks->device_comm()->rank(), r);
    EXPECT_EQ(device_ranks->device_comm()->size(), size);
  }
  run_ranks(std::move(ranks), [](const auto&) {});
}

// Whatever device the caller's thread is on, and it stays there.
TEST_F(NcclCommunicator, LeavesTheCurrentDeviceAlone) {
  if (!possible(2)) GTEST_SKIP() << "too few devices";
  run_ranks(make_nccl(2, 60.0), [](const std::shared_ptr<Communicator>& rank) {
    const int mine = 1 - rank->rank();
    ASSERT_EQ(cudaSetDevice(mine), cudaSuccess);
    Values values(1000, 1);
    rank->all_reduce_sum(values);
    EXPECT_EQ(values, Values(1000, 2));
    rank->all_gather(std::vector<std::byte>(5000));
    int device = -1;
    EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
    EXPECT_EQ(device, mine);
  });
}

TEST_F(NcclCommunicator, RanksMeetByAFile) {
  const int size = possible(3) ? 3 : 1;
  for (int time = 0; time < 2; ++time) {
    Ranks ranks = open_ranks(size, [&](int rank) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30 * (size - rank)));  // rank 0 comes last
      return NcclOptions{.id_file = file_, .timeout_seconds = 60.0};
    });
    EXPECT_THAT(files(), testing::IsEmpty()) << "all are connected";
    run_ranks(std::move(ranks),
              [&](const std::shared_ptr<Communicator>& rank) { EXPECT_EQ(comm::sum(*rank, 1), size); });
  }
}

TEST_F(NcclCommunicator, FileOfAnotherJobIsRefused) {
  std::ofstream(file_) << "left over";
  const Outcome outcome = refused({.id_file = file_, .rank = 0, .size = 2, .timeout_seconds = 5.0});
  EXPECT_EQ(outcome.code, ErrorCode::io);
  EXPECT_THAT(outcome.message, testing::HasSubstr("id_file = " + file_ + ": exists already"));
  EXPECT_THAT(files(), testing::ElementsAre("id")) << "it may be in use";
  const Outcome other = refused({.id_file = file_, .rank = 1, .size = 2, .timeout_seconds = 5.0});
  EXPECT_EQ(other.code, ErrorCode::io);
  EXPECT_THAT(other.message, testing::HasSubstr("id_file = " + file_ + ": is something else"));
}

TEST_F(NcclCommunicator, UnwritableFileIsAnError) {
  const std::string file = (folder_ / "missing" / "id").string();
  const Outcome outcome = refused({.id_file = file, .rank = 0, .size = 2, .timeout_seconds = 5.0});
  EXPECT_EQ(outcome.code, ErrorCode::io);
  EXPECT_THAT(outcome.message, testing::HasSubstr("cannot write " + file));
}

TEST_F(NcclCommunicator, MissingRanksTimeOut) {
  const Outcome writer = refused({.id_file = file_, .rank = 0, .size = 2, .timeout_seconds = 0.2});
  EXPECT_EQ(writer.code, ErrorCode::communication);
  EXPECT_THAT(writer.message, testing::HasSubstr("waited 0.2 s for the other ranks"));
  EXPECT_THAT(files(), testing::IsEmpty()) << "nobody may try to connect to it any more";
  const Outcome reader = refused({.id_file = file_, .rank = 1, .size = 2, .timeout_seconds = 0.2});
  EXPECT_EQ(reader.code, ErrorCode::communication);
  EXPECT_THAT(reader.message, testing::HasSubstr("waited 0.2 s for rank 0 to write id_file = " + file_));
}

TEST_F(NcclCommunicator, RejectsBadOptions) {
  const std::string id(128, 'x');
  const auto message = [&](const NcclOptions& options) {
    const Outcome outcome = refused(options);
    EXPECT_EQ(outcome.code, ErrorCode::invalid_parameter) << outcome.message;
    return outcome.message;
  };
  using testing::HasSubstr;
  EXPECT_THAT(message({.id = id, .size = 0}), HasSubstr("size = 0: must be between 1 and 1024"));
  EXPECT_THAT(message({.id = id, .size = 1025}), HasSubstr("size = 1025"));
  EXPECT_THAT(message({.id = id, .rank = 2, .size = 2}), HasSubstr("rank = 2: must be between 0 and 1"));
  EXPECT_THAT(message({.id = id, .rank = -1, .size = 2}), HasSubstr("rank = -1"));
  EXPECT_THAT(message({.id = id, .device = 1000}), HasSubstr("device = 1000: must be between 0 and"));
  EXPECT_THAT(message({.id = id, .device = -1}), HasSubstr("device = -1"));
  for (const double timeout : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e300})
    EXPECT_THAT(message({.id = id, .timeout_seconds = timeout}), HasSubstr("timeout_seconds = "));
  EXPECT_THAT(message({}), HasSubstr("exactly one of id and id_file"));
  EXPECT_THAT(message({.id = id, .id_file = file_}), HasSubstr("exactly one of id and id_file"));
  EXPECT_THAT(message({.id = "short"}), HasSubstr("id has 5 bytes; nccl_unique_id() gives 128"));
}

}  // namespace
}  // namespace ramet::test
