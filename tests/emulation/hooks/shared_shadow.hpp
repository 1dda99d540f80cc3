// For each byte of shared memory: who has read and written it since the block's last barrier. Finds accesses
// that nothing orders, and reads of bytes that the block has not written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace emulation {

struct ShadowAccess {
  std::size_t offset;
  std::size_t bytes;
  unsigned thread;  // in the block
  bool reads;
  bool writes;
  bool atomic;
  std::uint64_t site;
};

struct RaceWith {
  unsigned thread;
  bool wrote;
  std::uint64_t site;
};

class SharedShadow {
 public:
  // For a kernel's whole shared memory and the threads of a block.
  void resize(std::size_t bytes, unsigned threads);
  void block_begins();
  void block_synchronised() { ++epoch_; }
  // The lanes of the mask in a warp have met: what each did before is ordered before what each does next.
  void lanes_synchronised(unsigned warp, unsigned mask);

  // Whether this block has written all the bytes.
  bool initialised(const ShadowAccess& access) const;
  // Remembers the access. Returns the one that it races with, if any.
  std::optional<RaceWith> add(const ShadowAccess& access);

 private:
  struct Accessor {
    std::uint32_t epoch = 0;
    std::uint32_t clock = 0;
    std::uint16_t thread = 0;
    std::uint64_t site = 0;
  };
  struct Byte {
    Accessor writer;
    std::array<Accessor, 2> readers;  // the latest of two different threads
    std::uint32_t written_in_block = 0;
    std::uint32_t readers_of_many_warps = 0;  // the epoch in which that was so
    std::uint32_t atomics_of_many_warps = 0;  // likewise
    bool atomic = false;                      // the latest write was one
  };

  bool ordered(const Accessor& earlier, unsigned thread) const;
  std::optional<RaceWith> race(const Byte& byte, const ShadowAccess& access) const;
  void remember(Byte& byte, const ShadowAccess& access) const;
  void remember_reader(Byte& byte, const Accessor& self) const;

  std::vector<Byte> bytes_;
  std::vector<std::array<std::uint32_t, 32>> clocks_;  // by thread: what it knows of its warp's lanes
  std::uint32_t epoch_ = 1;                            // counts barriers and blocks, over all launches
  std::uint32_t block_ = 0;
};

}  // namespace emulation
