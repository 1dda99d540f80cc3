// What layers must not do when one of them fails. (That they add up is tested with all other kinds.)
#include "cuda/layered_comm.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "comm/ranks.hpp"
#include "cuda/device_group.hpp"
#include "cuda/memory.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda {
namespace {

// Keeps a list of what is called, and fails in `failing`.
class Recorded final : public DeviceComm {
 public:
  Recorded(int size, std::string failing) : size_(size), failing_(std::move(failing)) {}

  std::string calls;

  int rank() const noexcept override { return 0; }
  int size() const noexcept override { return size_; }
  void all_reduce_sum(std::int64_t*, std::size_t, cudaStream_t) override { call("sum"); }
  void all_reduce_max(std::int64_t*, std::size_t, cudaStream_t) override { call("max"); }
  void reduce_scatter_sum(std::span<std::int64_t* const>, std::size_t, cudaStream_t) override {
    call("scatter");
  }
  void all_gather(void*, std::size_t, cudaStream_t) override { call("gather"); }
  void synchronize(cudaStream_t) override { call("wait"); }
  void abort() noexcept override { calls += "abort "; }

 private:
  void call(const std::string& name) {
    calls += name + " ";
    if (name == failing_) throw std::runtime_error(name);
  }

  int size_;
  std::string failing_;
};

struct Layers {
  std::shared_ptr<Recorded> local;
  std::shared_ptr<Recorded> across;
};

// The leader's calls of one collective with two devices here and two ranks.
Layers calls_of(const std::string& local_fails, const std::string& across_fails, bool gather) {
  const test::Devices devices(1);
  Layers layers{std::make_shared<Recorded>(2, local_fails), std::make_shared<Recorded>(2, across_fails)};
  const auto comm = layered_comm(layers.local, layers.across, {2, 1});
  const Stream stream;
  const DeviceArray<std::int64_t> values(3);
  fill_zero(values.data(), 3, stream.get());
  const auto outcome = ramet::test::outcome_of([&] {
    if (gather) {
      comm->all_gather(values.data(), 8, stream.get());
    } else {
      comm->all_reduce_max(values.data(), 3, stream.get());
    }
  });
  EXPECT_EQ(outcome.failed, !local_fails.empty() || !across_fails.empty());
  return layers;
}

TEST(LayeredComm, LeaderWaitsForItsDevicesBeforeItTellsOtherRanks) {
  const Layers reduce = calls_of("", "", false);
  EXPECT_EQ(reduce.local->calls, "max wait sum ");
  EXPECT_EQ(reduce.across->calls, "max ");
  const Layers gather = calls_of("", "", true);
  EXPECT_EQ(gather.local->calls, "gather wait sum ");
  EXPECT_EQ(gather.across->calls, "gather ");
}

TEST(LayeredComm, WhatFailsHereDoesNotReachOtherRanks) {
  for (const bool gather : {false, true}) {
    const Layers layers = calls_of("wait", "", gather);
    EXPECT_EQ(layers.across->calls, "abort ");
    EXPECT_EQ(layers.local->calls, gather ? "gather wait abort " : "max wait abort ");
  }
}

TEST(LayeredComm, FailureAmongRanksIsToldToTheDevicesHere) {
  const Layers reduce = calls_of("", "max", false);
  EXPECT_EQ(reduce.local->calls, "max wait abort ");
  const Layers gather = calls_of("", "gather", true);
  EXPECT_EQ(gather.local->calls, "gather wait abort ");
}

}  // namespace
}  // namespace ramet::cuda
