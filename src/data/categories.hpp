// Dictionaries of categorical features: counted per rank, merged over ranks, and the codes they give.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/source.hpp"
#include "ramet/communicator.hpp"

namespace ramet::data {

inline constexpr std::size_t max_categories = 65'535;

// Rows of a category: all, and those of positive weight.
struct CategoryCount {
  std::int64_t rows = 0;
  std::int64_t positive_rows = 0;
};

// The label of a number as a category: the shortest decimal that reads back; -0 is "0".
std::string number_label(double value);
std::string number_label(std::int64_t value);

// Counts the categories of one column on this rank.
class CategoryCounter {
 public:
  // Dictionary codes of `rows` rows, the first being row `first_row` of the rank; `weights` as many or empty.
  // Throws Error{invalid_data} if one is outside `column`'s dictionary.
  void add_codes(const SourceColumn& column, const ColumnChunk& chunk, std::span<const double> weights,
                 std::int64_t first_row, std::int64_t rows);
  // Numbers that are labels; throws Error{invalid_data} once there are too many.
  void add_numbers(const std::string& name, const ColumnChunk& chunk, std::span<const double> weights,
                   std::int64_t rows);

  // By label; entries without rows and the empty label (missing) are left out.
  std::unordered_map<std::string, CategoryCount> counts(const SourceColumn& column) const;

 private:
  std::vector<CategoryCount> by_code_;
  std::unordered_map<std::uint64_t, CategoryCount> by_double_;  // keyed by its bits
  std::unordered_map<std::int64_t, CategoryCount> by_integer_;
};

// The dictionary over all ranks: by rows of positive weight, descending, then by bytes. Collective; throws
// Error{invalid_data} naming the feature on every rank if there are more than `max_categories`.
std::vector<std::string> merge_dictionary(Communicator& communicator, const std::string& name,
                                          const std::unordered_map<std::string, CategoryCount>& mine);

// The bin code of a category and what it adds to fingerprints.
struct CategoryCode {
  std::uint16_t code = 0;
  std::uint64_t bits = 0;
};

// From a column's own codes or numbers to codes of a feature's dictionary; what it does not hold is missing.
class CategoryCodes {
 public:
  // `categories` must outlive the object. `local`: the source column's dictionary.
  CategoryCodes(const std::vector<std::string>& categories, std::span<const std::string> local);

  // Throws Error{invalid_data} naming column and row if a code is outside the dictionary.
  CategoryCode of_code(std::int64_t code, const std::string& name, std::int64_t row) const;
  CategoryCode of_number(double value) const;
  CategoryCode of_number(std::int64_t value) const;

 private:
  CategoryCode of_label(const std::string& label) const;

  std::vector<CategoryCode> by_code_;
  std::unordered_map<std::string, std::uint16_t> by_label_;
  std::unordered_map<std::uint64_t, CategoryCode> by_double_;
  std::unordered_map<std::int64_t, CategoryCode> by_integer_;
};

}  // namespace ramet::data
