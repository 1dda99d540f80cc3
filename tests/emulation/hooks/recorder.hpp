// The traced build's observer: classifies every access of a kernel and passes it on to what counts and what checks.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "block.hpp"
#include "device_shadow.hpp"
#include "emulation/traffic.hpp"
#include "instructions.hpp"
#include "observer.hpp"
#include "shared_shadow.hpp"

namespace emulation {

enum class AccessKind { read, write, atomic, atomic_exchange };

class Recorder final : public Observer {
 public:
  Recorder();
  void kernel_begins(const Grid& grid, int device) override;
  void kernel_ends() override;
  void block_begins() override;
  void block_synchronised() override;
  void lanes_synchronised(unsigned warp, unsigned mask) override;
  void library_call(const char* name) override;
  void atomic(const void* at, std::size_t bytes, bool reads, Site site) override;
  void allocated(const void* at, std::size_t bytes) override;
  void freed(const void* at) override;
  void written(const void* at, std::size_t bytes) override;
  void copied(const void* to, const void* from, std::size_t bytes) override;

  // A plain access by the code at `site`. Does nothing outside of kernels.
  void access(const void* at, std::size_t bytes, bool writes, const void* site);

  std::map<std::string, Traffic> traffic();
  void reset();
  void set_checks(const TraceChecks& checks) { checks_ = checks; }

 private:
  struct Range {
    const char* begin;
    const char* end;
    bool shared;
  };

  void record(Thread& thread, const char* at, std::size_t bytes, AccessKind kind, std::uint64_t site,
              const std::string& (*where)(std::uint64_t));
  void shared_access(Thread& thread, const char* at, std::size_t bytes, AccessKind kind, std::uint64_t site);
  void global_access(Thread& thread, const char* at, std::size_t bytes, AccessKind kind, std::uint64_t site);
  // Whether the address is the kernel's to use; false: memory of the host or of nobody.
  bool find_global(const char* at, std::size_t bytes);
  void flush(unsigned warp);
  [[noreturn]] void fault(const std::string& what, AccessKind kind, std::uint64_t site);

  std::mutex mutex_;  // guards totals_
  std::map<std::string, Traffic> totals_;
  TraceChecks checks_;

  // Of the kernel that runs; used by its host thread only.
  Traffic current_;
  std::string kernel_;
  int device_ = 0;
  Range last_global_{};
  std::vector<Range> modules_;
  MemoryRange section_;
  MemoryRange dynamic_;
  SharedShadow shadow_;
  DeviceShadow device_shadow_;
  std::vector<WarpLog> logs_;
};

// The recorder, installed as the engine's observer when first asked for.
Recorder& recorder();

}  // namespace emulation
