// A subcommand: its options, and what to run once they are parsed. One file each; app.cpp lists them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>

namespace ramet::cli {

// The command line or the config file is wrong: exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Command {
  CLI::App* app = nullptr;
  std::function<int()> run;  // returns the exit code
};

Command add_train(CLI::App& root);
Command add_predict(CLI::App& root);
Command add_evaluate(CLI::App& root);
Command add_inspect(CLI::App& root);
Command add_bench(CLI::App& root);
Command add_devices(CLI::App& root);
Command add_params(CLI::App& root);

// Throws UsageError if the option `name` ("--data") was left empty.
void require(const std::string& value, const char* name);

}  // namespace ramet::cli
