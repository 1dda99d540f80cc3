#include "model/section_table.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include "base/error.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ramet::model {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

constexpr std::string_view magic = "RAMETMDL";
constexpr std::size_t version_at = 8;
constexpr std::size_t sections_at = 12;
constexpr std::size_t size_at = 16;
constexpr std::size_t checksum_at = 24;

template <class T>
T get(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

template <class T>
void put(std::span<std::byte> bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

// The stored checksum counts as zero.
std::uint64_t table_checksum(std::vector<std::byte> header_and_table) {
  put(header_and_table, checksum_at, std::uint64_t{0});
  return section_checksum(header_and_table);
}

}  // namespace

std::string_view section_name(SectionKind kind) {
  switch (kind) {
    case SectionKind::head:
      return "head";
    case SectionKind::features:
      return "features";
    case SectionKind::trees:
      return "trees";
  }
  return "unknown";
}

std::uint64_t section_checksum(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::vector<std::byte> encode_table(const std::vector<SectionEntry>& sections) {
  std::vector<std::byte> bytes(file_header_bytes + sections.size() * table_entry_bytes);
  std::uint64_t offset = bytes.size();
  std::size_t at = file_header_bytes;
  for (const SectionEntry& section : sections) {
    put(bytes, at, offset);
    put(bytes, at + 8, section.length);
    put(bytes, at + 16, static_cast<std::uint32_t>(section.kind));
    put(bytes, at + 24, section.checksum);
    offset += section.length;
    at += table_entry_bytes;
  }
  std::memcpy(bytes.data(), magic.data(), magic.size());
  put(bytes, version_at, file_format_version);
  put(bytes, sections_at, static_cast<std::uint32_t>(sections.size()));
  put(bytes, size_at, offset);
  put(bytes, checksum_at, table_checksum(bytes));
  return bytes;
}

std::uint32_t decode_header(std::span<const std::byte> header, std::uint64_t file_bytes) {
  if (header.size() < file_header_bytes || std::memcmp(header.data(), magic.data(), magic.size()) != 0) {
    fail(ErrorCode::bad_model, "not a Ramet model file (it does not begin with `{}`)", magic);
  }
  const auto version = get<std::uint32_t>(header, version_at);
  if (version != file_format_version) {
    fail(ErrorCode::bad_model, "format version {} {}: this library reads version {}", version,
         version > file_format_version ? "is too new" : "is unknown", file_format_version);
  }
  const auto size = get<std::uint64_t>(header, size_at);
  if (size != file_bytes) {
    fail(ErrorCode::bad_model, "truncated or extended: {} bytes where the header says {}", file_bytes, size);
  }
  const auto sections = get<std::uint32_t>(header, sections_at);
  if (sections < 1 || sections > (file_bytes - file_header_bytes) / table_entry_bytes) {
    fail(ErrorCode::bad_model, "{} sections do not fit into a file of {} bytes", sections, file_bytes);
  }
  return sections;
}

std::vector<SectionEntry> decode_table(std::span<const std::byte> header_and_table,
                                       std::uint64_t file_bytes) {
  const auto stored = get<std::uint64_t>(header_and_table, checksum_at);
  if (stored != table_checksum({header_and_table.begin(), header_and_table.end()})) {
    fail(ErrorCode::bad_model, "checksum of the section table does not agree: the file is damaged");
  }
  std::vector<SectionEntry> sections;
  std::uint64_t next = header_and_table.size();
  for (std::size_t at = file_header_bytes; at < header_and_table.size(); at += table_entry_bytes) {
    const std::size_t number = sections.size();
    const SectionEntry section{
        .offset = get<std::uint64_t>(header_and_table, at),
        .length = get<std::uint64_t>(header_and_table, at + 8),
        .kind = static_cast<SectionKind>(get<std::uint32_t>(header_and_table, at + 16)),
        .checksum = get<std::uint64_t>(header_and_table, at + 24)};
    const SectionKind least = number == 0   ? SectionKind::head
                              : number == 1 ? SectionKind::features
                                            : sections.back().kind;
    const SectionKind most = number == 0 ? SectionKind::head : SectionKind::trees;
    if (section.kind < least || section.kind > most || get<std::uint32_t>(header_and_table, at + 20) != 0) {
      fail(ErrorCode::bad_model, "section {}: kind {} is out of place", number,
           static_cast<std::uint32_t>(section.kind));
    }
    if (section.offset != next || section.length > file_bytes - next || section.length < section_alignment ||
        section.length % section_alignment != 0 ||
        section.length > std::numeric_limits<std::int32_t>::max()) {
      fail(ErrorCode::bad_model, "section {}: offset {} and length {} do not fit", number, section.offset,
           section.length);
    }
    next += section.length;
    sections.push_back(section);
  }
  if (next != file_bytes) {
    fail(ErrorCode::bad_model, "{} bytes after the last section", file_bytes - next);
  }
  return sections;
}

}  // namespace ramet::model
