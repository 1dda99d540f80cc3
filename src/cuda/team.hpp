// The host threads that drive a session's devices, one for each, for as long as the session lives.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ramet::cuda {

// Member m drives device `devices[m]`. A team of one has no thread: its tasks run on the caller's.
class Team {
 public:
  // `devices`: CUDA's numbers, at least one. Throws what `check` does where a device cannot be used.
  explicit Team(std::vector<int> devices);
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  int size() const noexcept { return static_cast<int>(devices_.size()); }
  int device(int member) const { return devices_[static_cast<std::size_t>(member)]; }

  // What a member that failed does at once, on its own thread, so that others do not wait for it: usually it
  // aborts its DeviceComm. Must not throw.
  void on_failure(std::function<void(int member)> wake) { wake_ = std::move(wake); }

  // Calls task(member) for all members at the same time, each on its thread, with its device current and in
  // the float mode of the numbers contract. Returns when all have ended; then rethrows the exception that
  // came first. One call at a time, and none from within a task. As failing calls on_failure, errors that all
  // members know alike and can go on after are better thrown outside.
  template <class Task>
  void run(const Task& task) {
    run_all(
        {.call = [](const void* t, int member) { (*static_cast<const Task*>(t))(member); }, .task = &task});
  }

 private:
  // A reference to a callable.
  struct TaskRef {
    void (*call)(const void* task, int member) = nullptr;
    const void* task = nullptr;
  };

  void run_all(TaskRef task);
  void run_here(TaskRef task);
  // Keeps the task's exception, if it is the first.
  void attempt(TaskRef task, int member) noexcept;
  // The life of a member's thread.
  void serve(int member);
  void close() noexcept;

  std::vector<int> devices_;
  std::function<void(int)> wake_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable begun_;
  std::condition_variable ended_;
  TaskRef task_;
  std::uint64_t runs_ = 0;
  int running_ = 0;
  bool closing_ = false;
  std::exception_ptr first_error_;

  std::vector<std::thread> threads_;
};

}  // namespace ramet::cuda
