// The documents name files that exist.
#include "house/documents.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace ramet::house {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const fs::path& folder : {fs::path(RAMET_SOURCE_DIR), fs::path(RAMET_SOURCE_DIR) / "docs"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".md") found.push_back(entry.path());
    }
  }
  return found;
}

std::vector<std::string> paths(const std::vector<Mention>& mentions) {
  std::vector<std::string> result;
  for (const Mention& m : mentions) result.push_back(m.path);
  return result;
}

void expect_exists(const fs::path& file, const fs::path& document, const Mention& mention) {
  if (fs::exists(file)) return;
  ADD_FAILURE() << document.filename().string() << ":" << mention.line << " names `" << mention.path
                << "`, which does not exist";
}

TEST(Documents, NameFilesThatExist) {
  const std::vector<fs::path> all = documents();
  ASSERT_GE(all.size(), 4u) << "the documents were not found";
  for (const fs::path& document : all) {
    std::ifstream stream(document);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    for (const Mention& m : linked_files(text)) expect_exists(document.parent_path() / m.path, document, m);
    for (const Mention& m : named_files(text))
      expect_exists(fs::path(RAMET_SOURCE_DIR) / m.path, document, m);
  }
}

TEST(Documents, LinksAreFound) {
  const std::string text =
      "See [a](docs/a.md), [b](../b.md#part)\nand [c](https://example.org/x), [d](#here).";
  const std::vector<Mention> links = linked_files(text);
  EXPECT_EQ(paths(links), (std::vector<std::string>{"docs/a.md", "../b.md"}));
  EXPECT_EQ(links[0].line, 1);
}

TEST(Documents, NamedFilesAreFound) {
  const std::string text =
      "`src/cpu` and\n`./scripts/test`, not `build/release`, `src/<floor>`, `tests/*_test.cpp`, `a/b`, "
      "`src`,\n"
      "`ctest --test-dir build`, nor an open ` of a line\nbut `docs/design.md`";
  const std::vector<Mention> names = named_files(text);
  EXPECT_EQ(paths(names), (std::vector<std::string>{"src/cpu", "scripts/test", "docs/design.md"}));
  EXPECT_EQ(names[2].line, 4);
}

}  // namespace
}  // namespace ramet::house
