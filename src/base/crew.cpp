#include "base/crew.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/float_mode.hpp"
#include "base/pause.hpp"

namespace ramet {
namespace {

// Waits a little longer each time it is asked, and gives the core away if the wait gets long.
class Patience {
 public:
  void wait() {
    ++waits_;
    if (waits_ < busy_waits) return pause();
    std::this_thread::yield();
  }
  bool is_over() const {
    // Looking at the clock takes longer than looking for work.
    return waits_ % 64 == 0 && std::chrono::steady_clock::now() - start_ > longest;
  }

 private:
  static constexpr int busy_waits = 2'000;
  static constexpr std::chrono::microseconds longest{200};
  int waits_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

struct Crew::Shared {
  explicit Shared(int threads)
      : shares(static_cast<std::size_t>(threads)), present(static_cast<std::size_t>(threads)) {}

  // The loop: set while it is not open and nobody takes part.
  Body body = nullptr;
  const void* context = nullptr;
  // A worker begins with its own share of the indices, the same in each loop of as many, so that it finds its
  // rows in its cache; then it helps the others.
  struct alignas(64) Share {
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };
  std::vector<Share> shares;

  alignas(64) std::atomic<bool> open{false};  // helpers may take part
  std::atomic<std::uint64_t> loops{0};        // opened so far
  std::atomic<bool> over{false};              // there will be no more
  alignas(64) std::atomic<int> taking_part{0};
  std::vector<std::atomic<bool>> present;  // per worker: called, and not gone again
  std::mutex mutex;                        // guards what follows
  std::exception_ptr error;

  void divide(std::int64_t count) {
    const auto workers = static_cast<std::int64_t>(shares.size());
    for (std::int64_t w = 0; w < workers; ++w) {
      Share& share = shares[static_cast<std::size_t>(w)];
      share.next.store(count * w / workers);
      share.end = count * (w + 1) / workers;
    }
  }

  void take_items(int worker) {
    const FloatMode mode;
    try {
      for (std::size_t k = 0; k < shares.size(); ++k) {
        Share& share = shares[(static_cast<std::size_t>(worker) + k) % shares.size()];
        if (share.next.load() >= share.end) continue;
        for (std::int64_t i = share.next.fetch_add(1); i < share.end; i = share.next.fetch_add(1))
          body(context, i, worker);
      }
    } catch (...) {
      for (Share& share : shares) share.next.store(share.end);
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  }

  // Either the caller sees that somebody takes part, or that one sees that the loop is closed.
  void take_part(int worker) {
    taking_part.fetch_add(1);
    if (open.load()) take_items(worker);
    taking_part.fetch_sub(1);
  }

  void help(int worker) {
    std::atomic<bool>& here = present[static_cast<std::size_t>(worker)];
    do {
      std::uint64_t seen = 0;
      for (Patience patience; !patience.is_over() && !over.load();) {
        const std::uint64_t now = loops.load();
        if (now == seen) {
          patience.wait();
          continue;
        }
        seen = now;
        take_part(worker);
        patience = {};
      }
      here.store(false);
      // A loop that was opened meanwhile counted on this worker.
    } while (open.load() && !here.exchange(true));
  }
};

Crew::Crew(int threads) : threads_(threads), arena_(threads), shared_(std::make_unique<Shared>(threads)) {}

// Helpers that have not come yet are called off: this thread runs their tasks, which have nothing left to do.
Crew::~Crew() {
  shared_->over.store(true);
  arena_.execute([&] { helpers_.wait(); });
}

void Crew::call_helpers() {
  Shared& shared = *shared_;
  for (int worker = 1; worker < threads_; ++worker) {
    std::atomic<bool>& present = shared.present[static_cast<std::size_t>(worker)];
    if (present.load() || present.exchange(true)) continue;
    const auto help = [&shared, worker] { shared.help(worker); };
#if defined(__SANITIZE_THREAD__)
    threads_of_its_own_.emplace_back(help);
#else
    arena_.execute([&] { helpers_.run(help); });
#endif
  }
}

void Crew::run(std::int64_t count, Body body, const void* context) {
  Shared& shared = *shared_;
  if (shared.open.load()) {
    for (std::int64_t i = 0; i < count; ++i) body(context, i, 0);
    return;
  }
  shared.body = body;
  shared.context = context;
  shared.divide(count);
  shared.open.store(true);
  shared.loops.fetch_add(1);
  call_helpers();
  shared.take_items(0);
  shared.open.store(false);
  for (Patience patience; shared.taking_part.load() != 0;) patience.wait();
  if (shared.error) std::rethrow_exception(std::exchange(shared.error, nullptr));
}

}  // namespace ramet
