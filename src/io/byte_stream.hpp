// The bytes of a file, decompressed on the way (gzip, zstd). Its .cpp is the only file that sees Arrow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace ramet::io {

// Reads forwards only; one thread at a time.
class ByteStream {
 public:
  // The kind of compression is what the first bytes say; a name that ends in .gz or .zst must hold such data.
  // Throws Error{io} that names the file if it cannot be read, now or later.
  explicit ByteStream(const std::filesystem::path& path);
  ByteStream(ByteStream&&) noexcept;
  ~ByteStream();

  // Returns the number of bytes read: fewer than asked only at the end of the file.
  std::size_t read(std::span<char> to);
  // Passes over `bytes` (decompressed) bytes; stops at the end of the file.
  void skip(std::int64_t bytes);

  // A plain file can be read anywhere; by any number of threads, and without moving where read() is.
  bool compressed() const noexcept;
  // Fills `to`, or returns fewer bytes at the end of the file. Not if compressed.
  std::size_t read_at(std::int64_t offset, std::span<char> to) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ramet::io
