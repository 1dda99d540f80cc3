#include "interrupts.hpp"

#include <pthread.h>

#include <cstdio>

namespace ramet::cli {
namespace {

// Wakes the watcher at the end. Not one of the user's signals: those may be ignored, or be on their way.
constexpr int wake_signal = SIGUSR1;

bool ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Ends the process by the signal itself, so that the parent sees the true cause.
void die_of(int signal) {
  sigset_t only{};
  sigemptyset(&only);
  sigaddset(&only, signal);
  pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  std::raise(signal);
}

}  // namespace

Interrupts::Interrupts() {
  sigemptyset(&watched_);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (!ignored(signal)) sigaddset(&watched_, signal);
  }
  sigaddset(&watched_, wake_signal);
  pthread_sigmask(SIG_BLOCK, &watched_, &previous_);
  watcher_ = std::thread([this] { watch(); });
}

Interrupts::~Interrupts() {
  ending_ = true;
  pthread_kill(watcher_.native_handle(), wake_signal);
  watcher_.join();
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

void Interrupts::watch() {
  for (int signal = 0; sigwait(&watched_, &signal) == 0;) {
    if (signal == wake_signal) {
      if (ending_) return;
      continue;
    }
    if (!graceful_ || requested_ != 0) die_of(signal);
    requested_ = signal;
    std::fputs("\nramet: stopping after this round; once more to quit at once\n", stderr);
  }
}

}  // namespace ramet::cli
