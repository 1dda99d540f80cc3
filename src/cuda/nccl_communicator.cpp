#include "cuda/nccl_communicator.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/device_ranks.hpp"
#include "cuda/nccl_comm.hpp"
#include "cuda/nccl_rendezvous.hpp"

namespace ramet::cuda {
namespace {

const NcclLibrary& required_nccl() {
  const NcclLookup& found = find_nccl();
  if (found.library == nullptr) {
    fail(ErrorCode::unsupported,
         "NCCL cannot be used: {}; install NCCL 2.19 or newer, or use another communicator", found.problem);
  }
  return *found.library;
}

void check_options(const NcclOptions& options) {
  const auto require = [](bool good, const char* name, const auto& value, const std::string& rule) {
    if (!good) fail(ErrorCode::invalid_parameter, "NcclOptions: {} = {}: {}", name, value, rule);
  };
  require(options.size >= 1 && options.size <= 1024, "size", options.size, "must be between 1 and 1024");
  require(options.rank >= 0 && options.rank < options.size, "rank", options.rank,
          fmt::format("must be between 0 and {}", options.size - 1));
  constexpr double longest = 365.0 * 86400.0;
  require(options.timeout_seconds > 0 && options.timeout_seconds <= longest, "timeout_seconds",
          options.timeout_seconds, fmt::format("must be above 0 and at most {}", longest));
  int devices = 0;
  check(cudaGetDeviceCount(&devices), "counting the devices");
  require(options.device >= 0 && options.device < devices, "device", options.device,
          fmt::format("must be between 0 and {}: this machine has that many", devices - 1));
  if (options.id.empty() == options.id_file.empty())
    fail(ErrorCode::invalid_parameter, "NcclOptions: exactly one of id and id_file must be given");
  if (!options.id.empty() && options.id.size() != NcclId{}.size()) {
    fail(ErrorCode::invalid_parameter, "NcclOptions: id has {} bytes; nccl_unique_id() gives {}",
         options.id.size(), NcclId{}.size());
  }
}

}  // namespace

std::string nccl_id() {
  const NcclId id = make_nccl_id(required_nccl());
  return {id.data(), id.size()};
}

std::shared_ptr<Communicator> open_nccl_communicator(const NcclOptions& options) {
  const NcclLibrary& library = required_nccl();
  check_options(options);
  const CurrentDevice current(options.device);
  NcclEndOptions end{
      .id = {}, .rank = options.rank, .size = options.size, .timeout_seconds = options.timeout_seconds};
  std::optional<WrittenId> written;
  if (!options.id.empty()) {
    std::copy(options.id.begin(), options.id.end(), end.id.begin());
  } else if (options.rank == 0) {
    end.id = make_nccl_id(library);
    written.emplace(options.id_file, end.id);
  } else {
    end.id = read_id(options.id_file, options.timeout_seconds);
  }
  return std::make_shared<DeviceRanks>(nccl_comm(library, end), options.device);
}

}  // namespace ramet::cuda
