#include "cuda/nccl_rendezvous.hpp"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.hpp"

namespace ramet::cuda {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view heading = "ramet nccl id 1\n";

[[noreturn]] void refuse_old(const fs::path& file) {
  fail(ErrorCode::io,
       "id_file = {}: exists already, perhaps since a job that was killed; remove it when no other job uses "
       "it, "
       "or name another file",
       file.string());
}

void write_new(const fs::path& file, const NcclId& id) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(heading.data(), static_cast<std::streamsize>(heading.size()));
  stream.write(id.data(), static_cast<std::streamsize>(id.size()));
  stream.close();
  if (!stream) fail(ErrorCode::io, "id_file: cannot write {}", file.string());
}

// Gives the complete file its name, unless another one has it.
void publish(const fs::path& complete, const fs::path& file) {
  std::error_code error;
  fs::create_hard_link(complete, file, error);
  if (error == std::errc::file_exists) refuse_old(file);
  if (!error) {
    fs::remove(complete, error);
    return;
  }
  if (fs::exists(file)) refuse_old(file);  // a file system without hard links
  fs::rename(complete, file, error);
  if (error) fail(ErrorCode::io, "id_file = {}: {}", file.string(), error.message());
}

std::optional<NcclId> read_if_there(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  NcclId id{};
  if (text.size() != heading.size() + id.size() || !text.starts_with(heading))
    fail(ErrorCode::io, "id_file = {}: is something else than what rank 0 writes", file.string());
  text.copy(id.data(), id.size(), heading.size());
  return id;
}

}  // namespace

WrittenId::WrittenId(fs::path file, const NcclId& id) : file_(std::move(file)) {
  if (fs::exists(file_)) refuse_old(file_);
  fs::path complete = file_;
  complete += fmt::format(".{}.tmp", getpid());
  try {
    write_new(complete, id);
    publish(complete, file_);
  } catch (...) {
    std::error_code ignored;
    fs::remove(complete, ignored);
    throw;
  }
}

WrittenId::~WrittenId() {
  std::error_code ignored;
  fs::remove(file_, ignored);
}

NcclId read_id(const fs::path& file, double timeout_seconds) {
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin <= std::chrono::duration<double>(timeout_seconds)) {
    if (const std::optional<NcclId> id = read_if_there(file)) return *id;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  fail(ErrorCode::communication, "waited {} s for rank 0 to write id_file = {}", timeout_seconds,
       file.string());
}

}  // namespace ramet::cuda
