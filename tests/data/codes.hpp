// Reading binned data back, for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "data/dataset_data.hpp"

namespace ramet::test {

// The codes of a stored feature in all rows of the rank, from the pages' columns. Throws if the packed rows
// disagree.
inline std::vector<std::uint32_t> codes_of(const Dataset& dataset, int feature) {
  const data::DatasetData& data = dataset.data();
  const data::StoredColumn& column = data.layout.columns.at(data.layout.column_of_feature.at(feature));
  std::vector<std::uint32_t> codes;
  for (const data::Page& page : data.pages) {
    for (std::int64_t r = 0; r < page.rows; ++r) {
      const std::uint32_t code =
          column.width == 1 ? page.column<std::uint8_t>(column)[r] : page.column<std::uint16_t>(column)[r];
      std::uint32_t packed = 0;
      std::memcpy(&packed, page.packed.data() + r * data.layout.row_bytes + column.byte_offset, column.width);
      if (packed != code) throw std::logic_error("packed rows and columns differ");
      codes.push_back(code);
    }
  }
  return codes;
}

// Everything of a data set that training sees, but for rows and pages: bins and layout.
inline bool same_bins(const Dataset& a, const Dataset& b) {
  const data::Layout& x = a.data().layout;
  const data::Layout& y = b.data().layout;
  bool same = *a.data().bins == *b.data().bins && a.schema() == b.schema() && x.row_bytes == y.row_bytes &&
              x.total_cells == y.total_cells && x.byte_columns == y.byte_columns &&
              x.column_of_feature == y.column_of_feature && x.columns.size() == y.columns.size();
  for (std::size_t c = 0; same && c < x.columns.size(); ++c) {
    same = x.columns[c].feature == y.columns[c].feature && x.columns[c].width == y.columns[c].width &&
           x.columns[c].byte_offset == y.columns[c].byte_offset &&
           x.columns[c].has_missing == y.columns[c].has_missing &&
           x.columns[c].value_bins == y.columns[c].value_bins &&
           x.columns[c].first_cell == y.columns[c].first_cell;
  }
  return same;
}

}  // namespace ramet::test
