// Damaged model files whose checksums agree, so that what lies behind the checksums is tested too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "model/section_table.hpp"

namespace ramet::model::testing {

// Recomputes file size and all checksums of something like a model file, as far as its table makes sense.
inline void repair_checksums(std::vector<std::byte>& file) {
  if (file.size() < file_header_bytes) return;
  const auto get64 = [&](std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, file.data() + at, sizeof(value));
    return value;
  };
  const auto put64 = [&](std::size_t at, std::uint64_t value) {
    std::memcpy(file.data() + at, &value, sizeof(value));
  };
  const std::uint64_t sections = get64(8) >> 32;
  if (sections > (file.size() - file_header_bytes) / table_entry_bytes) return;
  const std::size_t table_end = file_header_bytes + sections * table_entry_bytes;
  for (std::size_t at = file_header_bytes; at < table_end; at += table_entry_bytes) {
    const std::uint64_t offset = get64(at);
    const std::uint64_t length = get64(at + 8);
    if (offset > file.size() || length > file.size() - offset) continue;
    put64(at + 24, section_checksum(std::span<const std::byte>(file).subspan(offset, length)));
  }
  put64(16, file.size());
  put64(24, 0);
  put64(24, section_checksum(std::span<const std::byte>(file).first(table_end)));
}

}  // namespace ramet::model::testing
