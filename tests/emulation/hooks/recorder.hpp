// The traced build's observer: classifies every access of a kernel and passes it on to what counts and what
// checks.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "block.hpp"
#include "device_shadow.hpp"
#include "emulation/traffic.hpp"
#include "instructions.hpp"
#include "observer.hpp"
#include "shared_memory.hpp"
#include "shared_shadow.hpp"

namespace emulation {

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

  // A plain access by the code before the return address `site`. Ignored outside of kernels.
  void plain(const void* at, std::size_t bytes, bool writes, const void* site);

  std::map<std::string, Traffic> traffic();
  void reset();
  void set_checks(const TraceChecks& checks) { checks_ = checks; }

 private:
  // One thread's access, in one piece.
  struct Access {
    const char* at;
    std::size_t bytes;
    AccessKind kind;
    bool reads;
    std::uint64_t site;
  };

  void record(const Access& access);
  void record_shared(const Access& access, std::size_t offset);
  void record_global(const Access& access);
  bool in_program(const char* at) const;
  void flush_all();
  std::string where(std::uint64_t site) const;
  [[noreturn]] void fault(const Access& access, const std::string& what) const;

  std::mutex mutex_;  // guards totals_
  std::map<std::string, Traffic> totals_;
  TraceChecks checks_;

  // Of the kernel that runs; used by its host thread only.
  Traffic current_;
  std::string kernel_;
  int device_ = 0;
  std::vector<MemoryRange> program_;  // segments of the program and its libraries
  MemoryRange section_;
  MemoryRange dynamic_;
  SharedShadow shared_;
  DeviceShadow global_;
  std::vector<WarpLog> logs_;
  unsigned threads_ = 0;
  std::unordered_map<std::uint64_t, Site> atomic_sites_;
};

// The recorder, which is the engine's observer from the first call on.
Recorder& recorder();

}  // namespace emulation
