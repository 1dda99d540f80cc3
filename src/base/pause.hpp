// A breath in a loop that waits for another thread.
#pragma once

namespace ramet {

// Tells the processor that the core's other thread may go first.
inline void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace ramet
