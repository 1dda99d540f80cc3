// The threads of parallel loops that follow one another within microseconds.
#pragma once

#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <cstdint>
#include <memory>
#if defined(__SANITIZE_THREAD__)
#include <thread>
#include <vector>
#endif

namespace ramet {

// Helpers are threads of a oneTBB arena. They stay for a moment after a loop and look out for the next one,
// which then begins sooner than by waking them; after that they go back. Whoever is there takes work: nobody
// waits for a thread that has not come.
class Crew {
 public:
  using Body = void (*)(const void* context, std::int64_t i, int worker);

  // threads > 1, the caller's among them.
  explicit Crew(int threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Calls body(context, i, worker) for 0 <= i < count, each worker on one thread at a time; the caller is
  // worker 0. The first exception ends the loop early and is rethrown. A loop begun by a body runs on its
  // thread alone.
  void run(std::int64_t count, Body body, const void* context);

 private:
  struct Shared;

  void call_helpers();

  int threads_;
  oneapi::tbb::task_arena arena_;
  oneapi::tbb::task_group helpers_;
  std::unique_ptr<Shared> shared_;
#if defined(__SANITIZE_THREAD__)
  // The sanitizer cannot see how oneTBB hands over what a helper is to do.
  std::vector<std::jthread> threads_of_its_own_;
#endif
};

}  // namespace ramet
