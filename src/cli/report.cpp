#include "report.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>
#include <sstream>

#include "ramet/version.hpp"

namespace ramet::cli {
namespace {

using Json = nlohmann::ordered_json;

Json timing_json(const TrainingResult& result, const RunTimes& times) {
  Json phases = Json::object();
  for (const auto& [name, seconds] : result.report.phases) phases[name] = seconds;
  return {{"load_s", times.load_s}, {"bin_s", result.bin_s},    {"train_s", result.report.train_s},
          {"save_s", times.save_s}, {"total_s", times.total_s}, {"phases", std::move(phases)}};
}

Json rounds_json(const TrainReport& report) {
  Json rounds = Json::array();
  for (std::size_t i = 0; i < report.rounds.size(); ++i) {
    Json round = {{"round", i + 1}};
    for (const MetricValue& value : report.rounds[i]) round[value.set][value.metric] = value.value;
    rounds.push_back(std::move(round));
  }
  return rounds;
}

}  // namespace

Json parameter_json(const ParamInfo& info, const std::string& value) {
  if (info.type == ParamType::text) return value;
  if (info.type == ParamType::text_list) {
    Json list = Json::array();
    std::istringstream items(value);
    for (std::string item; std::getline(items, item, ',');) list.push_back(item);
    return list;
  }
  const Json number = Json::parse(value, nullptr, false);
  return number.is_number() ? number : Json();
}

Json parameters_json(const TrainParams& params) {
  Json json = Json::object();
  for (const ParamInfo& info : parameters()) {
    json[std::string(info.name)] = parameter_json(info, get_parameter(params, info.name));
  }
  return json;
}

Json run_report(const RunSummary& run) {
  const TrainingResult& result = *run.result;
  const Model& model = result.model;
  return {{"version", version_string},
          {"contract_version", contract_version},
          {"device", result.report.device},
          {"threads", run.params->threads},
          {"ranks", run.ranks},
          {"data", run.data},
          {"valid", run.valid},
          {"model", run.model},
          {"rows", result.rows},
          {"valid_rows", result.valid_rows},
          {"features", result.features},
          // As text: not every JSON reader keeps 64-bit integers.
          {"data_fingerprint", fmt::format("{:016x}", result.fingerprint)},
          {"objective", model.objective()},
          {"outputs", model.outputs()},
          {"rounds", model.rounds()},
          {"best_round", model.best_round()},
          {"trees", model.trees()},
          {"timing", timing_json(result, run.times)},
          {"peak_memory_bytes", peak_memory_bytes()},
          {"dataset_bytes", result.dataset_bytes},
          {"metrics", rounds_json(result.report)},
          {"parameters", parameters_json(*run.params)}};
}

std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::int64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    std::int64_t kib = 0;
    if (std::istringstream(line.substr(6)) >> kib) return kib * 1024;
  }
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::int64_t>(usage.ru_maxrss) * 1024 : 0;
}

bool reset_peak_memory() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

}  // namespace ramet::cli
