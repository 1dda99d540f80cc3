// An ensemble laid out for prediction on the device, still on the host: a model::Plan with nodes of 16 bytes,
// trees sorted by output, and the tables that turn values into the plan's codes.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ensemble.hpp"

namespace ramet::cuda {

// Sends code c of its column left if c - bias <= threshold (wrapping). The right child follows the left one.
// A leaf has left = 0, and its step, what it adds to a margin in units, in bias (low half) and threshold.
struct alignas(16) PredictNode {
  std::uint32_t left = 0;  // from its tree's first node
  // With set_column: bias is the first word of a set, and bit c of it says that code c goes left.
  std::uint32_t column = 0;
  std::uint32_t bias = 0;
  std::uint32_t threshold = 0;
};
inline constexpr std::uint32_t set_column = 1u << 31;

struct PredictTree {
  std::uint32_t first_node = 0;
  std::int32_t output = 0;
};

// Consecutive trees that a block keeps in shared memory together; or a single one that is too large for that,
// and is read from where it is.
inline constexpr std::uint32_t most_tile_nodes = 2'048;
struct PredictTile {
  std::int32_t first_tree = 0;
  std::int32_t end_tree = 0;
  std::uint32_t first_node = 0;
  std::uint32_t nodes = 0;
};

// A feature that some split uses. Numbers: their code is 1 + the number of cuts below them; categories: that
// of the equal number among the labels that are numbers, or of none. NaN and unknown categories: 0.
struct PredictColumn {
  std::int32_t feature = 0;
  std::uint32_t categories = 0;  // 0: numbers
  std::uint32_t first = 0;       // of the forest's values
  std::uint32_t count = 0;
};

struct PredictForest {
  int code_bytes = 1;  // 1, 2 or 4: of the codes that all columns need
  std::vector<PredictNode> nodes;
  std::vector<PredictTree> trees;
  std::vector<PredictTile> tiles;
  std::vector<std::uint32_t> words;
  std::vector<PredictColumn> columns;
  std::vector<double> values;              // cuts, or labels that are numbers; ascending in each column
  std::vector<float> rounded;              // the same, the largest floats not above them
  std::vector<std::uint32_t> value_codes;  // of the labels; 0 for cuts
  std::vector<std::int64_t> base;          // per output
};

// The trees of the first `rounds` rounds; 0: those up to the best one. Throws Error{invalid_parameter} for
// other numbers of rounds, Error{bad_model} if the ensemble makes no sense, Error{unsupported} if it is too
// large.
PredictForest make_forest(const model::Ensemble& ensemble, int rounds);

}  // namespace ramet::cuda
