// The command line of scaling_bench.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ramet/params.hpp"

namespace ramet::scaling {

struct Options {
  std::string data;
  std::string model;             // file to save the model to; empty: none
  std::int64_t rows = 0;         // use the first so many; 0 = all
  int cols = 0;                  // use the first so many features; 0 = all
  std::vector<int> categorical;  // columns whose values are codes: whole numbers from 0
  int repeats = 1;
  TrainParams params;
};

inline constexpr const char* usage =
    "scaling_bench --data X.npy [--rows N] [--cols N] [--categorical 0,1,...] [--repeats N]\n"
    "              [--model FILE] [--PARAMETER VALUE ...]\n"
    "Trains on a row-major float32 matrix whose last column is the label (classes: 0, 1, ...), and prints\n"
    "times and memory as JSON. Parameters are those of `ramet params`: --objective, --max-bin, --threads.\n";

// `arguments` without the program's name: pairs of --name and value. Throws std::runtime_error, or the
// library's Error for its parameters.
Options parse_options(const std::vector<std::string>& arguments);

}  // namespace ramet::scaling
