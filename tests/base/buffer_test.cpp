#include "base/buffer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace ramet {
namespace {

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

TEST(Buffer, IsAlignedAndWritableAtEverySize) {
  const std::size_t mebi = std::size_t{1} << 20;
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{63}, std::size_t{64}, 4 * mebi - 1, 4 * mebi,
                                  4 * mebi + 1, 6 * mebi - 64, 6 * mebi, 9 * mebi + 5}) {
    Buffer<std::uint8_t> buffer(bytes);
    EXPECT_EQ(address(buffer.data()) % (bytes >= 4 * mebi ? 2 * mebi : 64), 0u) << bytes;
    std::iota(buffer.data(), buffer.data() + bytes, std::uint8_t{1});
    EXPECT_EQ(buffer[bytes - 1], static_cast<std::uint8_t>(bytes)) << bytes;
    // Kernels load whole vectors.
    volatile const std::uint8_t behind = buffer.data()[bytes + 63];
    (void)behind;
  }
}

TEST(Buffer, KeepsItsContentsWhenMoved) {
  Buffer<std::int64_t> large(1 << 20);
  std::iota(large.data(), large.data() + large.size(), std::int64_t{0});
  Buffer<std::int64_t> other(3);
  other = std::move(large);
  const Buffer<std::int64_t> last = std::move(other);
  ASSERT_EQ(last.size(), std::size_t{1} << 20);
  EXPECT_EQ(last[last.size() - 1], (1 << 20) - 1);
}

TEST(Buffer, NamesASizeThatCannotBeHad) {
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {most, most - 64, most / 2 + 1, most / 2, most / 4}) {
    try {
      Buffer<std::uint8_t> buffer(bytes);
      FAIL() << bytes;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
      EXPECT_NE(std::string(error.what()).find(std::to_string(bytes)), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace ramet
