#include "base/buffer.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

#include "base/error.hpp"

namespace ramet {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t huge_from = 2 * huge_page;

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

void* allocate_buffer(std::size_t bytes) {
  const std::size_t alignment = bytes >= huge_from ? huge_page : 64;
  // Kernels may load whole vectors past the last element.
  const std::size_t size = round_up(bytes + 64, alignment);
  void* p = size < bytes ? nullptr : std::aligned_alloc(alignment, size);
  if (p == nullptr) fail(ErrorCode::out_of_memory, "cannot allocate {} bytes", bytes);
  if (alignment == huge_page)
    ::madvise(p, size, MADV_HUGEPAGE);  // advice only: failure costs speed, not results
  return p;
}

void free_buffer(void* p, std::size_t) noexcept { std::free(p); }

}  // namespace ramet
