#include "output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

constexpr std::size_t most_links = 40;
constexpr std::size_t probe_bytes = 1 << 16;

// The file that a chain of symbolic links ends at, there or not: the rename must not replace a link.
std::filesystem::path without_links(std::filesystem::path path) {
  std::error_code error;
  for (std::size_t i = 0; i < most_links && std::filesystem::is_symlink(path, error); ++i) {
    const std::filesystem::path target = std::filesystem::read_symlink(path, error);
    if (error) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

// After a rename the folder itself has to reach the disk. Not every file system can sync one, so best effort.
void sync_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// Gives a new file the permissions that a plain open would give it; mkstemp's are for the owner alone.
bool open_permissions(int descriptor) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return ::fchmod(descriptor, 0666 & ~mask) == 0;
}

}  // namespace

bool is_standard_output(const std::filesystem::path& path) { return path == "-" || path == "/dev/stdout"; }

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)) {
  if (is_standard_output(path_)) {
    file_ = stdout;
    return;
  }
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    fail("cannot be written");
  }
  // The rename would succeed whatever the old file's permissions say.
  if (exists && ::access(path_.c_str(), W_OK) != 0) fail("cannot be written");
  if (exists && !S_ISREG(status.st_mode)) {
    open_directly();
  } else {
    open_temporary();
  }
}

void OutputFile::open_directly() {
  file_ = std::fopen(path_.c_str(), "wb");
  if (file_ == nullptr) fail("cannot be written");
}

void OutputFile::open_temporary() {
  std::string pattern = without_links(path_).string() + ".XXXXXX";
  const int descriptor = ::mkstemp(pattern.data());
  if (descriptor < 0) fail("cannot be created");
  temporary_ = pattern;
  if (open_permissions(descriptor)) file_ = ::fdopen(descriptor, "wb");
  if (file_ == nullptr) {
    const int error = errno;
    ::close(descriptor);
    ::unlink(temporary_.c_str());
    errno = error;
    fail("cannot be created");
  }
}

OutputFile::~OutputFile() {
  close();
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::close() noexcept {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  file_ = nullptr;
}

void OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("cannot be written");
}

void OutputFile::flush() {
  if (std::fflush(file_) != 0) fail("cannot be written");
}

void OutputFile::commit() {
  flush();
  if (temporary_.empty()) {
    close();
    return;
  }
  if (::fsync(::fileno(file_)) != 0) fail("cannot be written");
  if (std::fclose(std::exchange(file_, nullptr)) != 0) fail("cannot be written");
  const std::filesystem::path target = without_links(path_);
  if (::rename(temporary_.c_str(), target.c_str()) != 0) fail("cannot be written");
  temporary_.clear();
  sync_folder(target);
}

void OutputFile::fail(const char* what) const {
  const std::string name = is_standard_output(path_) ? "standard output" : path_.string();
  throw Error(ErrorCode::io, fmt::format("{}: {}: {}", name, what, std::generic_category().message(errno)));
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.commit();
}

void check_output(const std::filesystem::path& path, std::span<const std::filesystem::path> inputs) {
  if (is_standard_output(path)) return;
  std::error_code ignored;
  for (const std::filesystem::path& input : inputs) {
    if (std::filesystem::equivalent(path, input, ignored)) {
      throw Error(ErrorCode::io, fmt::format("{}: is an input, too; it would be overwritten", path.string()));
    }
  }
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  // What is written to directly cannot be tried without leaving a trace.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
      !std::filesystem::is_directory(status)) {
    return;
  }
  OutputFile probe(path);
  probe.write(std::string(probe_bytes, '\0'));
  probe.flush();
}

}  // namespace ramet::cli
