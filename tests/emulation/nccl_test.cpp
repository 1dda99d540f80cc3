// The emulated NCCL: results, and what happens when ranks disagree, fail or do not come.
#include <nccl.h>

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "emulation/control.hpp"
#include "emulation/nccl_control.hpp"

namespace {

class Nccl : public testing::Test {
 protected:
  static constexpr int ranks = 3;
  Nccl() : before_(emulation::configuration()) {
    emulation::reset();
    emulation::configure({.devices = ranks});
    emulation::set_nccl_time_limit(20);
  }
  ~Nccl() override {
    emulation::set_nccl_time_limit(60);
    emulation::reset();
    emulation::configure(before_);
    EXPECT_EQ(emulation::live_communicators(), 0u);
    EXPECT_EQ(emulation::live_allocations(), 0u) << emulation::describe_live_allocations();
  }

 private:
  emulation::Config before_;
};

// A rank's array on its device.
template <class T>
class Array {
 public:
  explicit Array(const std::vector<T>& values) : size_(values.size()) {
    void* memory = nullptr;
    EXPECT_EQ(cudaMalloc(&memory, size_ * sizeof(T)), cudaSuccess);
    data = static_cast<T*>(memory);
    EXPECT_EQ(cudaMemcpy(data, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { cudaFree(data); }
  std::vector<T> values() const {
    std::vector<T> copy(size_);
    EXPECT_EQ(cudaMemcpy(copy.data(), data, size_ * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
    return copy;
  }
  T* data;

 private:
  std::size_t size_;
};

// Runs each rank in a thread with its device and a communicator, which `run` has to destroy or abort.
void on_ranks(int ranks, const std::function<void(int, ncclComm_t)>& run, bool blocking = true) {
  ncclUniqueId id;
  ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      ASSERT_EQ(cudaSetDevice(rank), cudaSuccess);
      ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
      config.blocking = blocking ? 1 : 0;
      ncclComm_t comm = nullptr;
      ncclResult_t result = ncclCommInitRankConfig(&comm, ranks, id, rank, &config);
      while (result == ncclInProgress) {
        std::this_thread::yield();
        ASSERT_EQ(ncclCommGetAsyncError(comm, &result), ncclSuccess);
      }
      ASSERT_EQ(result, ncclSuccess);
      run(rank, comm);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

template <class T>
class NcclTypes : public Nccl {};
struct Int8 {
  using Type = std::int8_t;
  static constexpr ncclDataType_t type = ncclInt8;
};
struct Uint8 {
  using Type = std::uint8_t;
  static constexpr ncclDataType_t type = ncclUint8;
};
struct Int32 {
  using Type = std::int32_t;
  static constexpr ncclDataType_t type = ncclInt32;
};
struct Uint32 {
  using Type = std::uint32_t;
  static constexpr ncclDataType_t type = ncclUint32;
};
struct Int64 {
  using Type = std::int64_t;
  static constexpr ncclDataType_t type = ncclInt64;
};
struct Uint64 {
  using Type = std::uint64_t;
  static constexpr ncclDataType_t type = ncclUint64;
};
struct Float {
  using Type = float;
  static constexpr ncclDataType_t type = ncclFloat32;
};
struct Double {
  using Type = double;
  static constexpr ncclDataType_t type = ncclFloat64;
};
using AllTypes = testing::Types<Int8, Uint8, Int32, Uint32, Int64, Uint64, Float, Double>;
TYPED_TEST_SUITE(NcclTypes, AllTypes);

TYPED_TEST(NcclTypes, AllReduce) {
  using T = typename TypeParam::Type;
  on_ranks(Nccl::ranks, [](int rank, ncclComm_t comm) {
    const Array<T> mine({static_cast<T>(rank), static_cast<T>(5 - rank), T(7)});
    const Array<T> out(std::vector<T>(3));
    const auto reduced = [&](ncclRedOp_t operation) {
      EXPECT_EQ(ncclAllReduce(mine.data, out.data, 3, TypeParam::type, operation, comm, nullptr),
                ncclSuccess);
      return out.values();
    };
    EXPECT_EQ(reduced(ncclSum), (std::vector<T>{T(3), T(12), T(21)}));
    EXPECT_EQ(reduced(ncclMax), (std::vector<T>{T(2), T(5), T(7)}));
    EXPECT_EQ(reduced(ncclMin), (std::vector<T>{T(0), T(3), T(7)}));
    EXPECT_EQ(ncclAllReduce(mine.data, mine.data, 3, TypeParam::type, ncclSum, comm, nullptr), ncclSuccess);
    EXPECT_EQ(mine.values(), (std::vector<T>{T(3), T(12), T(21)})) << "in place";
    EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
  });
}

TEST_F(Nccl, IntegerSumsWrapAround) {
  on_ranks(ranks, [](int, ncclComm_t comm) {
    const Array<std::int64_t> mine({std::int64_t{1} << 62});
    EXPECT_EQ(ncclAllReduce(mine.data, mine.data, 1, ncclInt64, ncclSum, comm, nullptr), ncclSuccess);
    EXPECT_EQ(mine.values()[0], -(std::int64_t{1} << 62));
    EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
  });
}

TEST_F(Nccl, OtherCollectives) {
  on_ranks(ranks, [](int rank, ncclComm_t comm) {
    const std::int32_t r = rank;
    const Array<std::int32_t> blocks({r, r + 10, r + 20, r + 30, r + 40, r + 50});
    const Array<std::int32_t> mine({-1, -1});
    EXPECT_EQ(ncclReduceScatter(blocks.data, mine.data, 2, ncclInt32, ncclSum, comm, nullptr), ncclSuccess);
    EXPECT_EQ(mine.values(), (std::vector<std::int32_t>{3 + 60 * r, 33 + 60 * r}));
    EXPECT_EQ(ncclReduceScatter(blocks.data, blocks.data + 2 * r, 2, ncclInt32, ncclMax, comm, nullptr),
              ncclSuccess);
    EXPECT_EQ(blocks.values()[static_cast<std::size_t>(2 * r)], 2 + 20 * r) << "in place";

    const Array<std::int32_t> all(std::vector<std::int32_t>(3));
    const Array<std::int32_t> one({r * r});
    EXPECT_EQ(ncclAllGather(one.data, all.data, 1, ncclInt32, comm, nullptr), ncclSuccess);
    EXPECT_EQ(all.values(), (std::vector<std::int32_t>{0, 1, 4}));
    EXPECT_EQ(ncclBroadcast(one.data, one.data, 1, ncclInt32, 2, comm, nullptr), ncclSuccess);
    EXPECT_EQ(one.values()[0], 4);
    EXPECT_EQ(ncclReduce(one.data, rank == 1 ? all.data : nullptr, 1, ncclInt32, ncclSum, 1, comm, nullptr),
              ncclSuccess);
    EXPECT_EQ(all.values()[0], rank == 1 ? 12 : 0);

    int count = 0;
    int user_rank = -1;
    int device = -1;
    EXPECT_EQ(ncclCommCount(comm, &count), ncclSuccess);
    EXPECT_EQ(ncclCommUserRank(comm, &user_rank), ncclSuccess);
    EXPECT_EQ(ncclCommCuDevice(comm, &device), ncclSuccess);
    EXPECT_EQ(count, 3);
    EXPECT_EQ(user_rank, rank);
    EXPECT_EQ(device, rank);
    EXPECT_EQ(ncclCommFinalize(comm), ncclSuccess);
    EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
  });
}

TEST_F(Nccl, GroupsOfSendsAndReceives) {
  on_ranks(ranks, [](int rank, ncclComm_t comm) {
    const Array<std::uint8_t> give({static_cast<std::uint8_t>(rank), 9});
    const Array<std::uint8_t> take({7, 7});
    ASSERT_EQ(ncclGroupStart(), ncclSuccess);
    EXPECT_EQ(ncclSend(give.data, 2, ncclUint8, (rank + 1) % ranks, comm, nullptr), ncclSuccess);
    EXPECT_EQ(ncclRecv(take.data, 2, ncclUint8, (rank + 2) % ranks, comm, nullptr), ncclSuccess);
    ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
    EXPECT_EQ(take.values(), (std::vector<std::uint8_t>{static_cast<std::uint8_t>((rank + 2) % ranks), 9}));
    EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
  });
  EXPECT_EQ(ncclGroupEnd(), ncclInvalidUsage);
}

TEST_F(Nccl, OneThreadWithAllDevices) {
  ncclComm_t comms[ranks];
  ASSERT_EQ(ncclCommInitAll(comms, ranks, nullptr), ncclSuccess);
  std::vector<std::unique_ptr<Array<double>>> arrays;
  for (int rank = 0; rank < ranks; ++rank) {
    ASSERT_EQ(cudaSetDevice(rank), cudaSuccess);
    arrays.push_back(std::make_unique<Array<double>>(std::vector<double>{rank + 0.5}));
  }
  ASSERT_EQ(ncclGroupStart(), ncclSuccess);
  for (int rank = 0; rank < ranks; ++rank) {
    double* const data = arrays[static_cast<std::size_t>(rank)]->data;
    EXPECT_EQ(ncclAllReduce(data, data, 1, ncclDouble, ncclSum, comms[rank], nullptr), ncclSuccess);
  }
  ASSERT_EQ(ncclGroupEnd(), ncclSuccess);
  for (int rank = 0; rank < ranks; ++rank) {
    EXPECT_EQ(arrays[static_cast<std::size_t>(rank)]->values()[0], 4.5);
    EXPECT_EQ(ncclCommDestroy(comms[rank]), ncclSuccess);
  }
}

// Each of these goes wrong on one rank; all ranks must hear of it, also in the next call.
using Wrong = std::function<ncclResult_t(int rank, std::int64_t* data, ncclComm_t comm)>;

void expect_failure_everywhere(const Wrong& call) {
  on_ranks(3, [&](int rank, ncclComm_t comm) {
    const Array<std::int64_t> data({1, 2, 3});
    EXPECT_NE(call(rank, data.data, comm), ncclSuccess) << rank;
    EXPECT_NE(ncclAllReduce(data.data, data.data, 3, ncclInt64, ncclSum, comm, nullptr), ncclSuccess);
    ncclResult_t state = ncclSuccess;
    EXPECT_EQ(ncclCommGetAsyncError(comm, &state), ncclSuccess);
    EXPECT_NE(state, ncclSuccess);
    EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
  });
}

TEST_F(Nccl, RanksThatDisagreeFailTogether) {
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {
    return ncclAllReduce(data, data, rank == 1 ? 2 : 3, ncclInt64, ncclSum, comm, nullptr);
  });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {
    return ncclAllReduce(data, data, 3, rank == 2 ? ncclUint64 : ncclInt64, ncclSum, comm, nullptr);
  });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {
    return ncclAllReduce(data, data, 3, ncclInt64, rank == 0 ? ncclMax : ncclSum, comm, nullptr);
  });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {
    return ncclBroadcast(data, data, 3, ncclInt64, rank, comm, nullptr);
  });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {
    return rank == 0 ? ncclBroadcast(data, data, 3, ncclInt64, 0, comm, nullptr)
                     : ncclAllReduce(data, data, 3, ncclInt64, ncclSum, comm, nullptr);
  });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {
    return rank == 0 ? ncclSend(data, 3, ncclInt64, 1, comm, nullptr)
                     : ncclRecv(data, rank + 1, ncclInt64, rank == 1 ? 0 : 1, comm, nullptr);
  });
}

TEST_F(Nccl, ArraysThatAreNoGood) {
  expect_failure_everywhere(
      [](int rank, std::int64_t* data, ncclComm_t comm) {  // too long for its allocation
        return ncclAllReduce(data, data, rank == 1 ? 4 : 3, ncclInt64, ncclSum, comm, nullptr);
      });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {  // on the host
    std::vector<std::int64_t> host(3);
    return ncclAllReduce(rank == 1 ? host.data() : data, data, 3, ncclInt64, ncclSum, comm, nullptr);
  });
  expect_failure_everywhere(
      [](int rank, std::int64_t* data, ncclComm_t comm) {  // overlapping, but not in place
        return ncclAllReduce(data, rank == 1 ? data + 1 : data, 2, ncclInt64, ncclSum, comm, nullptr);
      });
  expect_failure_everywhere([](int rank, std::int64_t* data, ncclComm_t comm) {  // no such type or root
    return rank == 1 ? ncclAllReduce(data, data, 3, ncclFloat16, ncclSum, comm, nullptr)
                     : ncclBroadcast(data, data, 3, ncclInt64, 3, comm, nullptr);
  });
}

void wait_for_failure(ncclComm_t comm) {
  ncclResult_t state = ncclSuccess;
  while (state == ncclSuccess) {
    ASSERT_EQ(ncclCommGetAsyncError(comm, &state), ncclSuccess);
    std::this_thread::yield();
  }
}

TEST_F(Nccl, PlannedFailures) {
  on_ranks(ranks, [](int rank, ncclComm_t comm) {
    const Array<std::int64_t> data({1});
    if (rank == 1) {
      emulation::fail_next_nccl(ncclSystemError);
      EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr), ncclSystemError);
    }
    if (rank != 1) {
      wait_for_failure(comm);
      EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr), ncclRemoteError);
      EXPECT_THAT(ncclGetLastError(comm), testing::HasSubstr("rank 1 failed"));
    }
    EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
  });
}

TEST_F(Nccl, AbortWakesTheOthers) {
  on_ranks(ranks, [](int rank, ncclComm_t comm) {
    const Array<std::int64_t> data({1});
    if (rank == 2) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } else {
      EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr), ncclRemoteError);
    }
    EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
  });
}

TEST_F(Nccl, AbortFromAnotherThreadWakesTheOwner) {
  on_ranks(ranks, [](int rank, ncclComm_t comm) {
    const Array<std::int64_t> data({1});
    if (rank == 0) {
      std::thread guard([comm] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
      });
      EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr), ncclRemoteError);
      guard.join();
      EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr),
                ncclInvalidArgument);
    } else {
      EXPECT_EQ(ncclCommDestroy(comm), ncclSuccess);
    }
  });
}

TEST_F(Nccl, RanksThatDoNotComeRunIntoTheTimeLimit) {
  emulation::set_nccl_time_limit(0.05);
  on_ranks(2, [](int rank, ncclComm_t comm) {
    const Array<std::int64_t> data({1});
    if (rank == 0) {
      EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr), ncclSystemError);
      EXPECT_THAT(ncclGetLastError(comm), testing::HasSubstr("time limit"));
    } else {
      wait_for_failure(comm);
    }
    EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
  });
  ncclUniqueId id;
  ncclComm_t comm = nullptr;
  ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
  EXPECT_EQ(ncclCommInitRank(&comm, 2, id, 0), ncclSystemError);
  EXPECT_EQ(comm, nullptr);
}

TEST_F(Nccl, WithoutBlocking) {
  on_ranks(
      2,
      [](int rank, ncclComm_t comm) {
        const Array<std::int64_t> data({rank + 1});
        const auto finish = [&](ncclResult_t result) {
          while (result == ncclInProgress) {
            EXPECT_EQ(ncclCommGetAsyncError(comm, &result), ncclSuccess);
            std::this_thread::yield();
          }
          return result;
        };
        EXPECT_EQ(finish(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr)),
                  ncclSuccess);
        EXPECT_EQ(data.values()[0], 3);
        if (rank == 0) {
          EXPECT_EQ(ncclAllReduce(data.data, data.data, 1, ncclInt64, ncclSum, comm, nullptr),
                    ncclInProgress);
          EXPECT_EQ(finish(ncclInProgress), ncclRemoteError) << "rank 1 goes away";
        } else {
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_EQ(ncclCommAbort(comm), ncclSuccess);
      },
      false);
}

TEST_F(Nccl, ARankOrDeviceCannotJoinTwice) {
  ncclUniqueId id;
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclComm_t first = nullptr;
  ncclComm_t second = nullptr;
  for (const int rank : {0, 1}) {
    ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
    ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
    ASSERT_EQ(ncclCommInitRankConfig(&first, 2, id, 0, &config), ncclInProgress);
    ASSERT_EQ(cudaSetDevice(1 - rank), cudaSuccess);
    EXPECT_EQ(ncclCommInitRankConfig(&second, 2, id, rank, &config), ncclInvalidUsage);
    ncclResult_t state = ncclSuccess;
    EXPECT_EQ(ncclCommGetAsyncError(first, &state), ncclSuccess);
    EXPECT_EQ(state, ncclInvalidUsage);
    EXPECT_EQ(ncclCommAbort(first), ncclSuccess);
  }
  EXPECT_EQ(ncclCommInitRank(&first, 2, ncclUniqueId{}, 0), ncclInvalidArgument) << "an id that nobody made";
  ASSERT_EQ(ncclGetUniqueId(&id), ncclSuccess);
  EXPECT_EQ(ncclCommInitRank(&first, 2, id, 2), ncclInvalidArgument);
}

}  // namespace
