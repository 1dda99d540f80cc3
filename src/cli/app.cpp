#include "app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <string>

#include "command.hpp"
#include "help.hpp"
#include "interrupts.hpp"
#include "names.hpp"
#include "ramet/error.hpp"
#include "ramet/version.hpp"

namespace ramet::cli {
namespace {

constexpr int failed = 1;
constexpr int wrong_usage = 2;

int report_error(std::string message, int exit_code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  while (message.ends_with(' ')) message.pop_back();
  fmt::print(stderr, "ramet: error: {}\n", message);
  return exit_code;
}

int print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return written && std::fflush(stdout) == 0 ? 0 : report_error("standard output: cannot write", failed);
}

// The innermost command that the user named: where help and unknown options belong.
CLI::App& chosen(CLI::App& root) {
  const auto commands = root.get_subcommands();
  return commands.empty() ? root : *commands.front();
}

[[noreturn]] void fail_unexpected(CLI::App& root) {
  CLI::App& app = chosen(root);
  const auto arguments = app.remaining().empty() ? root.remaining() : app.remaining();
  const std::string first = arguments.empty() ? std::string{} : arguments.front();
  if (!first.starts_with('-')) {
    if (&app == &root) {
      throw UsageError(
          fmt::format("unknown command `{}`{}", first, suggestion(first, subcommand_names(root))));
    }
    throw UsageError(fmt::format("unexpected argument `{}`", first));
  }
  const std::string name = first.substr(0, first.find('='));
  throw UsageError(fmt::format("unknown option `{}`{} (see ramet {} --help)", name,
                               suggestion(name, long_names(app)), app.get_name()));
}

// The parser's own words for the two commonest mistakes are hard to read.
std::string readable(const CLI::ParseError& error) {
  std::string text = error.what();
  const std::string option = text.substr(0, text.find(':'));
  if (text.find("At Most 1 required") != std::string::npos) return option + ": given more than once";
  if (text.find("1 required") != std::string::npos && text.ends_with("missing")) {
    return option + ": a value is missing";
  }
  return text;
}

int parse_and_run(CLI::App& root, std::span<const Command> commands, int argc, char** argv) {
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(chosen(root).help());
  } catch (const CLI::CallForVersion&) {
    return print(fmt::format("ramet {} (numbers contract {})\n", version_string, contract_version));
  } catch (const CLI::ExtrasError&) {
    fail_unexpected(root);
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  throw UsageError(
      "a command is missing: train, predict, evaluate, inspect, devices, bench or params (see --help)");
}

int run_or_throw(int argc, char** argv) {
  CLI::App root("Gradient-boosted trees: the same model, bit for bit, on every machine.", "ramet");
  root.formatter(std::make_shared<HelpFormatter>());
  root.set_help_flag("-h,--help", "Print this help");
  root.set_version_flag("--version", version_string, "Print the version");
  root.footer("`ramet COMMAND --help` tells the options of a command.");
  const std::array commands{add_train(root),   add_predict(root), add_evaluate(root), add_inspect(root),
                            add_devices(root), add_bench(root),   add_params(root)};
  return parse_and_run(root, commands, argc, argv);
}

}  // namespace

void require(const std::string& value, const char* name) {
  if (value.empty()) throw UsageError(fmt::format("{} is missing", name));
}

int run(int argc, char** argv) noexcept {
  try {
    return run_or_throw(argc, argv);
  } catch (const UsageError& error) {
    return report_error(error.what(), wrong_usage);
  } catch (const CLI::ParseError& error) {
    return report_error(readable(error), wrong_usage);
  } catch (const Interrupted& interrupted) {
    return report_error("interrupted", 128 + interrupted.signal());
  } catch (const Error& error) {
    return report_error(error.what(), error.code() == ErrorCode::invalid_parameter ? wrong_usage : failed);
  } catch (const std::bad_alloc&) {
    std::fputs("ramet: error: out of memory\n", stderr);
  } catch (const std::exception& error) {
    return report_error(error.what(), failed);
  } catch (...) {
    std::fputs("ramet: error: unknown failure\n", stderr);
  }
  return failed;
}

}  // namespace ramet::cli
