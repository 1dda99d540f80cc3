// ramet params: the table of training parameters, for a terminal or as the documentation.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "command.hpp"
#include "help.hpp"
#include "ramet/params.hpp"

namespace ramet::cli {
namespace {

constexpr std::size_t text_width = 96;

std::string terminal_entry(const ParamInfo& info) {
  std::string text = fmt::format("  {}", info.name);
  if (!info.default_value.empty()) text += fmt::format(" = {}", info.default_value);
  text += fmt::format("  [{}]\n", info.range);
  for (const std::string& line : wrap(info.help, text_width)) text += fmt::format("      {}\n", line);
  if (!info.aliases.empty()) {
    for (const std::string& line : wrap(fmt::format("Also {}.", fmt::join(info.aliases, ", ")), text_width)) {
      text += fmt::format("      {}\n", line);
    }
  }
  return text;
}

std::string terminal_text() {
  std::string text;
  std::string group;
  for (const ParamInfo& info : parameters()) {
    if (info.group != group) {
      text += fmt::format("{}{}\n", text.empty() ? "" : "\n", info.group);
      group = info.group;
    }
    text += terminal_entry(info);
  }
  return text;
}

// "a, b" -> "`a`, `b`"
template <class Names>
std::string quoted(const Names& names) {
  std::string text;
  for (const auto& name : names) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
  return text;
}

// A bar would end the table's cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

constexpr const char* markdown_introduction =
    R"(# Training parameters

<!-- Written by `ramet params --markdown`. Change src/train/param_table.cpp instead. -->

Every parameter can be given to `ramet train` as an option (`--max-depth 8`; underscores work, too), as
`--set max_depth=8`, or as a line `max_depth = 8` of a TOML file (`--config run.toml`). The option counts over `--set`,
and `--set` over the file. In C++ they are the members of `ramet::TrainParams`, or `ramet::set_parameter(params,
"max_depth", "8")`. All these places take the aliases as well.
)";

std::string markdown() {
  std::string text = markdown_introduction;
  std::string group;
  for (const ParamInfo& info : parameters()) {
    if (info.group != group) {
      group = info.group;
      text += fmt::format(
          "\n## {}\n\n| parameter | default | allowed | meaning | aliases |\n|---|---|---|---|---|\n", group);
    }
    const std::string value =
        info.default_value.empty() ? std::string{} : fmt::format("`{}`", info.default_value);
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", info.name, cell(value), cell(info.range),
                        cell(info.help), cell(quoted(info.aliases)));
  }
  return text;
}

}  // namespace

Command add_params(CLI::App& root) {
  CLI::App* app = root.add_subcommand("params", "List the training parameters");
  auto as_markdown = std::make_shared<bool>(false);
  app->add_flag("--markdown", *as_markdown, "Print docs/parameters.md.");
  return {app, [as_markdown] {
            fmt::print("{}", *as_markdown ? markdown() : terminal_text());
            return 0;
          }};
}

}  // namespace ramet::cli
