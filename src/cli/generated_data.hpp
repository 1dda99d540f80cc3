// A data set made from nothing but its size and a seed, to measure on: shaped like the Higgs set, as the one
// of bench/peers is. The same bytes on every machine and with any number of threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ramet::cli {

// "1000000x28"
struct GeneratedShape {
  std::int64_t rows = 0;
  int columns = 0;
};

// Throws UsageError unless it is ROWSxCOLUMNS with at least one row and six columns.
GeneratedShape parse_shape(const std::string& text);

struct GeneratedData {
  std::vector<float> x;  // row-major
  std::vector<double> labels;
};

// Bell-shaped features; the first is skewed and the last third are hypotenuses of two others each, with
// noise. The label is drawn with log-odds of linear, product and threshold terms of a third of the features,
// about half of each class. threads: 0 = all cores.
GeneratedData generate(const GeneratedShape& shape, std::uint64_t seed, int threads);

// The same as a NumPy file (.npy) of float32: a row a line, its label in the last column. Throws Error{io}.
void save_npy(const GeneratedData& data, const std::filesystem::path& file);

}  // namespace ramet::cli
