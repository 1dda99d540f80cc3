// Rows in which several columns of few values share one byte: a row is added to one cell for all of them, and
// each column's sums follow by adding up the joint cells, which is exact.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/tasks.hpp"
#include "cpu/cells.hpp"
#include "cpu/row_records.hpp"
#include "data/dataset_data.hpp"

namespace ramet::cpu {

// A column in a joint byte. The joint value is value_0 + size_0 * (value_1 + size_1 * (value_2 + ...)) of its
// members, a value being the number of the code's cell among the column's.
struct JointMember {
  std::int32_t column = 0;  // of the histogram layout
  std::int32_t size = 0;    // cells of the column
};

// A byte of two or more columns.
struct JointGroup {
  std::vector<JointMember> members;
  std::int32_t cells = 0;       // product of the sizes
  std::int32_t first_cell = 0;  // of the joint cells
  bool counted = false;         // a member is: each joint cell is followed by one that counts rows
};

struct JointRows {
  // Where a row's bytes are added to: columns that are alone have their cells of the histogram layout, groups
  // theirs behind all of those.
  HistogramLayout layout;
  std::int32_t own_cells = 0;  // of the histogram layout; the joint cells begin here
  std::vector<JointGroup> groups;
  // Columns [tile_columns[i], tile_columns[i + 1]) of `layout`, and groups likewise, are those of the
  // histogram layout's tile i.
  std::vector<std::int32_t> tile_columns;
  std::vector<std::int32_t> tile_groups;
  RowRecords rows;
  // Rows from which on a node is built faster from these rows.
  std::int64_t least_rows = 0;

  // What is added for each row.
  std::int64_t additions() const;

  // The joint cells of a tile: [first, last).
  std::pair<std::int64_t, std::int64_t> joint_cells(std::size_t tile) const;
};

// For histograms of `layout`, which holds every column; null where little would be saved. Choices differ
// between data sets, and never show in a histogram.
// Without rows: those are a copy of the data, made when it is certain that they are used.
// `gradients`: as in RowRecords::set_shape.
std::shared_ptr<JointRows> plan_joint_rows(const HistogramLayout& layout, std::int64_t gradients);
void fill_joint_rows(const data::DatasetData& data, const HistogramLayout& layout, Tasks& tasks,
                     JointRows& joint);

// Adds a tile's joint cells to those of its columns, and zeroes them. `cells`: all of the layout's and the
// joint ones.
void fold_joint_cells(const JointRows& joint, const HistogramLayout& layout, std::size_t tile,
                      std::int64_t* cells);

}  // namespace ramet::cpu
