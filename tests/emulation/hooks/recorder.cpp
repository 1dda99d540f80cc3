#include "recorder.hpp"

#include <link.h>

#include <algorithm>
#include <cstdlib>

#include "code_location.hpp"
#include "machine.hpp"
#include "traffic_table.hpp"

namespace emulation {
namespace {

// Sites of atomics are marked, those of plain accesses are return addresses.
constexpr std::uint64_t atomic_mark = std::uint64_t{1} << 60;

std::uint64_t key_of(Site site) {
  const auto file = reinterpret_cast<std::uint64_t>(site.file_name());
  return atomic_mark | ((file * 31 + site.line() * 1031ull + site.column()) & (atomic_mark - 1));
}

int add_segments(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_LOAD) {
      static_cast<std::vector<MemoryRange>*>(out)->push_back(
          {reinterpret_cast<char*>(info->dlpi_addr + segment.p_vaddr), segment.p_memsz});
    }
  }
  return 0;
}

}  // namespace

Recorder& recorder() {
  static auto* const the_recorder = [] {
    auto* fresh = new Recorder();  // outlives static objects that release device memory
    observer = fresh;
    if (std::getenv("RAMET_EMULATED_TRAFFIC") != nullptr) {
      std::atexit([] { write_traffic(std::getenv("RAMET_EMULATED_TRAFFIC"), traffic()); });
    }
    return fresh;
  }();
  return *the_recorder;
}

Recorder::Recorder() = default;

void Recorder::kernel_begins(const Grid& grid, int device) {
  kernel_ = grid.kernel_name;
  device_ = device;
  current_ = {};
  current_.launches = 1;
  program_.clear();
  dl_iterate_phdr(add_segments, &program_);
  section_ = static_shared_memory();
  dynamic_ = dynamic_shared_memory();
  threads_ = grid.block_size.x * grid.block_size.y * grid.block_size.z;
  shared_.resize(section_.bytes + dynamic_.bytes, threads_);
  logs_.assign((threads_ + 31) / 32, {});
}

void Recorder::kernel_ends() {
  flush_all();
  const std::lock_guard lock(mutex_);
  Traffic& total = totals_[kernel_];
  // All members are counts of the same type.
  static_assert(sizeof(Traffic) % sizeof(std::int64_t) == 0);
  auto* sums = reinterpret_cast<std::int64_t*>(&total);
  const auto* counts = reinterpret_cast<const std::int64_t*>(&current_);
  for (std::size_t i = 0; i < sizeof(Traffic) / sizeof(std::int64_t); ++i) {
    sums[i] += counts[i];
  }
  current_ = {};
}

void Recorder::block_begins() {
  flush_all();
  ++current_.blocks;
  shared_.block_begins();
}

void Recorder::block_synchronised() {
  flush_all();
  ++current_.block_barriers;
  shared_.block_synchronised();
}

void Recorder::lanes_synchronised(unsigned warp, unsigned mask) {
  shared_.lanes_synchronised(warp, mask);
  const unsigned lanes = std::min(32u, threads_ - warp * 32);
  if (mask == 0xffffffffu >> (32 - lanes)) {
    logs_[warp].flush(current_);
  }
}

void Recorder::flush_all() {
  for (WarpLog& log : logs_) {
    log.flush(current_);
  }
}

void Recorder::library_call(const char* name) {
  const std::lock_guard lock(mutex_);
  ++totals_[name].launches;
}

void Recorder::allocated(const void* at, std::size_t bytes) {
  global_.allocated(static_cast<const char*>(at), bytes);
}
void Recorder::freed(const void* at) { global_.freed(static_cast<const char*>(at)); }
void Recorder::written(const void* at, std::size_t bytes) {
  global_.written(static_cast<const char*>(at), bytes);
}
void Recorder::copied(const void* to, const void* from, std::size_t bytes) {
  global_.copied(static_cast<const char*>(to), static_cast<const char*>(from), bytes);
}

std::map<std::string, Traffic> Recorder::traffic() {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void Recorder::reset() {
  const std::lock_guard lock(mutex_);
  totals_.clear();
}

void Recorder::atomic(const void* at, std::size_t bytes, bool reads, Site site) {
  if (running_block == nullptr || !running_block->has_current()) {
    return;
  }
  const OutsideOfKernel scope(running_block->current());
  const std::uint64_t key = key_of(site);
  atomic_sites_.emplace(key, site);
  record({static_cast<const char*>(at), bytes, AccessKind::atomic, reads, key});
}

void Recorder::plain(const void* at, std::size_t bytes, bool writes, const void* site) {
  // Instrumented code of the host runs outside of fibers, maybe beside a kernel of another thread.
  if (!on_fiber_stack(__builtin_frame_address(0)) || !running_block->current().in_kernel ||
      on_fiber_stack(at)) {
    return;
  }
  const OutsideOfKernel scope(running_block->current());
  constexpr std::size_t widest = 16;
  const auto* first = static_cast<const char*>(at);
  for (std::size_t done = 0; done < bytes; done += widest) {
    record({first + done, std::min(widest, bytes - done), writes ? AccessKind::write : AccessKind::read,
            !writes, reinterpret_cast<std::uint64_t>(site) + (done << 48)});
  }
}

void Recorder::record(const Access& access) {
  if (section_.contains(access.at)) {
    record_shared(access, static_cast<std::size_t>(access.at - section_.data));
  } else if (dynamic_.contains(access.at)) {
    if (access.at + access.bytes > dynamic_.data + dynamic_.bytes) {
      fault(access, "reaches beyond the dynamic shared memory");
    }
    record_shared(access, section_.bytes + static_cast<std::size_t>(access.at - dynamic_.data));
  } else if (!in_program(access.at)) {
    record_global(access);
  }
}

void Recorder::record_shared(const Access& access, std::size_t offset) {
  const Thread& thread = running_block->current();
  logs_[thread.warp].add(access.site, access.kind, true, thread.lane, offset,
                         static_cast<unsigned>(access.bytes));
  const ShadowAccess shadow{offset,
                            access.bytes,
                            thread.warp * 32 + thread.lane,
                            access.reads,
                            access.kind != AccessKind::read,
                            access.kind == AccessKind::atomic,
                            access.site};
  if (checks_.uninitialised_shared && access.reads && !shared_.initialised(shadow)) {
    fault(access, "reads shared memory that the block has not written");
  }
  if (const auto other = shared_.add(shadow); other && checks_.races) {
    fault(access, std::string("race on shared memory with thread ") + std::to_string(other->thread) +
                      ", which " + (other->wrote ? "wrote" : "read") + " it at " + where(other->site));
  }
}

void Recorder::record_global(const Access& access) {
  const Thread& thread = running_block->current();
  std::string problem;
  {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    const Allocation* found = m.find(access.at);
    if (found == nullptr) {
      problem = "touches memory that is not the device's";
    } else if (access.at + access.bytes > found->data + found->bytes) {
      problem = "reaches beyond its allocation of " + std::to_string(found->bytes) + " bytes";
    } else if (found->kind == MemoryKind::device && found->device != device_ &&
               !m.devices[device_].peers.contains(found->device)) {
      problem = "touches memory of device " + std::to_string(found->device);
    }
  }
  if (!problem.empty()) {
    fault(access, problem);
  }
  if (access.reads && checks_.uninitialised_global && !global_.initialised(access.at, access.bytes)) {
    fault(access, "reads device memory that nothing has written");
  }
  if (access.kind != AccessKind::read) {
    global_.written(access.at, access.bytes);
  }
  logs_[thread.warp].add(access.site, access.kind, false, thread.lane,
                         reinterpret_cast<std::uint64_t>(access.at), static_cast<unsigned>(access.bytes));
}

bool Recorder::in_program(const char* at) const {
  return std::any_of(program_.begin(), program_.end(),
                     [&](const MemoryRange& range) { return range.contains(at); });
}

std::string Recorder::where(std::uint64_t site) const {
  const auto atomic = atomic_sites_.find(site);
  return atomic != atomic_sites_.end() ? describe(atomic->second)
                                       : code_location(site & ((std::uint64_t{1} << 48) - 1));
}

void Recorder::fault(const Access& access, const std::string& what) const {
  const char* kind = access.kind == AccessKind::read    ? "read"
                     : access.kind == AccessKind::write ? "write"
                                                        : "atomic";
  running_block->abandon(std::string(kind) + " at " + where(access.site) + ": " + what);
}

std::map<std::string, Traffic> traffic() { return recorder().traffic(); }
void reset_traffic() { recorder().reset(); }
void set_trace_checks(const TraceChecks& checks) { recorder().set_checks(checks); }

}  // namespace emulation
