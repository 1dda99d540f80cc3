// ramet predict: a model and a table in, a CSV file of predictions out, batch by batch.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "command.hpp"
#include "model_options.hpp"
#include "output_file.hpp"
#include "prediction_csv.hpp"
#include "ramet/error.hpp"

namespace ramet::cli {
namespace {

struct PredictArguments {
  ModelArguments model;
  std::string output;
  std::string type = "probability";
};

constexpr std::array<std::pair<std::string_view, PredictType>, 4> types{{
    {"probability", PredictType::probability},
    {"raw", PredictType::raw},
    {"class", PredictType::label},
    {"leaf", PredictType::leaf},
}};

PredictType type_of(const std::string& name) {
  for (const auto& [known, type] : types) {
    if (name == known) return type;
  }
  throw UsageError(fmt::format("--type {}: must be probability, raw, class or leaf", name));
}

void check_format(const std::string& output) {
  for (const std::string_view ending : {".parquet", ".arrow", ".gz", ".zst"}) {
    if (output.ends_with(ending)) {
      throw UsageError(
          fmt::format("--output {}: predictions are written as plain CSV only, not {}", output, ending));
    }
  }
}

int run_predict(const PredictArguments& a) {
  check_model_arguments(a.model);
  require(a.output, "--output");
  check_format(a.output);
  const PredictType type = type_of(a.type);
  const std::vector<std::filesystem::path> inputs{a.model.model, a.model.data};
  check_output(a.output, inputs);

  Interrupts interrupts;
  const Model model = Model::load(a.model.model);
  const io::Table table = open_model_table(a.model, model, table_options(a.model.table, a.model.threads));
  interrupts.note_only();
  OutputFile file(a.output);
  file.write(prediction_header(model, type));
  for_each_model_batch(a.model, table, interrupts,
                       [&](const io::Table::RowBatch& batch, const PredictOptions& given) {
                         PredictOptions options = given;
                         options.type = type;
                         std::string text;
                         append_predictions(text, model, type, model.predict(batch.columns, options));
                         file.write(text);
                       });
  file.commit();
  return 0;
}

}  // namespace

Command add_predict(CLI::App& root) {
  CLI::App* app = root.add_subcommand("predict", "Predict the rows of a table");
  auto arguments = std::make_shared<PredictArguments>();
  add_model_options(*app, arguments->model, Roles::prediction);
  app->add_option("--output", arguments->output, "CSV file to write (- prints it).")->type_name("FILE");
  app->add_option(
         "--type", arguments->type,
         "probability: what the objective predicts (probability, mean, rate); raw: the margin; class: the "
         "likeliest class; leaf: the leaf reached in each tree [default probability].")
      ->type_name("TYPE");
  return {app, [arguments] { return run_predict(*arguments); }};
}

}  // namespace ramet::cli
