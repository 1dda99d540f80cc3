// What the documents say about the tree: the files that they name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ramet::house {

struct Mention {
  std::string path;  // as written: "src/math/gain.hpp", "tests/consumer", "../LICENSE"
  int line = 0;      // from 1
};

// The files and folders of the repository that a Markdown text names, in order: targets of links that are no
// URLs (without #anchor), relative to the document, and whole code spans that begin with a folder of the
// repository
// (`src/cpu`, `docs/design.md`), relative to its root. Spans with blanks, < or * name no single file and are
// passed over, and so is build/.
std::vector<Mention> linked_files(std::string_view markdown);
std::vector<Mention> named_files(std::string_view markdown);

}  // namespace ramet::house
