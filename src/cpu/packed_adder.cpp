#include "cpu/packed_adder.hpp"

#include <algorithm>

namespace ramet::cpu {

void PackedAdder::add(std::int32_t p, RowSlice rows) {
  // At the root, whose rows are read anyway, they are given their gradients.
  if (job_.records == nullptr || job_.side != Side::root || tile_ != 0) return add_rows(p, rows);
  while (rows.count > 0) {
    const RowSlice block = take_rows(rows, std::min(rows.count, rows_at_once));
    job_.records->store(p, block, gradients_of(block));
    add_rows(p, block);
  }
}

void PackedAdder::finish() {
  if (job_.sparse != nullptr) derive_frequent(*job_.sparse, *job_.layout, job_.alive, total_, cells_);
  if (job_.joint != nullptr) fold_joint_cells(*job_.joint, *job_.layout, tile_, cells_);
  total_ = {};
}

RowSource<std::uint32_t> PackedAdder::source_of(std::int32_t p, const RowSlice& rows) const {
  const auto at = static_cast<std::size_t>(p);
  const RowRecords* copy = job_.joint != nullptr ? &job_.joint->rows : job_.records;
  RowSource<std::uint32_t> source{job_.data->pages[at].packed.data(), job_.data->layout.row_bytes};
  if (copy != nullptr) source = {copy->pages[at].packed.data(), copy->row_bytes};
  if (job_.records != nullptr && job_.side != Side::root) {
    source.gradient_at = copy->gradient_at;
  } else {
    source.gradients = gradients_of(rows);
  }
  return source;
}

void PackedAdder::add_rows(std::int32_t p, const RowSlice& rows) {
  if (job_.sparse != nullptr) {
    add_packed_sparse(job_.sparse->pages[static_cast<std::size_t>(p)], rows, gradients_of(rows), cells_,
                      total_);
  } else if (job_.joint != nullptr) {
    const JointRows& joint = *job_.joint;
    add_packed(joint.layout, joint.tile_columns[tile_], joint.tile_columns[tile_ + 1], source_of(p, rows),
               rows, cells_);
  } else {
    add_packed(*job_.layout, share_.column_begin, share_.column_end, source_of(p, rows), rows, cells_);
  }
}

}  // namespace ramet::cpu
