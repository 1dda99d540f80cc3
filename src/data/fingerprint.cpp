#include "data/fingerprint.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ramet::data {

std::uint64_t category_bits(std::string_view category) {
  return XXH3_64bits(category.data(), category.size());
}

}  // namespace ramet::data
