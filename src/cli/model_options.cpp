#include "model_options.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "exposure.hpp"

namespace ramet::cli {

void add_model_options(CLI::App& command, ModelArguments& arguments, Roles roles) {
  command.add_option("--model", arguments.model, "Model file.")->type_name("FILE");
  command.add_option("--data", arguments.data, "CSV file with the model's features (plain, .gz or .zst).")
      ->type_name("FILE");
  add_table_options(command, arguments.table, roles);
  command
      .add_option(
          "--rounds", arguments.rounds,
          "Use the first so many rounds [default 0: the best ones if training stopped early, else all].")
      ->type_name("INT")
      ->group("Run");
  command
      .add_option("--threads", arguments.threads,
                  "Number of threads [default 0: all cores]. Never changes a result.")
      ->type_name("INT")
      ->group("Run");
}

void check_model_arguments(const ModelArguments& arguments) {
  require(arguments.model, "--model");
  require(arguments.data, "--data");
  if (arguments.rounds < 0) throw UsageError(fmt::format("--rounds {}: must be >= 0", arguments.rounds));
  if (arguments.threads < 0) throw UsageError(fmt::format("--threads {}: must be >= 0", arguments.threads));
}

io::Table open_model_table(const ModelArguments& arguments, const Model& model, io::TableOptions options) {
  options.schema = &model.schema();
  return io::Table::open(arguments.data, options);
}

void for_each_model_batch(const ModelArguments& arguments, const io::Table& table,
                          const Interrupts& interrupts, const VisitBatch& visit) {
  table.for_each_batch([&](const io::Table::RowBatch& batch) {
    interrupts.check();
    PredictOptions options;
    options.rounds = arguments.rounds;
    options.threads = arguments.threads;
    options.base_margins = batch.base_margins;
    std::vector<double> logarithms;
    if (!arguments.table.exposure.empty()) {
      logarithms = log_exposures(batch.base_margins, arguments.table.exposure, batch.first_row);
      options.base_margins = logarithms;
    }
    visit(batch, options);
  });
}

}  // namespace ramet::cli
