// The communicator of one rank: every collective is the identity.
#include <cstring>

#include "ramet/communicator.hpp"

namespace ramet {
namespace {

class Single final : public Communicator {
 public:
  int rank() const noexcept override { return 0; }
  int size() const noexcept override { return 1; }
  void all_reduce_sum(std::span<std::int64_t>) override {}
  void all_reduce_max(std::span<std::int64_t>) override {}
  std::vector<std::byte> all_gather(std::span<const std::byte> mine) override {
    return {mine.begin(), mine.end()};
  }
  void abort() noexcept override {}
};

}  // namespace

std::shared_ptr<Communicator> single_communicator() { return std::make_shared<Single>(); }

}  // namespace ramet
