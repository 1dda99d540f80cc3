// How ranks (processes, devices, or threads of one process) that each hold a shard of the rows talk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ramet {

// Every rank calls the same collectives in the same order with equal lengths; each call returns when the
// result is ready. One communicator is used by one thread at a time. Failures of any rank (`abort`, a time
// limit, a length mismatch) raise `Error{communication}` on every rank, never a hang.
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const noexcept = 0;
  virtual int size() const noexcept = 0;

  // Element-wise sum (wrapping) or maximum over all ranks, in place, the same on every rank.
  virtual void all_reduce_sum(std::span<std::int64_t> values) = 0;
  virtual void all_reduce_max(std::span<std::int64_t> values) = 0;

  // Concatenates every rank's bytes in rank order. Lengths may differ.
  virtual std::vector<std::byte> all_gather(std::span<const std::byte> mine) = 0;

  // Tells the other ranks that this one has failed, so that their pending and later calls raise an error.
  virtual void abort() noexcept = 0;
};

// A communicator of one rank, for which every collective is the identity.
std::shared_ptr<Communicator> single_communicator();

// Communicators for `size` (1 to 1024) threads of this process; entry r belongs to rank r.
// A collective waits at most `timeout_seconds` (> 0) for the other ranks.
std::vector<std::shared_ptr<Communicator>> in_process_communicators(int size, double timeout_seconds = 600.0);

}  // namespace ramet
