#include "traffic_table.hpp"

#include <cstdint>
#include <fstream>
#include <utility>

namespace emulation {
namespace {

constexpr std::pair<const char*, std::int64_t Traffic::*> columns[] = {
    {"launches", &Traffic::launches},
    {"blocks", &Traffic::blocks},
    {"block_barriers", &Traffic::block_barriers},
    {"global_read_bytes", &Traffic::global_read_bytes},
    {"global_read_instructions", &Traffic::global_read_instructions},
    {"global_read_sectors", &Traffic::global_read_sectors},
    {"global_write_bytes", &Traffic::global_write_bytes},
    {"global_write_instructions", &Traffic::global_write_instructions},
    {"global_write_sectors", &Traffic::global_write_sectors},
    {"global_atomics", &Traffic::global_atomics},
    {"global_atomic_instructions", &Traffic::global_atomic_instructions},
    {"global_atomic_sectors", &Traffic::global_atomic_sectors},
    {"shared_read_instructions", &Traffic::shared_read_instructions},
    {"shared_write_instructions", &Traffic::shared_write_instructions},
    {"shared_conflicts", &Traffic::shared_conflicts},
    {"shared_atomics", &Traffic::shared_atomics},
    {"shared_atomic_instructions", &Traffic::shared_atomic_instructions},
    {"shared_atomic_conflicts", &Traffic::shared_atomic_conflicts},
};

}  // namespace

void write_traffic(const char* file, const std::map<std::string, Traffic>& traffic) {
  std::ofstream out(file);
  out << "kernel";
  for (const auto& [title, count] : columns) {
    out << '\t' << title;
  }
  for (const auto& [kernel, counts] : traffic) {
    out << '\n' << kernel;
    for (const auto& [title, count] : columns) {
      out << '\t' << counts.*count;
    }
  }
  out << '\n';
}

}  // namespace emulation
