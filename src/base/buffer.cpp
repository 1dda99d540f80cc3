#include "base/buffer.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"

namespace ramet {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t huge_from = 2 * huge_page;
constexpr std::size_t most_bytes = std::numeric_limits<std::size_t>::max() / 2;

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

// Kernels may load whole vectors past the last element.
std::size_t padded(std::size_t bytes) { return round_up(bytes + 64, bytes >= huge_from ? huge_page : 64); }

// Whole pages of the system's own: what malloc gives back from freed memory has small pages already, and
// advice does not make them large.
void* map_pages(std::size_t size) {
  void* const mapped =
      ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<char*>(mapped);
  const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
  if (before > 0) ::munmap(begin, before);
  ::munmap(begin + before + size, huge_page - before);
  ::madvise(begin + before, size, MADV_HUGEPAGE);  // failure costs speed, not results
  return begin + before;
}

}  // namespace

void* allocate_buffer(std::size_t bytes) {
  const std::size_t size = padded(bytes);
  void* p = nullptr;
  if (bytes <= most_bytes) p = bytes >= huge_from ? map_pages(size) : std::aligned_alloc(64, size);
  if (p == nullptr) fail(ErrorCode::out_of_memory, "cannot allocate {} bytes", bytes);
  return p;
}

void free_buffer(void* p, std::size_t bytes) noexcept {
  if (bytes >= huge_from) {
    ::munmap(p, padded(bytes));
  } else {
    std::free(p);
  }
}

}  // namespace ramet
