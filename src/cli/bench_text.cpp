// How `ramet bench` presents what it measured.
#include <fmt/format.h>

#include <algorithm>

#include "bench.hpp"
#include "ramet/version.hpp"
#include "report.hpp"

namespace ramet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr double mebibyte = 1 << 20;

// Phases of all runs, in order of appearance: backends have different ones.
std::vector<std::string> phase_names(const std::vector<BenchRun>& runs) {
  std::vector<std::string> names;
  for (const BenchRun& run : runs) {
    for (const auto& [name, seconds] : run.phases) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::string phase_text(const BenchRun& run, const std::string& name) {
  for (const auto& [own, seconds] : run.phases) {
    if (own == name) return fmt::format("{:.3f}", seconds);
  }
  return "-";
}

double speed_up(const std::vector<BenchRun>& runs, const BenchRun& run) {
  return runs.front().total_s / run.total_s;
}

struct Row {
  std::string name;
  std::vector<std::string> cells;
};

template <class Cell>
Row make_row(const std::string& name, const std::vector<BenchRun>& runs, const Cell& cell) {
  Row row{.name = name, .cells = {}};
  for (const BenchRun& run : runs) row.cells.push_back(cell(run));
  return row;
}

std::vector<Row> make_rows(const std::vector<BenchRun>& runs) {
  std::vector<Row> rows;
  rows.push_back(make_row("", runs, [](const BenchRun& r) { return r.device; }));
  rows.push_back(make_row("set-up s", runs, [](const BenchRun& r) {
    return fmt::format("{:.3f}", std::max(0.0, r.total_s - r.train_s));
  }));
  for (const std::string& name : phase_names(runs)) {
    rows.push_back(make_row(name + " s", runs, [&](const BenchRun& r) { return phase_text(r, name); }));
  }
  rows.push_back(
      make_row("all rounds s", runs, [](const BenchRun& r) { return fmt::format("{:.3f}", r.train_s); }));
  rows.push_back(
      make_row("total s", runs, [](const BenchRun& r) { return fmt::format("{:.3f}", r.total_s); }));
  rows.push_back(make_row("speed-up", runs,
                          [&](const BenchRun& r) { return fmt::format("{:.2f}", speed_up(runs, r)); }));
  rows.push_back(
      make_row("ms a tree", runs, [](const BenchRun& r) { return fmt::format("{:.3f}", r.tree_ms); }));
  const auto mib = [](std::int64_t bytes) {
    return bytes > 0 ? fmt::format("{:.0f}", static_cast<double>(bytes) / mebibyte) : std::string("-");
  };
  rows.push_back(make_row("host MiB", runs, [&](const BenchRun& r) { return mib(r.host_bytes); }));
  rows.push_back(make_row("device MiB", runs, [&](const BenchRun& r) { return mib(r.device_bytes); }));
  rows.push_back(make_row("model", runs, [&](const BenchRun& r) {
    return std::string(&r == &runs.front() && r.identical ? "reference"
                       : r.identical                      ? "identical"
                                                          : "DIFFERS");
  }));
  return rows;
}

std::string table_text(const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const Row& row : rows) {
    for (const std::string& cell : row.cells) width = std::max(width, cell.size());
  }
  std::string text;
  for (const Row& row : rows) {
    text += fmt::format("{:<14}", row.name);
    for (const std::string& cell : row.cells) text += fmt::format("  {:>{}}", cell, width);
    text += '\n';
  }
  return text;
}

Json run_json(const std::vector<BenchRun>& runs, const BenchRun& run) {
  Json phases = Json::object();
  for (const auto& [name, seconds] : run.phases) phases[name] = seconds;
  return {{"device", run.device},
          {"total_s", run.total_s},
          {"setup_s", std::max(0.0, run.total_s - run.train_s)},
          {"train_s", run.train_s},
          {"phases", std::move(phases)},
          {"trees", run.trees},
          {"ms_per_tree", run.tree_ms},
          {"speed_up", speed_up(runs, run)},
          {"peak_memory_bytes", run.host_bytes},
          {"device_memory_bytes", run.device_bytes > 0 ? Json(run.device_bytes) : Json()},
          {"repeats_total_s", run.all_total_s},
          {"identical", run.identical}};
}

}  // namespace

std::string bench_text(const BenchSubject& subject, const TrainParams& params,
                       const std::vector<BenchRun>& runs) {
  std::string text =
      fmt::format("data      {}: {} rows, {} features; ready in {:.2f} s, binned in {:.2f} s to {:.0f} MiB\n",
                  subject.source, subject.rows, subject.features, subject.load_s, subject.bin_s,
                  static_cast<double>(subject.dataset_bytes) / mebibyte);
  text +=
      fmt::format("training  {}, {}, {} trees\n\n", params.objective, params.grow_policy, runs.front().trees);
  return text + table_text(make_rows(runs));
}

Json bench_report(const BenchSubject& subject, const TrainParams& params, const std::vector<BenchRun>& runs) {
  Json all = Json::array();
  bool identical = true;
  for (const BenchRun& run : runs) {
    all.push_back(run_json(runs, run));
    identical = identical && run.identical;
  }
  return {{"version", version_string},
          {"contract_version", contract_version},
          {"data", subject.source},
          {"rows", subject.rows},
          {"features", subject.features},
          {"data_fingerprint", fmt::format("{:016x}", subject.fingerprint)},
          {"load_s", subject.load_s},
          {"bin_s", subject.bin_s},
          {"dataset_bytes", subject.dataset_bytes},
          {"runs", std::move(all)},
          {"identical", identical},
          {"parameters", parameters_json(params)}};
}

}  // namespace ramet::cli
