// Runs the `ramet` command as its users do: as a process, seen through its exit code, its output and its
// files.
#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <vector>

namespace ramet::test {

using Arguments = std::vector<std::string>;

struct Outcome {
  int exit_code = -1;  // 128 + signal if a signal killed it
  std::string out;
  std::string err;
};

struct Limits {
  std::size_t file_bytes = 0;  // no file may grow beyond this, as if the disk were full; 0 = unlimited
};

// A folder of its own, removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }
  // Names in it, sorted.
  std::vector<std::string> names() const;
  // Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

// A command that runs beside the test.
class Process {
 public:
  explicit Process(const Arguments& arguments, const Limits& limits = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const;
  // Waits until standard error holds the text; false if the process ends or a minute passes before.
  bool wait_for_error_text(const std::string& text);
  Outcome wait();

 private:
  bool ended();

  Folder folder_;  // its output
  pid_t process_ = -1;
  int exit_code_ = -1;
};

// Runs `ramet` with these arguments to its end.
Outcome ramet(const Arguments& arguments, const Limits& limits = {});

std::string read_file(const std::string& path);
// A file of the repository's data folder.
std::string data_file(const std::string& name);
std::vector<std::string> lines(const std::string& text);

Arguments operator+(Arguments first, const Arguments& second);

// Expects success and returns standard output.
std::string succeed(const Arguments& arguments);
// Expects this exit code, nothing on standard output, and one line `ramet: error: ...` that contains all the
// texts.
void expect_error(const Arguments& arguments, int exit_code, const std::vector<std::string>& texts,
                  const Limits& limits = {});

}  // namespace ramet::test
