#include "house/documents.hpp"

#include <algorithm>
#include <array>

namespace ramet::house {
namespace {

constexpr std::array<std::string_view, 10> folders{"include", "src",  "tests", "bench",   "cmake",
                                                   "data",    "docs", ".ci",   "scripts", "examples"};

// What stands between `open` and `close`, each on one line, with its line.
std::vector<Mention> enclosed(std::string_view text, std::string_view open, char close) {
  std::vector<Mention> found;
  for (std::size_t at = text.find(open); at != std::string_view::npos; at = text.find(open, at)) {
    const std::size_t begin = at + open.size();
    const std::size_t end = std::min(text.find(close, begin), text.size());
    const std::string_view inside = text.substr(begin, end - begin);
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
    if (inside.find('\n') == std::string_view::npos) {
      found.push_back({.path = std::string(inside), .line = static_cast<int>(line)});
      at = std::min(end + 1, text.size());
    } else {
      at = begin;
    }
  }
  return found;
}

bool in_repository(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash != std::string_view::npos &&
         std::find(folders.begin(), folders.end(), path.substr(0, slash)) != folders.end();
}

}  // namespace

std::vector<Mention> linked_files(std::string_view markdown) {
  std::vector<Mention> links = enclosed(markdown, "](", ')');
  for (Mention& link : links) link.path.resize(std::min(link.path.find('#'), link.path.size()));
  std::erase_if(links,
                [](const Mention& m) { return m.path.empty() || m.path.find("://") != std::string::npos; });
  return links;
}

std::vector<Mention> named_files(std::string_view markdown) {
  std::vector<Mention> spans = enclosed(markdown, "`", '`');
  for (Mention& span : spans) {
    if (span.path.starts_with("./")) span.path.erase(0, 2);
  }
  std::erase_if(spans, [](const Mention& m) {
    return !in_repository(m.path) || m.path.find_first_of(" <*{") != std::string::npos;
  });
  return spans;
}

}  // namespace ramet::house
