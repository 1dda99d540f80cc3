// Tables in, model out: builds the data sets and trains, on one rank or on several in this process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ramet/io.hpp"
#include "ramet/train.hpp"

namespace ramet::cli {

struct TrainingJob {
  const io::Table* table = nullptr;
  const io::Table* valid = nullptr;  // opened with the schema and classes of `table`; may be null
  TrainParams params;
  BinParams bins;
  std::int64_t page_rows = 0;
  int ranks = 1;  // threads of this process that each hold a contiguous range of the rows
  bool evaluate_train = false;
  std::string target;  // its name, for the model
  std::string
      exposure;  // the tables' base margins are exposures under this name: see exposure.hpp; may be empty
  std::function<void(const RoundInfo&)> on_round;  // called by one rank
  std::function<bool()> cancelled;                 // asked often, by all ranks: true raises Error{cancelled}
  LogSink log;                                     // called by one rank
};

struct TrainingResult {
  Model model;
  TrainReport report;
  double bin_s = 0;  // reading the files again and binning them
  std::int64_t rows = 0;
  std::int64_t valid_rows = 0;
  int features = 0;
  std::int64_t dataset_bytes = 0;  // of all ranks
  std::uint64_t fingerprint = 0;
};

// Throws Error{cancelled} if cancelled; Error{internal} if two ranks end with different models: that is what
// the numbers contract excludes.
TrainingResult run_training(const TrainingJob& job);

}  // namespace ramet::cli
