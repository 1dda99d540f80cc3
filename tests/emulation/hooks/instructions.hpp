// Puts the accesses of a warp's lanes together to warp instructions and counts what these cost.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "emulation/traffic.hpp"

namespace emulation {

enum class AccessKind { read, write, atomic };

// What one lane accesses: at most 16 bytes.
struct LaneAccess {
  std::uint64_t address;
  std::uint32_t occurrence;
  std::uint8_t lane;
  std::uint8_t bytes;
};

// The accesses of one warp since it was last synchronised.
class WarpLog {
 public:
  // `site` stands for the instruction in the code.
  void add(std::uint64_t site, AccessKind kind, bool shared, unsigned lane, std::uint64_t address,
           unsigned bytes);
  // Adds all instructions to `traffic` and forgets them.
  void flush(Traffic& traffic);

 private:
  struct SiteLog {
    AccessKind kind{};
    bool shared = false;
    std::array<std::uint32_t, 32> occurrences{};
    std::vector<LaneAccess> accesses;
  };
  std::unordered_map<std::uint64_t, SiteLog> sites_;
};

// Cost of one warp instruction.
std::int64_t sectors(const LaneAccess* first, const LaneAccess* last);

// Wavefronts that bank conflicts add to a shared-memory instruction. Of lanes that meet at one word, plain
// accesses are served at once, atomics one after another.
std::int64_t conflicts(const LaneAccess* first, const LaneAccess* last, bool atomic);

}  // namespace emulation
