#include "table_options.hpp"

#include <fmt/format.h>

#include "command.hpp"

namespace ramet::cli {
namespace {

void add_column(CLI::App& command, const char* name, std::string& value, const char* help) {
  command.add_option(name, value, help)->type_name("COLUMN")->group("Column roles");
}

void add_columns(CLI::App& command, const char* name, std::vector<std::string>& value, const char* help) {
  command.add_option(name, value, help)
      ->type_name("A,B")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Column roles");
}

char delimiter_of(const std::string& text) {
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() != 1) {
    throw UsageError(fmt::format("--delimiter {}: must be one character, or tab", text));
  }
  return text.front();
}

}  // namespace

void add_table_options(CLI::App& command, TableArguments& arguments, Roles roles) {
  if (roles != Roles::prediction) {
    add_column(command, "--target", arguments.target,
               roles == Roles::training ? "Column to learn."
                                        : "Column with the truth [default: the model's target].");
    add_column(command, "--weight", arguments.weight, "Column of row weights (>= 0).");
  }
  add_columns(command, "--base-margin,--base_margin", arguments.base_margin,
              "Columns of initial scores, one for each output, in place of the base score.");
  add_column(
      command, "--exposure", arguments.exposure,
      "Column of exposures (> 0): the base margin is its logarithm. For count:poisson, give it to train, "
      "predict and evaluate alike.");
  if (roles == Roles::training) {
    add_column(command, "--group", arguments.group, "Column of query ids; rows of a query are consecutive.");
    add_columns(command, "--ignore", arguments.ignore, "Columns to leave out.");
    add_columns(
        command, "--categorical", arguments.categorical,
        "Columns of categories, even if all values are numbers (text columns are categories anyway).");
    add_columns(command, "--numeric", arguments.numeric,
                "Columns that must be numbers: anything else is an error.");
  }
  command
      .add_flag("--no-header,--no_header", arguments.no_header,
                "The first line is data; columns are f0, f1, ...")
      ->group("File format");
  command.add_option("--delimiter", arguments.delimiter, "Character between fields, or tab [default ,].")
      ->type_name("CHAR")
      ->group("File format");
  command
      .add_option("--block-bytes,--block_bytes", arguments.block_bytes,
                  "Bytes read at a time [default 0: chosen]. Never changes a result.")
      ->type_name("INT")
      ->group("File format");
  command
      .add_option(
          "--keep-bytes,--keep_bytes", arguments.keep_bytes,
          "Bytes of values kept in memory between the two readings that training needs; more are read "
          "from the file again [default 268435456]. Never changes a result.")
      ->type_name("INT")
      ->group("File format");
}

io::TableOptions table_options(const TableArguments& arguments, int threads) {
  if (!arguments.exposure.empty() && !arguments.base_margin.empty()) {
    throw UsageError("--exposure and --base-margin: give one of them");
  }
  if (arguments.block_bytes < 0) {
    throw UsageError(fmt::format("--block-bytes {}: must be >= 0", arguments.block_bytes));
  }
  if (arguments.keep_bytes < 0) {
    throw UsageError(fmt::format("--keep-bytes {}: must be >= 0", arguments.keep_bytes));
  }
  io::TableOptions options;
  options.target = arguments.target;
  options.weight = arguments.weight;
  options.base_margin = arguments.base_margin;
  if (!arguments.exposure.empty()) options.base_margin = {arguments.exposure};
  options.group = arguments.group;
  options.ignore = arguments.ignore;
  options.categorical = arguments.categorical;
  options.numeric = arguments.numeric;
  options.header = !arguments.no_header;
  options.delimiter = delimiter_of(arguments.delimiter);
  options.block_bytes = arguments.block_bytes;
  options.keep_bytes = arguments.keep_bytes;
  options.threads = threads;
  return options;
}

}  // namespace ramet::cli
