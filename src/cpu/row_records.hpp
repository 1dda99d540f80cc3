// Packed rows that hold each row's narrow gradient behind its codes, where that pays: one access to memory
// brings both to a node whose rows are far apart.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/tasks.hpp"
#include "cpu/histogram.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cpu {

// A copy of the rows, made for one training.
struct RowRecords {
  std::int64_t row_bytes = 0;
  std::int64_t gradient_at = 0;   // its offset in a row; 0: there is none
  std::vector<data::Page> pages;  // packed rows only

  bool with_gradients() const { return gradient_at != 0; }
  // Gives the rows room for `codes` bytes and, where it is worth it, a gradient: rows are padded so that they
  // do not cross cache lines more often than they must. `gradients`: how many rows want room for one, all or
  // none.
  void set_shape(std::int64_t codes, std::int64_t gradients);
  // An uninitialised page for the rows of `page`.
  data::Page& add_page(const data::Page& page);
  // Writes the gradients of a slice's rows into page p. `gradients`: one per row of the page.
  void store(std::int32_t p, const RowSlice& rows, const std::uint32_t* gradients);
};

// Records of all of the data's codes, without gradients yet; null where rows are too short or too long
// for it to pay.
std::shared_ptr<RowRecords> make_row_records(const data::DatasetData& data, Tasks& tasks);

}  // namespace ramet::cpu
