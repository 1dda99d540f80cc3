// Ctrl-C: the work ends at the next safe point, and what it has not finished writing is removed.
#pragma once

#include <atomic>
#include <csignal>
#include <exception>
#include <thread>

namespace ramet::cli {

// Ends a command: its exit code is 128 + signal.
class Interrupted : public std::exception {
 public:
  explicit Interrupted(int signal) : signal_(signal) {}
  int signal() const noexcept { return signal_; }
  const char* what() const noexcept override { return "interrupted"; }

 private:
  int signal_;
};

// Takes SIGINT and SIGTERM over for its lifetime. No handler and no global state: the signals are blocked in
// all threads and read by a thread of its own. Must therefore be made before any other thread. Signals that
// the parent process chose to ignore (nohup, shell background jobs) stay ignored.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Until this call a signal ends the process at once with exit code 128 + signal; from now on the first one
  // is only noted and the second one does that. To be called before there is a file that must not be left
  // half done.
  void note_only() noexcept { noting_ = true; }

  // The signal noted, or 0.
  int requested() const noexcept { return requested_; }

  // Throws Interrupted if a signal has been noted.
  void check() const {
    if (const int signal = requested()) throw Interrupted(signal);
  }

 private:
  void watch();

  sigset_t watched_{};
  sigset_t previous_{};
  std::atomic<bool> noting_ = false;
  std::atomic<int> requested_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread watcher_;
};

}  // namespace ramet::cli
