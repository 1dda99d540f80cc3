// The distinct texts of a column, each with a code and a count.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::io {

// Codes count from 0 in the order of adding. Reading is thread-safe.
class Dictionary {
 public:
  Dictionary() = default;
  explicit Dictionary(const std::vector<std::string>& words);  // code k is words[k]

  std::int32_t size() const noexcept { return static_cast<std::int32_t>(words_.size()); }
  std::string_view word(std::int32_t code) const noexcept { return words_[static_cast<std::size_t>(code)]; }
  std::int64_t count(std::int32_t code) const noexcept { return counts_[static_cast<std::size_t>(code)]; }

  // -1 if the text is not in it.
  std::int32_t find(std::string_view word) const noexcept;
  // The word's code, new or not. Throws Error{invalid_data} beyond 2^31 - 2 words.
  std::int32_t add(std::string_view word, std::int64_t count = 1);
  // Adds the words of `other` with their counts, in the order of its codes.
  void add_all(const Dictionary& other);

  // Most frequent first, ties by bytes.
  std::vector<std::string> by_count() const;
  std::vector<std::string> words() const;

 private:
  struct Slot {
    std::uint32_t hash = 0;  // its high half
    std::int32_t code = -1;
  };
  std::size_t slot_of(std::string_view word, std::uint64_t hash) const noexcept;
  void grow();
  std::string_view keep(std::string_view word);

  std::vector<Slot> slots_;  // open addressing; a power of two, at most half full
  std::vector<std::string_view> words_;
  std::vector<std::int64_t> counts_;
  std::vector<std::unique_ptr<char[]>> pages_;  // what words_ point into
  char* free_ = nullptr;
  std::size_t free_bytes_ = 0;
};

}  // namespace ramet::io
