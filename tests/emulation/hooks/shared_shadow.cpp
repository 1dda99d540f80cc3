#include "shared_shadow.hpp"

#include <algorithm>

namespace emulation {

void SharedShadow::resize(std::size_t bytes, unsigned threads) {
  if (bytes_.size() < bytes) {
    bytes_.resize(bytes);
  }
  clocks_.assign(threads, {});
  for (unsigned thread = 0; thread < threads; ++thread) {
    clocks_[thread][thread % 32] = 1;
  }
}

void SharedShadow::block_begins() {
  ++epoch_;
  ++block_;
}

void SharedShadow::lanes_synchronised(unsigned warp, unsigned mask) {
  std::array<std::uint32_t, 32> joined{};
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1u) != 0) {
      const auto& known = clocks_[warp * 32 + lane];
      for (std::size_t i = 0; i < 32; ++i) {
        joined[i] = std::max(joined[i], known[i]);
      }
    }
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((mask >> lane & 1u) != 0) {
      clocks_[warp * 32 + lane] = joined;
      ++clocks_[warp * 32 + lane][lane];
    }
  }
}

bool SharedShadow::initialised(const ShadowAccess& access) const {
  const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(access.offset);
  return std::all_of(first, first + static_cast<std::ptrdiff_t>(access.bytes),
                     [&](const Byte& byte) { return byte.written_in_block == block_; });
}

std::optional<RaceWith> SharedShadow::add(const ShadowAccess& access) {
  std::optional<RaceWith> found;
  for (std::size_t i = access.offset; i < access.offset + access.bytes; ++i) {
    if (!found) {
      found = race(bytes_[i], access);
    }
    remember(bytes_[i], access);
  }
  return found;
}

// Whether an access of this epoch, or none, came before all that the thread does now.
bool SharedShadow::ordered(const Accessor& earlier, unsigned thread) const {
  if (earlier.epoch != epoch_ || earlier.thread == thread) {
    return true;
  }
  return earlier.thread / 32 == thread / 32 && clocks_[thread][earlier.thread % 32] >= earlier.clock;
}

std::optional<RaceWith> SharedShadow::race(const Byte& byte, const ShadowAccess& access) const {
  const bool both_atomic = byte.atomic && access.atomic;
  if (!both_atomic && !ordered(byte.writer, access.thread)) {
    return RaceWith{byte.writer.thread, true, byte.writer.site};
  }
  if (!access.atomic && byte.atomics_of_many_warps == epoch_) {
    return RaceWith{byte.writer.thread, true, byte.writer.site};
  }
  if (!access.writes) {
    return std::nullopt;
  }
  for (const Accessor& reader : byte.readers) {
    if (!ordered(reader, access.thread)) {
      return RaceWith{reader.thread, false, reader.site};
    }
  }
  if (byte.readers_of_many_warps == epoch_) {
    return RaceWith{byte.readers[0].thread, false, byte.readers[0].site};
  }
  return std::nullopt;
}

void SharedShadow::remember(Byte& byte, const ShadowAccess& access) const {
  const Accessor self{epoch_, clocks_[access.thread][access.thread % 32],
                      static_cast<std::uint16_t>(access.thread), access.site};
  if (!access.writes) {
    remember_reader(byte, self);
    return;
  }
  if (access.atomic && byte.atomic && byte.writer.epoch == epoch_ &&
      byte.writer.thread / 32 != access.thread / 32) {
    byte.atomics_of_many_warps = epoch_;
  }
  byte.writer = self;
  byte.atomic = access.atomic;
  byte.written_in_block = block_;
}

void SharedShadow::remember_reader(Byte& byte, const Accessor& self) const {
  for (const Accessor& reader : byte.readers) {
    if (reader.epoch == epoch_ && reader.thread / 32 != self.thread / 32) {
      byte.readers_of_many_warps = epoch_;
    }
  }
  if (byte.readers[0].epoch == epoch_ && byte.readers[0].thread != self.thread) {
    byte.readers[1] = byte.readers[0];
  }
  byte.readers[0] = self;
}

}  // namespace emulation
