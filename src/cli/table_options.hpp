// Options that say how a table file is written and which column plays which role; shared by the commands that
// read data.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "ramet/io.hpp"

namespace ramet::cli {

// What the user gave.
struct TableArguments {
  std::string target;
  std::string weight;
  std::vector<std::string> base_margin;
  std::string exposure;
  std::string group;
  std::vector<std::string> ignore;
  std::vector<std::string> categorical;
  std::vector<std::string> numeric;
  bool no_header = false;
  std::string delimiter = ",";
  std::int64_t block_bytes = 0;
  std::int64_t keep_bytes = io::TableOptions{}.keep_bytes;
};

// Which of the roles a command offers.
enum class Roles {
  training,    // all of them
  evaluation,  // target, weight, base margin or exposure: the features' types come from the model
  prediction,  // base margin or exposure
};

void add_table_options(CLI::App& command, TableArguments& arguments, Roles roles);

// The same for the reader, to whom exposures are a base margin column: see exposure.hpp. Throws UsageError if
// the arguments contradict each other.
io::TableOptions table_options(const TableArguments& arguments, int threads);

}  // namespace ramet::cli
