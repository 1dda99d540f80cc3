// The parameter table as command-line options, and the order in which their sources count.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ramet/params.hpp"

namespace ramet::cli {

// Adds one option for each row of ramet::parameters(), with all its spellings, and --set.
// Must stay where it is once added: the parser keeps pointers into it.
class ParamOptions {
 public:
  void add_to(CLI::App& command);

  // The value from the config file. False if the option is not a training parameter.
  bool set_from_config(const CLI::Option& option, std::string value);

  // The command line counts over --set, --set over the config file. Throws UsageError or
  // Error{invalid_parameter}. Does not validate combinations.
  TrainParams resolve() const;

  // Whether any source gave the parameter with this canonical name.
  bool given(std::string_view name) const;

 private:
  struct Entry {
    const ParamInfo* info = nullptr;
    const CLI::Option* option = nullptr;
    std::string typed;
    std::optional<std::string> configured;
  };
  struct Assignment {
    std::string name;
    std::string value;
  };
  std::vector<Assignment> assignments() const;  // of --set
  const Entry* find(std::string_view name_or_alias) const;

  std::deque<Entry> entries_;
  std::vector<std::string> set_;
};

}  // namespace ramet::cli
