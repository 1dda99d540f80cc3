// The tree keeps the rules of the house, and a broken rule would be seen.
#include "house/source_rules.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ramet/version.hpp"

namespace ramet::house {
namespace {

// The messages for a file that consists of these lines.
std::vector<Violation> check(const std::string& path, const std::string& text) {
  return include_violations({.path = path, .text = text});
}

void expect_refused(const std::string& path, const std::string& include, const std::string& because) {
  const std::vector<Violation> found = check(path, "// A file.\n#include " + include + "\n");
  ASSERT_EQ(found.size(), 1u) << path << " including " << include << " was not refused";
  EXPECT_EQ(found[0].path, path);
  EXPECT_EQ(found[0].line, 2);
  EXPECT_NE(found[0].message.find(because), std::string::npos) << found[0].message;
}

void expect_allowed(const std::string& path, const std::string& include) {
  for (const Violation& v : check(path, "#include " + include + "\n"))
    ADD_FAILURE() << path << ": " << v.message;
}

std::string describe(const Violation& v) { return v.path + ":" + std::to_string(v.line) + ": " + v.message; }

TEST(SourceRules, TheTreeHasNoForbiddenInclude) {
  const std::vector<SourceFile> files = read_sources(RAMET_SOURCE_DIR);
  ASSERT_GT(files.size(), 40u) << "the sources were not found";
  for (const SourceFile& file : files) {
    for (const Violation& v : include_violations(file)) ADD_FAILURE() << describe(v);
  }
}

TEST(SourceRules, NoFileIsTooLong) {
  for (const SourceFile& file : read_sources(RAMET_SOURCE_DIR)) {
    for (const Violation& v : length_violations(file)) ADD_FAILURE() << describe(v);
  }
}

TEST(SourceRules, VersionsAgree) { EXPECT_STREQ(version_string, RAMET_PROJECT_VERSION); }

TEST(SourceRules, UpwardIncludesAreRefused) {
  expect_refused("src/math/gain.hpp", "\"base/error.hpp\"", "not below it");
  expect_refused("src/data/page.hpp", "\"model/tree.hpp\"", "not below it");
  expect_refused("src/objective/logistic.hpp", "\"metric/traits.hpp\"", "not below it");
  expect_refused("src/backend/session.hpp", "\"cpu/backend.hpp\"", "not below it");
  expect_refused("src/train/boost.cpp", "\"io/table.hpp\"", "not below it");
  expect_refused("src/io/table.cpp", "<cli/options.hpp>", "not below it");
  expect_refused("src/train/grow/queue.cpp", "\"cli/options.hpp\"", "not below it");
}

TEST(SourceRules, BackendsAreHidden) {
  expect_refused("src/cpu/histogram.cpp", "\"cuda/histogram.hpp\"", "not below it");
  expect_refused("src/cuda/histogram.cu", "\"cpu/histogram.hpp\"", "not below it");
  expect_refused("src/train/train.cpp", "\"cpu/backend.hpp\"", "only src/train/backends.cpp");
  expect_refused("src/cli/devices.cpp", "\"cuda/backend.hpp\"", "only src/train/backends.cpp");
  expect_allowed("src/train/backends.cpp", "\"cpu/backend.hpp\"");
  expect_allowed("src/cpu/histogram.cpp", "\"cpu/backend.hpp\"");
}

TEST(SourceRules, TheTopFloorsUseTheLibraryAsUsersDo) {
  expect_refused("src/cli/train.cpp", "\"train/params.hpp\"", "uses public headers");
  expect_refused("src/cli/train.cpp", "\"base/error.hpp\"", "uses public headers");
  expect_refused("src/cli/train.cpp", "\"io/rows.hpp\"", "uses public headers");
  expect_refused("src/io/table.cpp", "\"data/page.hpp\"", "uses public headers");
  expect_refused("src/io/table.cpp", "\"train/params.hpp\"", "uses public headers");
  expect_allowed("src/io/table.cpp", "\"data/source.hpp\"");
  expect_allowed("src/io/table.cpp", "\"base/error.hpp\"");
  expect_allowed("src/cli/exposure.cpp", "\"math/functions.hpp\"");
  expect_allowed("src/cli/train.cpp", "\"ramet/train.hpp\"");
  expect_allowed("src/cli/train.cpp", "\"command.hpp\"");
}

TEST(SourceRules, LibrariesStayOnTheirFloor) {
  expect_refused("src/data/build.cpp", "<arrow/api.h>", "belongs to floor io");
  expect_refused("src/cli/main.cpp", "<arrow/api.h>", "belongs to floor io");
  expect_refused("src/train/params.cpp", "<CLI/CLI.hpp>", "belongs to floor cli");
  expect_refused("src/cpu/histogram.cpp", "<oneapi/tbb/parallel_for.h>", "belongs to floor base");
  expect_refused("src/cpu/histogram.cpp", "<tbb/parallel_for.h>", "belongs to floor base");
  expect_refused("src/train/train.cpp", "\"ramet/io.hpp\"", "above floor train");
  expect_allowed("src/io/table.cpp", "<arrow/api.h>");
  expect_allowed("src/io/table.cpp", "\"ramet/io.hpp\"");
  expect_allowed("src/cli/main.cpp", "\"ramet/io.hpp\"");
  expect_allowed("src/base/tasks.hpp", "<oneapi/tbb/parallel_for.h>");
}

TEST(SourceRules, PublicHeadersSeeOnlyPublicHeaders) {
  expect_refused("include/ramet/model.hpp", "\"model/ensemble.hpp\"", "a public header includes");
  expect_refused("include/ramet/model.hpp", "<fmt/format.h>", "a public header includes");
  expect_refused("include/ramet/model.hpp", "<zstd.h>", "a public header includes");
  expect_refused("include/ramet/model.hpp", "\"../src/base/error.hpp\"", "a public header includes");
  expect_allowed("include/ramet/model.hpp", "<vector>");
  expect_allowed("include/ramet/model.hpp", "<string_view>");
  expect_allowed("include/ramet/model.hpp", "\"ramet/dataset.hpp\"");
}

TEST(SourceRules, DirectivesAreReadHoweverTheyAreSpaced) {
  expect_refused("src/math/gain.hpp", "  \"base/error.hpp\"  // why", "not below it");
  EXPECT_EQ(check("src/math/gain.hpp", "\t#  include\t\"base/error.hpp\"\n").size(), 1u);
  EXPECT_EQ(check("src/math/gain.hpp", "#include \"base/error.hpp\"").size(), 1u) << "no newline at the end";
  EXPECT_TRUE(check("src/math/gain.hpp", "// #include \"base/error.hpp\"\n").empty());
}

TEST(SourceRules, FoldersOutsideTheHouseAreRefused) {
  expect_refused("src/attic/old.cpp", "<vector>", "on no known floor");
  expect_refused("src/train/boost.cpp", "\"../cpu/histogram.hpp\"", "without ..");
}

TEST(SourceRules, DownwardIncludesAreAllowed) {
  expect_allowed("src/base/error.hpp", "\"math/gain.hpp\"");
  expect_allowed("src/train/boost.cpp", "\"backend/session.hpp\"");
  expect_allowed("src/cpu/histogram.cpp", "\"hwy/highway.h\"");
  expect_allowed("src/model/file.cpp", "\"model_generated.h\"");
  expect_allowed("src/math/gain.hpp", "\"math/host_device.hpp\"");
}

TEST(SourceRules, LongFilesAreRefused) {
  const std::string limit(most_lines, '\n');
  EXPECT_TRUE(length_violations({.path = "src/cpu/a.cpp", .text = limit}).empty());
  const std::vector<Violation> found = length_violations({.path = "src/cpu/a.cpp", .text = limit + "\n"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].message.find("451 lines"), std::string::npos) << found[0].message;
}

}  // namespace
}  // namespace ramet::house
