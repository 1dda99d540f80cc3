#include "cli/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace ramet::test {
namespace {

constexpr auto poll_interval = std::chrono::milliseconds(5);
constexpr auto patience = std::chrono::minutes(1);

void redirect(const std::string& file, int to) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (descriptor < 0 || ::dup2(descriptor, to) < 0) ::_exit(99);
}

// In the child, between fork and exec.
[[noreturn]] void become_command(char** arguments, const Limits& limits, const std::string& out,
                                 const std::string& err) {
  redirect(out, STDOUT_FILENO);
  redirect(err, STDERR_FILENO);
  std::signal(SIGINT, SIG_DFL);
  if (limits.file_bytes > 0) {
    std::signal(SIGXFSZ, SIG_IGN);  // writing then fails instead of killing
    const rlimit limit{limits.file_bytes, limits.file_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ::execv(RAMET_COMMAND, arguments);
  ::_exit(98);
}

}  // namespace

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "ramet-cli-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> Folder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return *this / name;
}

Process::Process(const Arguments& arguments, const Limits& limits) {
  std::vector<std::string> all{RAMET_COMMAND};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("cannot fork");
  if (process_ == 0) become_command(pointers.data(), limits, folder_ / "out", folder_ / "err");
}

Process::~Process() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void Process::send(int signal) const {
  if (process_ > 0) ::kill(process_, signal);
}

bool Process::ended() {
  if (process_ < 0) return true;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) != process_) return false;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  process_ = -1;
  return true;
}

bool Process::wait_for_error_text(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    const bool last = ended();
    if (std::filesystem::exists(folder_ / "err") &&
        read_file(folder_ / "err").find(text) != std::string::npos) {
      return true;
    }
    if (last) return false;
    std::this_thread::sleep_for(poll_interval);
  }
  return false;
}

Outcome Process::wait() {
  while (!ended()) std::this_thread::sleep_for(poll_interval);
  return {.exit_code = exit_code_, .out = read_file(folder_ / "out"), .err = read_file(folder_ / "err")};
}

Outcome ramet(const Arguments& arguments, const Limits& limits) { return Process(arguments, limits).wait(); }

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) ADD_FAILURE() << "cannot read " << path;
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string data_file(const std::string& name) { return std::string(RAMET_TEST_DATA) + "/" + name; }

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

Arguments operator+(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string succeed(const Arguments& arguments) {
  const Outcome outcome = ramet(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.out;
}

void expect_error(const Arguments& arguments, int exit_code, const std::vector<std::string>& texts,
                  const Limits& limits) {
  const Outcome outcome = ramet(arguments, limits);
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.rfind("ramet: error: ", 0), 0u) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  for (const std::string& text : texts) {
    EXPECT_NE(outcome.err.find(text), std::string::npos) << "no `" << text << "` in: " << outcome.err;
  }
}

}  // namespace ramet::test
