// Class names of a target and their labels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/dictionary.hpp"

namespace ramet::io {

// If all names are numbers, cells are compared by value (`1` and `1.0` are one class), else by bytes.
// Immutable, thread-safe. To be used in round-to-nearest mode (FloatMode).
class ClassTable {
 public:
  // Label k is names[k]. Throws Error{invalid_parameter} if two names are one class.
  explicit ClassTable(std::vector<std::string> names);

  // The classes in a column: numbers in numeric order, text in byte order. Of names for the same number the
  // shortest is kept, then the first by bytes.
  static std::vector<std::string> order(const Dictionary& found);

  const std::vector<std::string>& names() const noexcept { return names_; }
  bool numeric() const noexcept { return !values_.empty(); }
  // The label, -1 if there is no such class. The number form is for numeric() tables only.
  int find(std::string_view text) const noexcept;
  int find(double value) const noexcept;

 private:
  std::vector<std::string> names_;
  Dictionary words_;
  std::vector<std::pair<double, int>> values_;  // ascending, with labels; only if all names are numbers
};

}  // namespace ramet::io
