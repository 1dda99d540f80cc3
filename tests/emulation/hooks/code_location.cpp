#include "code_location.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>

namespace emulation {

std::string code_location(std::uint64_t return_address) {
  std::array<char, PATH_MAX + 128> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(return_address));
  const std::string otherwise = text.data();
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(return_address), &info) == 0) {
    return otherwise;
  }
  std::array<char, PATH_MAX> program{};
  if (readlink("/proc/self/exe", program.data(), program.size() - 1) <= 0) {
    return otherwise;
  }
  const std::string file =
      info.dli_fname != nullptr && info.dli_fname[0] == '/' ? info.dli_fname : program.data();
  const auto offset = return_address - 1 - reinterpret_cast<std::uint64_t>(info.dli_fbase);
  std::snprintf(text.data(), text.size(), "addr2line -e '%s' 0x%llx 2>/dev/null", file.c_str(),
                static_cast<unsigned long long>(offset));
  std::FILE* pipe = popen(text.data(), "r");
  if (pipe == nullptr) {
    return otherwise;
  }
  std::string line;
  if (std::fgets(text.data(), static_cast<int>(text.size()), pipe) != nullptr) {
    line = text.data();
  }
  pclose(pipe);
  line = line.substr(0, line.find_first_of(" \n"));
  return line.empty() || line[0] == '?' ? otherwise : line;
}

}  // namespace emulation
