// What kernels of the traced build moved, by kernel. Needs objects compiled with -fsanitize=thread and the
// library ramet_emulation_hooks.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace emulation {

// Sums over all launches of a kernel. A warp instruction is what the lanes of a warp do at one place of the
// code, each for the same time since the warp's last synchronisation. Sectors are the 32-byte pieces that a
// warp instruction touches. Conflicts are wavefronts beyond those that an access without bank conflicts
// needs.
struct Traffic {
  std::int64_t launches = 0;
  std::int64_t blocks = 0;
  std::int64_t block_barriers = 0;
  std::int64_t global_read_bytes = 0;
  std::int64_t global_read_instructions = 0;
  std::int64_t global_read_sectors = 0;
  std::int64_t global_write_bytes = 0;
  std::int64_t global_write_instructions = 0;
  std::int64_t global_write_sectors = 0;
  std::int64_t global_atomics = 0;  // lanes
  std::int64_t global_atomic_instructions = 0;
  std::int64_t global_atomic_sectors = 0;
  std::int64_t shared_read_instructions = 0;
  std::int64_t shared_write_instructions = 0;
  std::int64_t shared_conflicts = 0;  // of plain reads and writes
  std::int64_t shared_atomics = 0;    // lanes
  std::int64_t shared_atomic_instructions = 0;
  std::int64_t shared_atomic_conflicts = 0;  // lanes that meet at one address conflict too
};

// By the kernel's name as in Fault's messages; emulated libraries' calls count as launches of their names.
// The environment variable RAMET_EMULATED_TRAFFIC names a file to which a program writes them when it ends.
std::map<std::string, Traffic> traffic();
void reset_traffic();

// What the traced build makes a Fault of, besides accesses outside of the device's memory.
struct TraceChecks {
  bool races = true;                 // on shared memory
  bool uninitialised_shared = true;  // reads of what this block has not written
  bool uninitialised_global = true;  // reads of device memory that nothing has written since its allocation
};
void set_trace_checks(const TraceChecks& checks);

}  // namespace emulation
