// ramet inspect: what a model file holds.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "command.hpp"
#include "model_summary.hpp"
#include "report.hpp"

namespace ramet::cli {
namespace {

struct InspectArguments {
  std::string model;
  bool json = false;
  bool dump = false;
};

int run_inspect(const InspectArguments& a) {
  require(a.model, "MODEL");
  if (a.json && a.dump) throw UsageError("--json and --dump: give one of them");
  const Model model = Model::load(a.model);
  if (a.dump) {
    fmt::print("{}", model.to_json());
  } else {
    const ModelSummary summary = summarise(a.model, model);
    fmt::print("{}", a.json ? json_text(summary_json(summary)) : summary_text(summary));
  }
  return 0;
}

}  // namespace

Command add_inspect(CLI::App& root) {
  CLI::App* app = root.add_subcommand("inspect", "Tell what a model file holds");
  auto arguments = std::make_shared<InspectArguments>();
  app->add_option("MODEL,--model", arguments->model, "Model file.")->type_name("FILE");
  app->add_flag("--json", arguments->json, "Print the summary as JSON.");
  app->add_flag("--dump", arguments->dump, "Print everything the file holds, trees included, as JSON.");
  return {app, [arguments] { return run_inspect(*arguments); }};
}

}  // namespace ramet::cli
