// What `predict` and `evaluate` share: a model applied to the rows of a table.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "interrupts.hpp"
#include "ramet/io.hpp"
#include "ramet/model.hpp"
#include "table_options.hpp"

namespace ramet::cli {

struct ModelArguments {
  TableArguments table;
  std::string model;
  std::string data;
  int rounds = 0;
  int threads = 0;
};

void add_model_options(CLI::App& command, ModelArguments& arguments, Roles roles);

// Throws UsageError if --model or --data is missing or a number is out of range.
void check_model_arguments(const ModelArguments& arguments);

// The table, with the features that the model's schema has. `options` holds the roles.
io::Table open_model_table(const ModelArguments& arguments, const Model& model, io::TableOptions options);

// Visits all rows in batches. The options hold rounds, threads and the batch's base margins.
// Throws Interrupted between batches.
using VisitBatch = std::function<void(const io::Table::RowBatch&, const PredictOptions&)>;
void for_each_model_batch(const ModelArguments& arguments, const io::Table& table,
                          const Interrupts& interrupts, const VisitBatch& visit);

}  // namespace ramet::cli
