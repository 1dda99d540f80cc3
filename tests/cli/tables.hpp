// Small tables for tests of the command, written as CSV text.
#pragma once

#include <string>

#include "cli/process.hpp"

namespace ramet::test {

// `rows` rows of x0..x3 (x3 with holes), `colour` (text), `w` (weight), `exposure`, `log_exposure`, and three
// targets: `y` (number), `kind` ("no"/"yes"), `claims` (a count). A pure function of `rows` and `seed`.
std::string table_text(int rows, int seed = 1);

// The same with other line ends, delimiter or header.
struct TableStyle {
  char delimiter = ',';
  bool header = true;
};
std::string table_text(int rows, int seed, const TableStyle& style);

// Options that leave of the table's columns only features and this target.
Arguments learn(const std::string& target);

}  // namespace ramet::test
