// The public face of the parameter table: listing, setting by name, reading by name.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/nearest.hpp"
#include "ramet/params.hpp"
#include "train/param_table.hpp"
#include "train/param_values.hpp"

namespace ramet {
namespace {

struct Listing {
  std::deque<std::vector<std::string_view>> aliases;  // what the spans of `rows` point into
  std::vector<ParamInfo> rows;
};

Listing make_listing() {
  Listing listing;
  const TrainParams defaults{};
  for (const training::ParamRow& row : training::param_rows()) {
    listing.aliases.push_back(training::split_list(row.aliases));
    listing.rows.push_back({.name = row.name,
                            .aliases = listing.aliases.back(),
                            .type = training::param_type(row.member),
                            .default_value = training::print_value(defaults, row),
                            .range = training::allowed_text(row.allowed),
                            .help = std::string(row.help),
                            .group = std::string(row.group)});
  }
  return listing;
}

[[noreturn]] void fail_unknown(std::string_view name) {
  std::vector<std::string_view> known;
  for (const ParamInfo& info : parameters()) {
    known.push_back(info.name);
    known.insert(known.end(), info.aliases.begin(), info.aliases.end());
  }
  const std::string_view nearest = nearest_name(name, known);
  const std::string hint = nearest.empty() ? std::string{} : fmt::format("; did you mean {}?", nearest);
  fail(ErrorCode::invalid_parameter, "{}: no such parameter{}", name, hint);
}

const training::ParamRow& find_row(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  const auto infos = parameters();
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const auto& aliases = infos[i].aliases;
    if (infos[i].name == key || std::find(aliases.begin(), aliases.end(), key) != aliases.end()) {
      return training::param_rows()[i];
    }
  }
  fail_unknown(name);
}

}  // namespace

std::span<const ParamInfo> parameters() {
  static const Listing listing = make_listing();
  return listing.rows;
}

void set_parameter(TrainParams& params, std::string_view name, std::string_view value) {
  training::parse_value(params, find_row(name), value);
}

std::string get_parameter(const TrainParams& params, std::string_view name) {
  return training::print_value(params, find_row(name));
}

}  // namespace ramet
