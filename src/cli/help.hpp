// How --help is laid out: one canonical name an option, descriptions wrapped to a terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ramet::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
};

// Breaks `text` at spaces into lines of at most `width` characters (longer words stay whole).
std::vector<std::string> wrap(const std::string& text, std::size_t width);

}  // namespace ramet::cli
