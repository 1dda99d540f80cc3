// The outer layout of a model file: a header, a table of sections, then the sections, without gaps.
//
//   header   magic "RAMETMDL", format version u32, sections u32, file size u64, checksum u64 (of the header
//   with
//            this field zero, and of the table)
//   table    per section: offset u64, length u64, kind u32, zero u32, checksum u64
//   sections kind by kind, each a FlatBuffers buffer of model.fbs padded with zeros to a multiple of 16 bytes
//
// Numbers are little-endian, checksums xxHash3-64. Every byte of a file is covered by one of the checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ramet::model {

inline constexpr std::uint32_t file_format_version = 1;

enum class SectionKind : std::uint32_t { head = 1, features = 2, trees = 3 };

std::string_view section_name(SectionKind kind);

inline constexpr std::size_t file_header_bytes = 32;
inline constexpr std::size_t table_entry_bytes = 32;
inline constexpr std::size_t section_alignment = 16;

struct SectionEntry {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  SectionKind kind = SectionKind::head;
  std::uint64_t checksum = 0;
};

std::uint64_t section_checksum(std::span<const std::byte> bytes);

// The bytes of header and table. Offsets are filled in here; the file's size is the end of the last section.
std::vector<std::byte> encode_table(const std::vector<SectionEntry>& sections);

// The number of sections that a header promises. `file_bytes`: the true size of the file.
// Throws Error{bad_model} if this is no header of a file of that size.
std::uint32_t decode_header(std::span<const std::byte> header, std::uint64_t file_bytes);

// The table of `header_and_table` (exactly as long as decode_header implies), its checksum and layout
// checked: sections follow each other without gaps up to the end of the file, one head first, then features,
// then trees. Throws Error{bad_model}.
std::vector<SectionEntry> decode_table(std::span<const std::byte> header_and_table, std::uint64_t file_bytes);

}  // namespace ramet::model
