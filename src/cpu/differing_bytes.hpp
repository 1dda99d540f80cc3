// Where two rows of bytes differ.
#pragma once

#include <cstdint>

namespace ramet::cpu {

// Bit i of `words` = a[i] != b[i], for i < count; the last word's other bits are 0. `words`: count / 64,
// rounded up.
void differing_bytes(const std::uint8_t* a, const std::uint8_t* b, std::int64_t count, std::uint64_t* words);

}  // namespace ramet::cpu
