#include "help.hpp"

#include <fmt/format.h>

#include <sstream>

namespace ramet::cli {
namespace {

constexpr std::size_t name_width = 28;
constexpr std::size_t text_width = 70;

std::string entry(const std::string& name, const std::string& text) {
  std::string result = fmt::format("  {:<{}}", name, name_width);
  bool fresh_line = name.size() >= name_width;  // the name reaches into the text's column
  if (fresh_line) result += '\n';
  for (const std::string& line : wrap(text, text_width)) {
    if (fresh_line) result += std::string(name_width + 2, ' ');
    result += line + '\n';
    fresh_line = true;
  }
  return result;
}

std::string shown_name(const CLI::Option& option, bool is_positional) {
  if (is_positional) return option.get_name(true, false);
  std::string name;
  for (const std::string& letter : option.get_snames()) name += fmt::format("-{}, ", letter);
  return name + "--" + option.get_lnames().front();
}

}  // namespace

std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string name = shown_name(*option, is_positional);
  if (option->get_type_size() != 0 && !is_positional) name += " " + option->get_type_name();
  return entry(name, option->get_description());
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return entry(command->get_name(), command->get_description());
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string /*name*/) const {
  if (app->get_parent() == nullptr) return "\nUsage: ramet COMMAND [OPTIONS]\n";
  std::string usage = fmt::format("\nUsage: ramet {}", app->get_name());
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional()) usage += " " + option->get_name(true, false);
  }
  return usage + " [OPTIONS]\n";
}

}  // namespace ramet::cli
