#include "io/class_table.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "io/cell.hpp"

namespace ramet::io {
namespace {

using Value = std::pair<double, int>;

// The names' values with their positions; empty unless all are numbers.
std::vector<Value> values_of(const std::vector<std::string>& names) {
  std::vector<Value> values;
  for (const std::string& name : names) {
    const std::optional<double> value = parse_number(trim(name));
    if (!value || std::isnan(*value)) return {};
    values.emplace_back(*value, static_cast<int>(values.size()));
  }
  return values;
}

[[noreturn]] void fail_twice(const std::string& a, const std::string& b) {
  fail(ErrorCode::invalid_parameter, "classes: {} and {} are the same class", shown(a), shown(b));
}

}  // namespace

ClassTable::ClassTable(std::vector<std::string> names)
    : names_(std::move(names)), values_(values_of(names_)) {
  for (const std::string& name : names_) {
    if (words_.add(name) + 1 < words_.size() || words_.count(words_.size() - 1) > 1) fail_twice(name, name);
  }
  std::sort(values_.begin(), values_.end());
  for (std::size_t i = 1; i < values_.size(); ++i) {
    if (values_[i - 1].first == values_[i].first) {
      fail_twice(names_[static_cast<std::size_t>(values_[i - 1].second)],
                 names_[static_cast<std::size_t>(values_[i].second)]);
    }
  }
}

std::vector<std::string> ClassTable::order(const Dictionary& found) {
  std::vector<std::string> names = found.words();
  std::sort(names.begin(), names.end());
  std::vector<Value> values = values_of(names);
  if (values.empty()) return names;
  std::sort(values.begin(), values.end(), [&](const Value& a, const Value& b) {
    const std::size_t length_a = names[static_cast<std::size_t>(a.second)].size();
    const std::size_t length_b = names[static_cast<std::size_t>(b.second)].size();
    return std::tie(a.first, length_a, a.second) < std::tie(b.first, length_b, b.second);
  });
  std::vector<std::string> ordered;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i].first == values[i - 1].first) continue;
    ordered.push_back(names[static_cast<std::size_t>(values[i].second)]);
  }
  return ordered;
}

int ClassTable::find(std::string_view text) const noexcept {
  if (!numeric()) return words_.find(text);
  const std::optional<double> value = parse_number(text);
  return value ? find(*value) : -1;
}

int ClassTable::find(double value) const noexcept {
  const auto at = std::lower_bound(values_.begin(), values_.end(), value,
                                   [](const Value& entry, double wanted) { return entry.first < wanted; });
  return at != values_.end() && at->first == value ? at->second : -1;
}

}  // namespace ramet::io
