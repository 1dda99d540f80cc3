#include "symbols.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "shared_memory.hpp"

namespace emulation {
namespace {

struct SymbolTables {
  std::unordered_map<const void*, std::string> functions;      // mangled names by address
  std::unordered_map<std::string, std::size_t> static_shared;  // bytes, by the kernel's mangled name
};

// A static variable of a function is named _ZZ<function>E<name>. Lengths before names make the function's end
// unique only with a full parser; the functions known in this program decide instead.
std::string function_of(const std::string& variable, const SymbolTables& tables,
                        const std::unordered_map<std::string, bool>& names) {
  (void)tables;
  for (std::size_t end = variable.rfind('E'); end != std::string::npos && end > 3;
       end = variable.rfind('E', end - 1)) {
    std::string name = "_Z" + variable.substr(3, end - 3);
    if (names.contains(name)) {
      return name;
    }
  }
  return {};
}

void read_object(const std::string& path, std::uintptr_t base, SymbolTables& tables) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (bytes.size() < sizeof(Elf64_Ehdr) || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
    return;
  }
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (header.e_shoff + sections.size() * sizeof(Elf64_Shdr) > bytes.size()) {
    return;
  }
  std::memcpy(sections.data(), bytes.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
  const MemoryRange shared = static_shared_memory();
  std::unordered_map<std::string, bool> names;
  std::vector<std::pair<std::string, std::size_t>> variables;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB) {
      continue;
    }
    const char* strings = bytes.data() + sections[section.sh_link].sh_offset;
    for (std::size_t at = section.sh_offset; at < section.sh_offset + section.sh_size;
         at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, bytes.data() + at, sizeof symbol);
      const void* address = reinterpret_cast<const void*>(base + symbol.st_value);
      const char* name = strings + symbol.st_name;
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF) {
        tables.functions.emplace(address, name);
        names.emplace(name, true);
      } else if (ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT && shared.contains(address)) {
        variables.emplace_back(name, symbol.st_size);
      }
    }
  }
  for (const auto& [name, size] : variables) {
    tables.static_shared[function_of(name, tables, names)] += size;
  }
}

const SymbolTables& symbol_tables() {
  static const SymbolTables tables = [] {
    SymbolTables fresh;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
          const std::string path = *info->dlpi_name == '\0' ? "/proc/self/exe" : info->dlpi_name;
          // Kernels are only looked for in the program and libraries of its own.
          if (path.rfind("/lib", 0) != 0 && path.rfind("/usr", 0) != 0) {
            read_object(path, info->dlpi_addr, *static_cast<SymbolTables*>(out));
          }
          return 0;
        },
        &fresh);
    return fresh;
  }();
  return tables;
}

std::string demangled(const std::string& mangled) {
  int status = 0;
  char* text = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  std::string name = status == 0 ? text : mangled;
  std::free(text);
  return name;
}

// Without return type, namespace {anonymous} and parameters.
std::string short_name(std::string name) {
  for (const std::string noise : {"(anonymous namespace)::"}) {
    for (std::size_t at = name.find(noise); at != std::string::npos; at = name.find(noise)) {
      name.erase(at, noise.size());
    }
  }
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    depth += name[i] == '<' ? 1 : name[i] == '>' ? -1 : 0;
    if (depth == 0 && name[i] == ' ') {
      begin = i + 1;
    }
    if (depth == 0 && name[i] == '(') {
      return name.substr(begin, i - begin);
    }
  }
  return name;
}

}  // namespace

std::string symbol_name(const void* function) {
  static std::mutex mutex;
  static std::unordered_map<const void*, std::string> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(function); found != known.end()) {
    return found->second;
  }
  const auto& functions = symbol_tables().functions;
  const auto found = functions.find(function);
  std::string name;
  if (found != functions.end()) {
    name = short_name(demangled(found->second));
  } else {
    char text[32];
    std::snprintf(text, sizeof text, "kernel at %p", function);
    name = text;
  }
  return known[function] = name;
}

std::size_t static_shared_bytes(const void* kernel) {
  const SymbolTables& tables = symbol_tables();
  const auto function = tables.functions.find(kernel);
  if (function == tables.functions.end()) {
    return 0;
  }
  const auto bytes = tables.static_shared.find(function->second);
  return bytes == tables.static_shared.end() ? 0 : bytes->second;
}

}  // namespace emulation
