#include "model/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.hpp"

namespace ramet::model {
namespace {

// One system call moves at most 2^31 - 4096 bytes.
constexpr std::size_t largest_transfer = std::size_t{1} << 30;
constexpr int attempts = 1000;

[[noreturn]] void fail_io(const std::filesystem::path& path, const char* what, int error) {
  fail(ErrorCode::io, "{}: {}: {}", path.string(), what, std::generic_category().message(error));
}

// A file that no one else has, beside `path`.
int create_beside(const std::filesystem::path& path, std::filesystem::path& created) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    created = path;
    created += fmt::format(".{}.{}.tmp", ::getpid(), attempt);
    const int file = ::open(created.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) return file;
    if (errno != EEXIST && errno != EINTR) fail_io(path, "cannot write", errno);
  }
  fail_io(path, "cannot find a temporary name beside it", EEXIST);
}

// So that a crash after the rename cannot bring the old name back.
void sync_folder(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.parent_path();
  const std::filesystem::path folder = parent.empty() ? std::filesystem::path(".") : parent;
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder may be writable but not readable; then there is no way to sync it.
  if (file < 0) return;
  const int result = ::fsync(file);
  const int error = errno;
  ::close(file);
  // Some file systems cannot sync a folder and say so.
  if (result != 0 && error != EINVAL && error != ENOTSUP) fail_io(path, "cannot sync its folder", error);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail_io(path_, "cannot write", EISDIR);
    if (!S_ISREG(status.st_mode)) fail(ErrorCode::io, "{}: cannot write: not a regular file", path_.string());
    // The rename would succeed whatever the old file's permissions say.
    if (::access(path_.c_str(), W_OK) != 0) fail_io(path_, "cannot write", errno);
  }
  file_ = create_beside(path_, temporary_);
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), std::min(bytes.size(), largest_transfer));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_io(path_, "cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(file_) != 0) fail_io(path_, "cannot sync", errno);
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) fail_io(path_, "cannot write", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_io(path_, "cannot rename into place", errno);
  temporary_.clear();
  sync_folder(path_);
}

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file_ < 0) fail_io(path, "cannot read", errno);
  struct stat status {};
  const bool regular = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular) {
    ::close(std::exchange(file_, -1));
    fail(ErrorCode::io, "{}: cannot read: not a regular file", path.string());
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  if (file_ >= 0) ::close(file_);
}

void InputFile::read_at(std::uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t got =
        ::pread(file_, to.data(), std::min(to.size(), largest_transfer), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_io(path_, "cannot read", errno);
    if (got == 0) fail(ErrorCode::io, "{}: cannot read: it shrank meanwhile", path_.string());
    to = to.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

}  // namespace ramet::model
