#include "process_memory.hpp"

#include <fstream>
#include <sstream>

namespace ramet::scaling {

std::int64_t memory_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(field + ":")) continue;
    std::int64_t kib = 0;
    if (std::istringstream(line.substr(field.size() + 1)) >> kib) return kib * 1024;
  }
  return 0;
}

bool restart_memory_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

}  // namespace ramet::scaling
