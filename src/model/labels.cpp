#include "model/labels.hpp"

#include <charconv>
#include <system_error>

#include "data/categories.hpp"

namespace ramet::model {
namespace {

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> number_of_label(std::string_view label) {
  const std::optional<double> value = parse<double>(label);
  return value && data::number_label(*value) == label ? value : std::nullopt;
}

std::optional<std::int64_t> integer_of_label(std::string_view label) {
  const std::optional<std::int64_t> value = parse<std::int64_t>(label);
  return value && data::number_label(*value) == label ? value : std::nullopt;
}

}  // namespace ramet::model
