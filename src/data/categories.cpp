#include "data/categories.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/error.hpp"
#include "data/fingerprint.hpp"
#include "data/tile.hpp"

namespace ramet::data {
namespace {

[[noreturn]] void fail_too_many(const std::string& name) {
  fail(ErrorCode::invalid_data,
       "column `{}` has more than {} categories: train on numbers, or join rare categories", name,
       max_categories);
}

[[noreturn]] void fail_code(const std::string& name, std::int64_t row, std::int64_t code, std::size_t size) {
  fail(ErrorCode::invalid_data,
       "column `{}`, row {}: code {} is outside its dictionary of {} categories (-1 is missing)", name, row,
       code, size);
}

template <class T>
std::optional<T> parse(const std::string& label) {
  T value{};
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), value);
  if (error != std::errc{} || end != label.data() + label.size() || number_label(value) != label)
    return std::nullopt;
  return value;
}

void count(CategoryCount& entry, std::span<const double> weights, std::int64_t row) {
  ++entry.rows;
  entry.positive_rows += weights.empty() || weights[row] > 0 ? 1 : 0;
}

using Counts = std::unordered_map<std::string, CategoryCount>;

// Entries of (label's length, rows, positive rows, label).
std::vector<std::byte> pack(const Counts& counts) {
  std::vector<std::byte> bytes;
  for (const auto& [label, entry] : counts) {
    const std::int64_t head[] = {static_cast<std::int64_t>(label.size()), entry.rows, entry.positive_rows};
    const auto raw = std::as_bytes(std::span(head));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
    const auto text = std::as_bytes(std::span(label));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  return bytes;
}

Counts unpack(std::span<const std::byte> bytes) {
  Counts counts;
  while (!bytes.empty()) {
    std::int64_t head[3];
    std::memcpy(head, bytes.data(), sizeof(head));
    const auto size = static_cast<std::size_t>(head[0]);
    CategoryCount& entry =
        counts[std::string(reinterpret_cast<const char*>(bytes.data()) + sizeof(head), size)];
    entry.rows += head[1];
    entry.positive_rows += head[2];
    bytes = bytes.subspan(sizeof(head) + size);
  }
  return counts;
}

}  // namespace

std::string number_label(double value) { return fmt::format("{}", value + 0.0); }
std::string number_label(std::int64_t value) { return fmt::format("{}", value); }

void CategoryCounter::add_codes(const SourceColumn& column, const ColumnChunk& chunk,
                                std::span<const double> weights, std::int64_t first_row, std::int64_t rows) {
  by_code_.resize(column.dictionary.size());
  std::visit(
      [&](const auto& values) {
        for (std::int64_t i = 0; i < rows; ++i) {
          const std::int64_t code = category_code_of(values[i]);
          if (code == -1) continue;
          if (code < 0 || static_cast<std::size_t>(code) >= by_code_.size())
            fail_code(column.name, first_row + i, code, by_code_.size());
          count(by_code_[code], weights, i);
        }
      },
      chunk);
}

void CategoryCounter::add_numbers(const std::string& name, const ColumnChunk& chunk,
                                  std::span<const double> weights, std::int64_t rows) {
  std::visit(
      [&](const auto& values) {
        using Value = std::remove_cvref_t<decltype(values[0])>;
        for (std::int64_t i = 0; i < rows; ++i) {
          if constexpr (std::is_same_v<Value, std::int64_t>) {
            count(by_integer_[values[i]], weights, i);
          } else {
            const double number = number_of(values[i]);
            if (number == number) count(by_double_[value_bits(number)], weights, i);
          }
          if (by_integer_.size() + by_double_.size() > max_categories) fail_too_many(name);
        }
      },
      chunk);
}

Counts CategoryCounter::counts(const SourceColumn& column) const {
  Counts result;
  const auto add = [&](const std::string& label, const CategoryCount& entry) {
    if (entry.rows == 0 || label.empty()) return;
    CategoryCount& total = result[label];
    total.rows += entry.rows;
    total.positive_rows += entry.positive_rows;
  };
  for (std::size_t code = 0; code < by_code_.size(); ++code) add(column.dictionary[code], by_code_[code]);
  for (const auto& [bits, entry] : by_double_) add(number_label(std::bit_cast<double>(bits)), entry);
  for (const auto& [value, entry] : by_integer_) add(number_label(value), entry);
  return result;
}

std::vector<std::string> merge_dictionary(Communicator& communicator, const std::string& name,
                                          const Counts& mine) {
  const Counts all = communicator.size() == 1 ? mine : unpack(communicator.all_gather(pack(mine)));
  if (all.size() > max_categories) fail_too_many(name);
  std::vector<const Counts::value_type*> order;
  for (const auto& entry : all) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    if (a->second.positive_rows != b->second.positive_rows)
      return a->second.positive_rows > b->second.positive_rows;
    return a->first < b->first;
  });
  std::vector<std::string> dictionary;
  for (const auto* entry : order) dictionary.push_back(entry->first);
  return dictionary;
}

CategoryCodes::CategoryCodes(const std::vector<std::string>& categories, std::span<const std::string> local) {
  for (std::size_t k = 0; k < categories.size(); ++k) {
    const auto code = static_cast<std::uint16_t>(k + 1);
    const CategoryCode entry{.code = code, .bits = category_bits(categories[k])};
    by_label_[categories[k]] = code;
    if (const auto number = parse<double>(categories[k])) by_double_[value_bits(*number)] = entry;
    if (const auto integer = parse<std::int64_t>(categories[k])) by_integer_[*integer] = entry;
  }
  for (const std::string& label : local) by_code_.push_back(of_label(label));
}

CategoryCode CategoryCodes::of_label(const std::string& label) const {
  if (label.empty()) return {.code = 0, .bits = missing_bits};
  const auto found = by_label_.find(label);
  return {.code = found != by_label_.end() ? found->second : std::uint16_t{0}, .bits = category_bits(label)};
}

CategoryCode CategoryCodes::of_code(std::int64_t code, const std::string& name, std::int64_t row) const {
  if (code == -1) return {.code = 0, .bits = missing_bits};
  if (code < 0 || static_cast<std::size_t>(code) >= by_code_.size())
    fail_code(name, row, code, by_code_.size());
  return by_code_[code];
}

CategoryCode CategoryCodes::of_number(double value) const {
  if (value != value) return {.code = 0, .bits = missing_bits};
  const auto found = by_double_.find(value_bits(value));
  return found != by_double_.end() ? found->second : of_label(number_label(value));
}

CategoryCode CategoryCodes::of_number(std::int64_t value) const {
  const auto found = by_integer_.find(value);
  return found != by_integer_.end() ? found->second : of_label(number_label(value));
}

}  // namespace ramet::data
