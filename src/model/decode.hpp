// The sections of a model file back into an ensemble; trusts nothing but their checksums' agreement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/ensemble.hpp"
#include "model/section_table.hpp"

namespace ramet::model {

// Takes a file's sections in their order, then gives the ensemble, checked in structure and in meaning.
// What it allocates is bounded by the bytes it was given, whatever they say. All members throw
// Error{bad_model}.
class Decoder {
 public:
  // `section` begins at an address divisible by 16.
  void add(SectionKind kind, std::span<const std::byte> section);

  // Checks that the counts agree and the whole makes sense (model/check.hpp).
  Ensemble finish() &&;

 private:
  void add_head(std::span<const std::byte> section);
  void add_features(std::span<const std::byte> section);
  void add_trees(std::span<const std::byte> section);

  Ensemble ensemble_;
  std::uint64_t features_ = 0;  // that the head promises
  std::uint64_t trees_ = 0;
};

}  // namespace ramet::model
