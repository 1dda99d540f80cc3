// What the traced build wants to know of the engine. Without it the pointer is null and nothing is told.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emulation/site.hpp"

namespace emulation {

struct Grid;

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void kernel_begins(const Grid& grid, int device) = 0;
  virtual void kernel_ends() = 0;
  virtual void block_begins() = 0;
  virtual void block_synchronised() = 0;
  virtual void lanes_synchronised(unsigned warp, unsigned mask) = 0;
  virtual void library_call(const char* name) = 0;
  // An atomic operation of the thread that runs. One that does not `read` only replaces what is there.
  virtual void atomic(const void* at, std::size_t bytes, bool reads, Site site) = 0;
  virtual void allocated(const void* at, std::size_t bytes) = 0;
  virtual void freed(const void* at) = 0;
  // Device memory that the runtime or a library has written, or copied.
  virtual void written(const void* at, std::size_t bytes) = 0;
  virtual void copied(const void* to, const void* from, std::size_t bytes) = 0;
};

extern Observer* observer;

}  // namespace emulation
