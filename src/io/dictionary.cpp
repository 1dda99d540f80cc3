#include "io/dictionary.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace ramet::io {
namespace {

constexpr std::size_t first_page_bytes = 1 << 10;
constexpr std::size_t last_page_bytes = 1 << 20;

std::uint64_t hash_of(std::string_view word) noexcept { return XXH3_64bits(word.data(), word.size()); }

}  // namespace

Dictionary::Dictionary(const std::vector<std::string>& words) {
  for (const std::string& word : words) add(word);
}

std::size_t Dictionary::slot_of(std::string_view word, std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const auto high = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = static_cast<std::size_t>(hash) & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.code < 0) return at;
    if (slot.hash == high && words_[static_cast<std::size_t>(slot.code)] == word) return at;
  }
}

std::int32_t Dictionary::find(std::string_view word) const noexcept {
  return slots_.empty() ? -1 : slots_[slot_of(word, hash_of(word))].code;
}

std::int32_t Dictionary::add(std::string_view word, std::int64_t count) {
  if (words_.size() * 2 >= slots_.size()) grow();
  const std::uint64_t hash = hash_of(word);
  Slot& slot = slots_[slot_of(word, hash)];
  if (slot.code >= 0) {
    counts_[static_cast<std::size_t>(slot.code)] += count;
    return slot.code;
  }
  if (words_.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max() - 1)) {
    fail(ErrorCode::invalid_data, "a column has more than {} different texts", words_.size());
  }
  const auto code = size();
  words_.push_back(keep(word));
  counts_.push_back(count);
  slot = {.hash = static_cast<std::uint32_t>(hash >> 32), .code = code};
  return code;
}

void Dictionary::add_all(const Dictionary& other) {
  for (std::int32_t code = 0; code < other.size(); ++code) add(other.word(code), other.count(code));
}

void Dictionary::grow() {
  std::vector<Slot> old(std::max<std::size_t>(16, slots_.size() * 2));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.code < 0) continue;
    const std::string_view word = words_[static_cast<std::size_t>(slot.code)];
    slots_[slot_of(word, hash_of(word))] = slot;
  }
}

std::string_view Dictionary::keep(std::string_view word) {
  if (word.empty()) return {};
  if (word.size() > free_bytes_) {
    const std::size_t page =
        std::min(last_page_bytes, first_page_bytes << std::min<std::size_t>(pages_.size(), 10));
    free_bytes_ = std::max(word.size(), page);
    pages_.push_back(std::make_unique_for_overwrite<char[]>(free_bytes_));
    free_ = pages_.back().get();
  }
  char* const kept = free_;
  std::memcpy(kept, word.data(), word.size());
  free_ += word.size();
  free_bytes_ -= word.size();
  return {kept, word.size()};
}

std::vector<std::string> Dictionary::by_count() const {
  std::vector<std::int32_t> order(words_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return count(a) != count(b) ? count(a) > count(b) : word(a) < word(b);
  });
  std::vector<std::string> words;
  words.reserve(order.size());
  for (const std::int32_t code : order) words.emplace_back(word(code));
  return words;
}

std::vector<std::string> Dictionary::words() const { return {words_.begin(), words_.end()}; }

}  // namespace ramet::io
