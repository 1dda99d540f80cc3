#include "io/byte_stream.hpp"

#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/result.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.hpp"

namespace ramet::io {
namespace {

using Compression = arrow::Compression::type;

void check_regular_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    fail(ErrorCode::io, "{}: no such file", path.string());
  }
  if (error) fail(ErrorCode::io, "{}: {}", path.string(), error.message());
  if (std::filesystem::is_directory(status)) {
    fail(ErrorCode::io, "{}: is a directory, not a file", path.string());
  }
  if (!std::filesystem::is_regular_file(status)) {
    fail(ErrorCode::io, "{}: is not a regular file (a table is read more than once)", path.string());
  }
}

// RFC 1952 and RFC 8878.
Compression compression_of(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return Compression::GZIP;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd")) return Compression::ZSTD;
  return Compression::UNCOMPRESSED;
}

Compression compression_by_name(const std::filesystem::path& path) {
  const auto ending = path.extension();
  if (ending == ".gz") return Compression::GZIP;
  if (ending == ".zst") return Compression::ZSTD;
  return Compression::UNCOMPRESSED;
}

}  // namespace

struct ByteStream::Impl {
  std::filesystem::path path;
  std::shared_ptr<arrow::io::ReadableFile> file;
  std::unique_ptr<arrow::util::Codec> codec;         // if compressed; must outlive `stream`
  std::shared_ptr<arrow::io::InputStream> stream{};  // if compressed
  std::int64_t position = 0;                         // of a plain file

  template <class T>
  T value(arrow::Result<T> result) const {
    check(result.status());
    return std::move(result).ValueUnsafe();
  }

  void check(const arrow::Status& status) const {
    if (status.ok()) return;
    if (status.IsOutOfMemory()) {
      fail(ErrorCode::out_of_memory, "{}: {}", path.string(), status.message());
    }
    if (codec == nullptr) fail(ErrorCode::io, "{}: cannot be read: {}", path.string(), status.message());
    fail(ErrorCode::io, "{}: cannot be decompressed as {}, the file is damaged or incomplete: {}",
         path.string(), codec->name(), status.message());
  }

  void open() {
    file = value(arrow::io::ReadableFile::Open(path.string()));
    std::array<char, 4> first{};
    const auto size = value(file->ReadAt(0, static_cast<std::int64_t>(first.size()), first.data()));
    const Compression found = compression_of({first.data(), static_cast<std::size_t>(size)});
    const Compression named = compression_by_name(path);
    if (named != Compression::UNCOMPRESSED && named != found && size > 0) {
      fail(ErrorCode::io, "{}: its name ends in {}, but it does not hold such data", path.string(),
           path.extension().string());
    }
    if (found == Compression::UNCOMPRESSED) return;
    check(file->Seek(0));
    codec = value(arrow::util::Codec::Create(found));
    stream = value(arrow::io::CompressedInputStream::Make(codec.get(), file));
  }
};

ByteStream::ByteStream(const std::filesystem::path& path) : impl_(std::make_unique<Impl>()) {
  check_regular_file(path);
  impl_->path = path;
  impl_->open();
}

ByteStream::ByteStream(ByteStream&&) noexcept = default;
ByteStream::~ByteStream() = default;

std::size_t ByteStream::read(std::span<char> to) {
  if (!compressed()) {
    const std::size_t got = read_at(impl_->position, to);
    impl_->position += static_cast<std::int64_t>(got);
    return got;
  }
  std::size_t filled = 0;
  while (filled < to.size()) {
    const auto rest = static_cast<std::int64_t>(to.size() - filled);
    const auto got = impl_->value(impl_->stream->Read(rest, to.data() + filled));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

bool ByteStream::compressed() const noexcept { return impl_->codec != nullptr; }

std::size_t ByteStream::read_at(std::int64_t offset, std::span<char> to) const {
  const auto size = static_cast<std::int64_t>(to.size());
  return static_cast<std::size_t>(impl_->value(impl_->file->ReadAt(offset, size, to.data())));
}

void ByteStream::skip(std::int64_t bytes) {
  if (!compressed()) {
    impl_->position += bytes;
    return;
  }
  std::vector<char> passed(static_cast<std::size_t>(std::min<std::int64_t>(bytes, 1 << 18)));
  while (bytes > 0) {
    const auto size = std::min<std::size_t>(passed.size(), static_cast<std::size_t>(bytes));
    const std::size_t got = read({passed.data(), size});
    if (got == 0) return;
    bytes -= static_cast<std::int64_t>(got);
  }
}

}  // namespace ramet::io
