#include "output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

std::string reason() { return std::generic_category().message(errno); }

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// After a rename the folder itself has to reach the disk. Not every file system can sync one, so best effort.
void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// Gives a new file the permissions that a plain open would give it; mkstemp's are for the owner alone.
void open_permissions(int descriptor) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor, 0666 & ~mask);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)) {
  if (path_ == "-") {
    file_ = stdout;
    return;
  }
  std::string pattern = path_.string() + ".XXXXXX";
  const int descriptor = ::mkstemp(pattern.data());
  if (descriptor < 0) {
    throw Error(ErrorCode::io, fmt::format("{}: cannot be created: {}", path_.string(), reason()));
  }
  open_permissions(descriptor);
  temporary_ = pattern;
  file_ = ::fdopen(descriptor, "wb");
  if (file_ == nullptr) {
    ::close(descriptor);
    ::unlink(temporary_.c_str());
    throw Error(ErrorCode::io, fmt::format("{}: cannot be created: {}", path_.string(), reason()));
  }
}

OutputFile::~OutputFile() {
  if (temporary_.empty()) return;
  if (file_ != nullptr) std::fclose(file_);
  ::unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail_to_write();
}

void OutputFile::commit() {
  if (std::fflush(file_) != 0) fail_to_write();
  if (temporary_.empty()) return;
  if (::fsync(::fileno(file_)) != 0) fail_to_write();
  if (std::fclose(std::exchange(file_, nullptr)) != 0) fail_to_write();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write();
  temporary_.clear();
  sync_folder(folder_of(path_));
}

void OutputFile::fail_to_write() const {
  const std::string name = temporary_.empty() && path_ == "-" ? "standard output" : path_.string();
  throw Error(ErrorCode::io, fmt::format("{}: cannot be written: {}", name, reason()));
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void check_writable(const std::filesystem::path& path) {
  if (path == "-") return;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error(ErrorCode::io, fmt::format("{}: is a folder", path.string()));
  }
  if (::access(folder_of(path).c_str(), W_OK) != 0) {
    throw Error(ErrorCode::io, fmt::format("{}: cannot be created: {}", path.string(), reason()));
  }
}

}  // namespace ramet::cli
