// The JSON that --report writes: where time and memory went, and every metric of every round. All that
// depends on the machine stands here and not in the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "ramet/train.hpp"
#include "training.hpp"

namespace ramet::cli {

struct RunTimes {
  double load_s = 0;  // reading the files for types, dictionaries and row counts
  double save_s = 0;
  double total_s = 0;
};

struct RunSummary {
  const TrainParams* params = nullptr;
  const TrainingResult* result = nullptr;
  RunTimes times;
  int ranks = 1;
  std::string data;
  std::string valid;  // empty: none
  std::string model;
};

nlohmann::ordered_json run_report(const RunSummary& run);

// Indented, with a line end; file names that are no UTF-8 lose the offending bytes.
std::string json_text(const nlohmann::ordered_json& json);

// Most resident memory this process has had so far; 0 if the system does not tell.
std::int64_t peak_memory_bytes();

// Starts peak_memory_bytes again from what is resident now. False if the system does not let it.
bool reset_peak_memory();

// All parameters by name.
nlohmann::ordered_json parameters_json(const TrainParams& params);

// The value of a parameter as JSON of the type that the table declares; empty optionals are null.
nlohmann::ordered_json parameter_json(const ParamInfo& info, const std::string& value);

}  // namespace ramet::cli
