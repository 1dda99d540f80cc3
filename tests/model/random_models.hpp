// Random ensembles and rows to go with them, and the obviously right prediction of one row.
#pragma once

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "model/ensemble.hpp"

namespace ramet::model::testing {

struct RandomOptions {
  int features = 4;
  int outputs = 1;
  int rounds = 5;
  int max_splits = 12;          // per tree; 0: single leaves only
  int numeric_cuts = 6;         // distinct cuts of a numeric feature
  int categories = 5;           // of a categorical feature
  bool categorical = true;      // some features are
  bool chains = false;          // always split the newest node: as deep as there are splits
  bool numeric_labels = false;  // categories are named by numbers
  bool special_values = true;   // missing values, infinities, unseen categories among the rows
};

// A value of one feature of one row.
struct Cell {
  double number = std::numeric_limits<double>::quiet_NaN();  // numeric, boolean
  std::string label{};                                       // categorical; empty: missing
};
using Row = std::vector<Cell>;

// Passes check_all. Numeric features with an index divisible by 5 are boolean, categorical ones are odd.
Ensemble random_ensemble(std::uint64_t seed, const RandomOptions& options = {});

// Values at, just below and just above cuts among them. All numbers are floats if `floats`.
std::vector<Row> random_rows(const Ensemble& ensemble, std::uint64_t seed, int rows, bool floats,
                             bool special_values = true);

// A model of one tree with one numeric split, for tests that alter it.
Ensemble stump(double cut = 0.5);

// The leaf (node number) that a row reaches, straight from the definition of model::Tree.
std::int32_t naive_leaf(const Tree& tree, const Schema& schema, const Row& row);

// Margins in units after `rounds` rounds.
std::vector<std::int64_t> naive_scores(const Ensemble& ensemble, const Row& row, int rounds);

// The number of a leaf among the leaves of its tree.
std::int32_t leaf_number(const Tree& tree, std::int32_t node);

}  // namespace ramet::model::testing
