#include "model/file.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "model/atomic_file.hpp"
#include "model/check.hpp"
#include "model/decode.hpp"
#include "model/section_table.hpp"

namespace ramet::model {
namespace {

// Fills the span with the bytes from an offset on; the range lies within the file.
using ReadAt = std::function<void(std::uint64_t, std::span<std::byte>)>;

void add_section(Decoder& decoder, const SectionEntry& section, std::span<const std::byte> bytes) {
  if (section_checksum(bytes) != section.checksum) {
    fail(ErrorCode::bad_model, "checksum does not agree: the file is damaged");
  }
  decoder.add(section.kind, bytes);
}

Ensemble read_ensemble(std::uint64_t file_bytes, const ReadAt& read_at) {
  std::vector<std::byte> head(std::min<std::uint64_t>(file_bytes, file_header_bytes));
  read_at(0, head);
  const std::uint32_t count = decode_header(head, file_bytes);
  head.resize(file_header_bytes + count * table_entry_bytes);
  read_at(0, head);
  const std::vector<SectionEntry> sections = decode_table(head, file_bytes);
  Decoder decoder;
  for (std::size_t s = 0; s < sections.size(); ++s) {
    Buffer<std::byte> bytes(sections[s].length);
    read_at(sections[s].offset, bytes.span());
    try {
      add_section(decoder, sections[s], bytes.span());
    } catch (const Error& error) {
      fail(error.code(), "section {} ({}): {}", s, section_name(sections[s].kind), error.what());
    }
  }
  return std::move(decoder).finish();
}

}  // namespace

std::vector<std::byte> serialize(const Ensemble& ensemble, std::uint64_t section_limit) {
  check_all(ensemble);
  std::vector<SectionEntry> table;
  std::vector<std::byte> sections;
  encode_sections(ensemble, section_limit, [&](SectionKind kind, std::span<const std::byte> bytes) {
    table.push_back({.length = bytes.size(), .kind = kind, .checksum = section_checksum(bytes)});
    sections.insert(sections.end(), bytes.begin(), bytes.end());
  });
  std::vector<std::byte> file = encode_table(table);
  file.insert(file.end(), sections.begin(), sections.end());
  return file;
}

Ensemble deserialize(std::span<const std::byte> bytes) {
  return read_ensemble(bytes.size(), [&](std::uint64_t offset, std::span<std::byte> to) {
    if (!to.empty()) std::memcpy(to.data(), bytes.data() + offset, to.size());
  });
}

void save(const Ensemble& ensemble, const std::filesystem::path& path, std::uint64_t section_limit) {
  check_all(ensemble);
  // The table comes first in the file but is known last: one pass to measure, one to write.
  std::vector<SectionEntry> table;
  encode_sections(ensemble, section_limit, [&](SectionKind kind, std::span<const std::byte> bytes) {
    table.push_back({.length = bytes.size(), .kind = kind, .checksum = section_checksum(bytes)});
  });
  AtomicFile file(path);
  file.write(encode_table(table));
  encode_sections(ensemble, section_limit,
                  [&](SectionKind, std::span<const std::byte> bytes) { file.write(bytes); });
  file.commit();
}

Ensemble load(const std::filesystem::path& path) {
  const InputFile file(path);
  try {
    return read_ensemble(file.size(),
                         [&](std::uint64_t offset, std::span<std::byte> to) { file.read_at(offset, to); });
  } catch (const Error& error) {
    if (error.code() != ErrorCode::bad_model) throw;
    fail(ErrorCode::bad_model, "{}: {}", path.string(), error.what());
  }
}

}  // namespace ramet::model
