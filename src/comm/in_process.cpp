// Communicators for the threads of one process: contributions meet in shared slots between two barriers.
//
// Ranks write copies, never pointers, into the slots, so that a rank which gives up waiting can free its own
// memory while a slower one still reads. The first failure is final: every pending and later call raises it.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>

#include "base/error.hpp"
#include "ramet/communicator.hpp"

namespace ramet {
namespace {

enum class Collective : std::uint8_t { none, sum, max, gather };

const char* name(Collective collective) {
  switch (collective) {
    case Collective::none:
      return "nothing";
    case Collective::sum:
      return "all_reduce_sum";
    case Collective::max:
      return "all_reduce_max";
    case Collective::gather:
      return "all_gather";
  }
  return "";
}

// What all ranks of one group share.
class Meeting {
 public:
  Meeting(int size, double timeout_seconds)
      : size_(size), timeout_(timeout_seconds), slots_(static_cast<std::size_t>(size)) {}

  struct Slot {
    Collective collective = Collective::none;
    std::vector<std::int64_t> values;
    std::vector<std::int64_t> reduced;  // this rank's share of the result
    std::vector<std::byte> bytes;
  };

  int size() const { return size_; }
  Slot& slot(int rank) { return slots_[static_cast<std::size_t>(rank)]; }

  // Returns when every rank has called it; raises Error{communication} once any rank has failed.
  void arrive_and_wait() {
    std::unique_lock lock(mutex_);
    raise_if_failed();
    const std::uint64_t meeting = meetings_;
    if (++arrived_ == size_) {
      arrived_ = 0;
      ++meetings_;
      changed_.notify_all();
      return;
    }
    const auto over = [&] { return meetings_ != meeting || !failure_.empty(); };
    if (!changed_.wait_for(lock, timeout_, over))
      set_failure(fmt::format("waited {} s for {} of {} ranks", timeout_.count(), size_ - arrived_, size_));
    if (meetings_ == meeting) raise_if_failed();
  }

  void check_usable() {
    const std::lock_guard lock(mutex_);
    raise_if_failed();
  }

  void set_failed(const std::string& why) {
    const std::lock_guard lock(mutex_);
    set_failure(why);
  }

 private:
  void set_failure(const std::string& why) {
    if (failure_.empty()) failure_ = why;
    changed_.notify_all();
  }
  void raise_if_failed() const {
    if (!failure_.empty()) fail(ErrorCode::communication, "communication failed: {}", failure_);
  }

  const int size_;
  const std::chrono::duration<double> timeout_;
  std::vector<Slot> slots_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  int arrived_ = 0;
  std::uint64_t meetings_ = 0;
  std::string failure_;
};

class InProcess final : public Communicator {
 public:
  InProcess(std::shared_ptr<Meeting> meeting, int rank) : meeting_(std::move(meeting)), rank_(rank) {}
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;
  // A rank that is gone can never arrive: the others need not wait for their time limit.
  ~InProcess() override { give_up("has left"); }

  int rank() const noexcept override { return rank_; }
  int size() const noexcept override { return meeting_->size(); }

  void all_reduce_sum(std::span<std::int64_t> values) override { reduce(Collective::sum, values); }
  void all_reduce_max(std::span<std::int64_t> values) override { reduce(Collective::max, values); }

  std::vector<std::byte> all_gather(std::span<const std::byte> mine) override {
    meeting_->check_usable();
    Meeting::Slot& slot = meeting_->slot(rank_);
    slot.collective = Collective::gather;
    slot.bytes.assign(mine.begin(), mine.end());
    meeting_->arrive_and_wait();
    check_same_call();
    std::vector<std::byte> all;
    for (int r = 0; r < size(); ++r) {
      const std::vector<std::byte>& theirs = meeting_->slot(r).bytes;
      all.insert(all.end(), theirs.begin(), theirs.end());
    }
    meeting_->arrive_and_wait();
    slot.bytes = {};
    return all;
  }

  void abort() noexcept override { give_up("has given up"); }

 private:
  void give_up(const char* why) noexcept {
    try {
      meeting_->set_failed(fmt::format("rank {} {}", rank_, why));
    } catch (...) {  // out of memory: the others run into their time limit
    }
  }

  void reduce(Collective collective, std::span<std::int64_t> values) {
    meeting_->check_usable();
    Meeting::Slot& slot = meeting_->slot(rank_);
    slot.collective = collective;
    slot.values.assign(values.begin(), values.end());
    meeting_->arrive_and_wait();
    check_same_call();
    reduce_my_share(collective);
    meeting_->arrive_and_wait();
    for (int r = 0; r < size(); ++r) {
      const std::vector<std::int64_t>& share = meeting_->slot(r).reduced;
      std::copy(share.begin(), share.end(), values.begin() + share_begin(r, values.size()));
    }
  }

  std::size_t share_begin(int r, std::size_t values) const {
    return values * static_cast<std::size_t>(r) / static_cast<std::size_t>(size());
  }

  // Rank r reduces the r-th of `size` slices of the vector for all.
  void reduce_my_share(Collective collective) {
    const std::vector<std::int64_t>& first = meeting_->slot(0).values;
    const std::size_t begin = share_begin(rank_, first.size());
    const std::size_t end = share_begin(rank_ + 1, first.size());
    std::vector<std::int64_t>& share = meeting_->slot(rank_).reduced;
    share.assign(first.begin() + begin, first.begin() + end);
    for (int r = 1; r < size(); ++r) {
      const std::int64_t* theirs = meeting_->slot(r).values.data() + begin;
      for (std::size_t i = 0; i < share.size(); ++i) {
        if (collective == Collective::sum) {  // wrapping, hence unsigned
          share[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(share[i]) +
                                               static_cast<std::uint64_t>(theirs[i]));
        } else {
          share[i] = std::max(share[i], theirs[i]);
        }
      }
    }
  }

  // Every rank sees the same slots, so that all raise or none.
  void check_same_call() {
    const Meeting::Slot& first = meeting_->slot(0);
    for (int r = 1; r < size(); ++r) {
      const Meeting::Slot& other = meeting_->slot(r);
      std::string why;
      if (other.collective != first.collective) {
        why = fmt::format("rank 0 calls {} while rank {} calls {}", name(first.collective), r,
                          name(other.collective));
      } else if (first.collective != Collective::gather && other.values.size() != first.values.size()) {
        why = fmt::format("rank 0 gives {} values while rank {} gives {}", first.values.size(), r,
                          other.values.size());
      } else {
        continue;
      }
      meeting_->set_failed(why);
      meeting_->check_usable();
    }
  }

  std::shared_ptr<Meeting> meeting_;
  const int rank_;
};

}  // namespace

std::vector<std::shared_ptr<Communicator>> in_process_communicators(int size, double timeout_seconds) {
  if (size < 1 || size > 1024)
    fail(ErrorCode::invalid_parameter, "communicator size = {}: must be between 1 and 1024", size);
  // A year: far below what the clock's arithmetic can hold.
  constexpr double longest = 365.0 * 86400.0;
  if (!(timeout_seconds > 0) || timeout_seconds > longest)
    fail(ErrorCode::invalid_parameter, "timeout_seconds = {}: must be above 0 and at most {}",
         timeout_seconds, longest);
  const auto meeting = std::make_shared<Meeting>(size, timeout_seconds);
  std::vector<std::shared_ptr<Communicator>> ranks;
  for (int r = 0; r < size; ++r) ranks.push_back(std::make_shared<InProcess>(meeting, r));
  return ranks;
}

}  // namespace ramet
