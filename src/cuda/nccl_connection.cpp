#include "cuda/nccl_connection.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "cuda/event.hpp"

namespace ramet::cuda {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds guard_interval{50};

// Waiting by asking: eagerly at first, since a level of a tree takes a millisecond or so, then less and less.
class Patience {
 public:
  void pause() const {
    const auto waited = Clock::now() - begin_;
    if (waited < std::chrono::milliseconds(2)) return std::this_thread::yield();
    std::this_thread::sleep_for(waited < std::chrono::milliseconds(100) ? std::chrono::microseconds(50)
                                                                        : std::chrono::microseconds(500));
  }
  bool exceeds(Seconds limit) const { return Clock::now() - begin_ > limit; }

 private:
  Clock::time_point begin_ = Clock::now();
};

}  // namespace

// What the user of a connection and its guard share. A guard that is stuck in NCCL may outlive the
// connection.
struct NcclConnection::Line {
  Line(const NcclLibrary& l, const NcclEndOptions& options, std::shared_ptr<NcclFailure> f)
      : library(l),
        timeout(options.timeout_seconds),
        clearing(options.clearing_seconds),
        failure(std::move(f)) {
    check(cudaGetDevice(&device), "asking for the current device");
  }

  const NcclLibrary& library;
  const Seconds timeout;
  const Seconds clearing;
  const std::shared_ptr<NcclFailure> failure;
  int device = 0;

  std::mutex calls;  // held during NCCL's calls on the handle
  std::atomic<NcclHandle> handle{nullptr};

  Event last_call;                         // everything up to the last collective
  std::atomic<bool> calling = false;       // a call has begun that `last_call` does not cover yet
  std::atomic<Clock::rep> busy_since = 0;  // when the oldest collective began that may be unfinished, or 0
  std::atomic<bool> closing = false;
  std::atomic<bool> guarded = true;

  void begin_call() {
    calling = true;
    Clock::rep idle = 0;
    busy_since.compare_exchange_strong(idle, Clock::now().time_since_epoch().count());
  }
  void end_call(cudaStream_t stream) {
    last_call.record(stream);
    calling = false;
  }
  void forget_finished_calls() {
    Clock::rep since = busy_since;
    if (since != 0 && !calling && cudaEventQuery(last_call.get()) == cudaSuccess)
      busy_since.compare_exchange_strong(since, 0);
  }

  // The guard's life.
  void guard();
  void look_for_trouble();
  void abort_handle();

  void fail_waiting() { failure->set(fmt::format("waited {} s for the other ranks", timeout.count())); }
  void fail_nccl(NcclStatus status, NcclHandle h) {
    failure->set(fmt::format("NCCL: {}", library.explain(status, h)));
  }
};

void NcclConnection::Line::guard() {
  (void)cudaSetDevice(device);  // CUDA would use memory of device 0 otherwise
  while (!failure->is_set() && !closing) {
    failure->wait(guard_interval, [&] { return closing.load(); });
    look_for_trouble();
  }
  if (failure->is_set()) abort_handle();
  guarded = false;
  failure->notify();
}

void NcclConnection::Line::look_for_trouble() {
  forget_finished_calls();
  const Clock::time_point since{Clock::duration{busy_since}};
  if (busy_since != 0 && Clock::now() - since > timeout) fail_waiting();
  const std::unique_lock lock(calls, std::try_to_lock);
  NcclHandle h = handle;
  if (!lock.owns_lock() || h == nullptr) return;
  const NcclStatus status = library.state(h);
  if (status.state == NcclState::failed) fail_nccl(status, h);
}

void NcclConnection::Line::abort_handle() {
  std::unique_lock lock(calls, std::defer_lock);
  // Calls return at once, as a rule. One that does not is stuck, and being aborted is what releases it.
  for (int i = 0; i < 100 && !lock.try_lock(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (NcclHandle h = handle.exchange(nullptr)) (void)library.abort(h);
}

NcclConnection::NcclConnection(const NcclLibrary& library, const NcclEndOptions& options,
                               std::shared_ptr<NcclFailure> failure)
    : line_(std::make_shared<Line>(library, options, std::move(failure))), rank_(options.rank) {
  guard_ = std::thread([line = line_] { line->guard(); });
  try {
    connect(options);
  } catch (...) {
    abort();
    dismiss_guard();
    throw;
  }
}

NcclConnection::~NcclConnection() {
  if (!finalize()) abort();
  dismiss_guard();
}

void NcclConnection::connect(const NcclEndOptions& options) {
  raise_if_failed();
  NcclStatus status;
  {
    const std::lock_guard lock(line_->calls);
    NcclHandle handle = nullptr;
    status = line_->library.connect(&handle, options.id, options.rank, options.size);
    line_->handle = handle;
  }
  settle(status);
}

void NcclConnection::settle(NcclStatus status) {
  for (const Patience patience;; patience.pause()) {
    raise_if_failed();
    if (status.state == NcclState::ready) return;
    if (status.state == NcclState::failed) {
      line_->fail_nccl(status, line_->handle);
    } else if (patience.exceeds(line_->timeout)) {
      line_->fail_waiting();
    } else {
      const std::lock_guard lock(line_->calls);
      NcclHandle handle = line_->handle;
      if (handle != nullptr) status = line_->library.state(handle);
    }
  }
}

void NcclConnection::enqueue(
    cudaStream_t stream,
    const std::function<NcclStatus(const NcclLibrary& library, NcclHandle handle)>& call) {
  raise_if_failed();
  line_->begin_call();
  NcclStatus status;
  {
    const std::lock_guard lock(line_->calls);
    NcclHandle handle = line_->handle;
    if (handle != nullptr) status = call(line_->library, handle);
  }
  settle(status);
  line_->end_call(stream);
}

void NcclConnection::synchronize(cudaStream_t stream) {
  for (const Patience patience;; patience.pause()) {
    const cudaError_t status = cudaStreamQuery(stream);
    // Kernels of an aborted communicator end as well, without a result.
    raise_if_failed();
    if (status == cudaSuccess) break;
    if (status != cudaErrorNotReady) check(status, "running kernels");
    (void)cudaGetLastError();
  }
  line_->forget_finished_calls();
}

// At first waits for the guard to have aborted, so that whoever catches this finds the device free of waiting
// kernels.
void NcclConnection::raise_if_failed() {
  NcclFailure& failure = *line_->failure;
  if (!failure.is_set()) return;
  const Seconds limit = std::exchange(told_, true) ? Seconds{0} : line_->clearing;
  for (const Patience patience; line_->guarded && !patience.exceeds(limit);) patience.pause();
  fail(ErrorCode::communication, "communication failed: {}", failure.why());
}

void NcclConnection::abort() noexcept {
  try {
    line_->failure->set(fmt::format("rank {} has given up", rank_));
  } catch (...) {
    line_->failure->set("a rank has given up");
  }
}

bool NcclConnection::finalize() noexcept {
  try {
    raise_if_failed();
    const std::lock_guard lock(line_->calls);
    NcclHandle handle = line_->handle;
    if (handle == nullptr) return false;
    NcclStatus status = line_->library.finalize(handle);
    const Seconds limit = std::min(line_->timeout, line_->clearing);
    for (const Patience patience; status.state == NcclState::in_progress && !patience.exceeds(limit);) {
      if (line_->failure->is_set()) return false;
      patience.pause();
      status = line_->library.state(handle);
    }
    if (status.state != NcclState::ready) return false;
    line_->handle = nullptr;
    return line_->library.destroy(handle).state != NcclState::failed;
  } catch (...) {
    return false;
  }
}

void NcclConnection::dismiss_guard() noexcept {
  line_->closing = true;
  line_->failure->notify();
  const Patience patience;
  while (line_->guarded && !patience.exceeds(line_->clearing)) patience.pause();
  if (line_->guarded) {
    guard_.detach();
  } else {
    guard_.join();
  }
}

}  // namespace ramet::cuda
