// What a `ramet::Dataset` handle points to.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/bins.hpp"
#include "data/page.hpp"
#include "ramet/communicator.hpp"

namespace ramet::data {

struct DatasetData {
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<const Bins> bins;
  Layout layout;
  std::vector<Page> pages;

  std::int64_t rows = 0;              // of this rank
  std::int64_t first_global_row = 0;  // global number of this rank's row 0
  std::int64_t total_rows = 0;        // of all ranks

  std::vector<double> labels;        // rows, or empty
  std::vector<double> weights;       // rows, or empty = all 1
  bool weighted = false;             // some rank has weights
  std::vector<double> base_margins;  // rows x margin_outputs, or empty
  std::int32_t margin_outputs = 0;
  std::vector<std::int64_t> groups;  // rows: query id, or empty

  std::uint64_t fingerprint = 0;  // over all ranks
  std::shared_ptr<Communicator> communicator;
};

}  // namespace ramet::data
