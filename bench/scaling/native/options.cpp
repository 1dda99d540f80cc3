#include "options.hpp"

#include <charconv>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace ramet::scaling {
namespace {

template <class Int>
Int number(std::string_view name, std::string_view text, Int least) {
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least) {
    throw std::runtime_error("--" + std::string(name) + " " + std::string(text) +
                             ": must be a whole number from " + std::to_string(least));
  }
  return value;
}

std::vector<int> numbers(std::string_view name, const std::string& text) {
  std::vector<int> values;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) values.push_back(number(name, item, 0));
  return values;
}

void set_option(Options& options, std::string_view name, const std::string& value) {
  if (name == "data") {
    options.data = value;
  } else if (name == "model") {
    options.model = value;
  } else if (name == "rows") {
    options.rows = number<std::int64_t>(name, value, 1);
  } else if (name == "cols") {
    options.cols = number(name, value, 1);
  } else if (name == "categorical") {
    options.categorical = numbers(name, value);
  } else if (name == "repeats") {
    options.repeats = number(name, value, 1);
  } else {
    set_parameter(options.params, name, value);
  }
}

}  // namespace

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    if (!name.starts_with("--")) throw std::runtime_error(name + ": must be an option, --name");
    if (i + 1 == arguments.size()) throw std::runtime_error(name + ": needs a value");
    set_option(options, std::string_view(name).substr(2), arguments[i + 1]);
  }
  if (options.data.empty()) throw std::runtime_error("--data: must be given");
  return options;
}

}  // namespace ramet::scaling
