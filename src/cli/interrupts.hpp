// Ctrl-C during training: the first one ends it after the current round, the second one kills the process.
#pragma once

#include <csignal>
#include <atomic>
#include <thread>

namespace ramet::cli {

// Takes SIGINT and SIGTERM over for its lifetime. No handler and no global state: the signals are blocked in all
// threads and read by a thread of its own. Must therefore be made before any other thread. Signals that
// the parent process chose to ignore (nohup, shell background jobs) stay ignored.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Until this call a signal kills the process as usual; from now on the first one is only noted.
  void finish_rounds() noexcept { graceful_ = true; }

  // The signal noted, or 0.
  int requested() const noexcept { return requested_; }

 private:
  void watch();

  sigset_t watched_{};
  sigset_t previous_{};
  std::atomic<bool> graceful_ = false;
  std::atomic<int> requested_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread watcher_;
};

}  // namespace ramet::cli
