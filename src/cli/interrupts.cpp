#include "interrupts.hpp"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>

namespace ramet::cli {
namespace {

// Wakes the watcher at the end. Not one of the user's signals: those may be ignored, or be on their way.
constexpr int wake_signal = SIGUSR1;

bool ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

[[noreturn]] void quit(int signal) {
  std::fputs("ramet: error: interrupted\n", stderr);
  std::_Exit(128 + signal);
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
    if (!noting_ || requested_ != 0) quit(signal);
    requested_ = signal;
  }
}

}  // namespace ramet::cli
