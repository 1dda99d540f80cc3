// The block's shared memory: a heap block of just the bytes asked for, and the section of all __shared__
// variables.
#pragma once

#include <cstddef>

namespace emulation {

struct MemoryRange {
  char* data = nullptr;
  std::size_t bytes = 0;

  bool contains(const void* address) const {
    const auto* at = static_cast<const char*>(address);
    return at >= data && at < data + bytes;
  }
};

// Replaces the dynamic shared memory; 0 bytes: none.
void set_dynamic_shared_bytes(std::size_t bytes);
MemoryRange dynamic_shared_memory();

// All __shared__ variables of the program.
MemoryRange static_shared_memory();

// A block starts with nothing that makes sense in its shared memory.
void fill_shared_memory();

}  // namespace emulation
