// What a `ramet::Model` handle points to: trees, scales, and everything needed to use them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/lazy_plan.hpp"
#include "model/tree.hpp"
#include "ramet/schema.hpp"

namespace ramet::model {

// Margins of one output are int64 multiples of 2^-unit_exponent, starting at `base`.
struct OutputScale {
  std::int32_t unit_exponent = 40;
  std::int64_t base = 0;
};

struct Ensemble {
  std::string objective;  // canonical name, or the custom objective's
  Schema schema;
  std::vector<OutputScale> outputs;
  std::vector<Tree> trees;  // in order of rounds; trees_per_round each
  std::int32_t trees_per_round = 1;
  std::int32_t best_round = 0;  // rounds used by default; all if not stopped early
  std::vector<std::pair<std::string, std::string>> parameters;  // those the bytes are a function of
  std::uint64_t data_fingerprint = 0;
  std::int64_t data_rows = 0;
  std::int32_t contract_version = 0;
  std::string library_version;
  LazyPlan plan{};  // for prediction; no part of the model

  std::int32_t rounds() const {
    return trees_per_round > 0 ? static_cast<std::int32_t>(trees.size()) / trees_per_round : 0;
  }
};

}  // namespace ramet::model
