// What the parity tests train: made-up tables and parameters that together reach every rule of the contract.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "naive/toy_data.hpp"
#include "ramet/model.hpp"
#include "ramet/params.hpp"
#include "train/boosting.hpp"

namespace ramet::parity {

struct Case {
  std::string name;
  TrainParams params;
  naive::ToyOptions table;
  int max_bin = 255;

  DatasetOptions data_options() const { return {.bins = {.max_bin = max_bin}}; }
};

// Names the tests.
void PrintTo(const Case& c, std::ostream* out);

TrainParams base_params();

// Cases that change one thing each, and a hundred that draw everything at random.
std::vector<Case> all_cases();

// A covering array: any two values of any two of objective, growth, sampling, missing values, categories,
// bins, gradient bits, weights and the rules that bind splits meet in some case.
std::vector<Case> covering_cases();

// Fails at the first place where the models differ, with what comes before.
void expect_equal(const Model& a, const Model& b, const std::string& what);

// Trains on in-process ranks; rank r has the rows up to ends[r].
std::vector<Model> train_ranks(training::OpenSession open, const Case& c, const naive::ToyTable& table,
                               const std::vector<std::int64_t>& ends);

}  // namespace ramet::parity
