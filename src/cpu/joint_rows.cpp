#include "cpu/joint_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace ramet::cpu {
namespace {

constexpr std::int64_t chunk_rows = 8'192;
constexpr std::int32_t most_joint_cells = 256;  // codes of a byte
// Joint rows are a copy: they pay where so much less is added for each row.
constexpr double worthwhile_share = 0.85;
// Cells that are cleared and folded in the time of adding one value.
constexpr double cells_an_addition = 2.0;

std::int32_t size_of(const HistogramLayout& layout, std::int32_t column) {
  return layout.columns[static_cast<std::size_t>(column)].cells;
}

// Puts the one-byte columns [begin, end) together, those with the most values first, each where it fits
// first.
std::vector<JointGroup> group_columns(const HistogramLayout& layout, std::int32_t begin, std::int32_t end) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(std::max(end - begin, 0)));
  std::iota(order.begin(), order.end(), begin);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return size_of(layout, a) > size_of(layout, b); });
  std::vector<JointGroup> groups;
  for (const std::int32_t column : order) {
    const std::int32_t size = size_of(layout, column);
    const auto fits = [&](const JointGroup& group) { return group.cells * size <= most_joint_cells; };
    auto group = std::find_if(groups.begin(), groups.end(), fits);
    if (group == groups.end()) group = groups.insert(group, JointGroup{.members = {}, .cells = 1});
    group->members.push_back({column, size});
    group->cells *= size;
    group->counted = group->counted || layout.columns[static_cast<std::size_t>(column)].counted;
  }
  // As a histogram layout has its columns.
  std::stable_partition(groups.begin(), groups.end(), [](const JointGroup& group) { return !group.counted; });
  return groups;
}

// Gives a group its cells, and its byte in the joint rows, behind `codes` bytes.
void place_group(JointGroup& group, JointRows& joint, std::int64_t& codes) {
  HistogramColumn column;
  column.column = -1;
  column.byte_offset = static_cast<std::int32_t>(codes++);
  column.first_cell = group.first_cell = joint.layout.total_cells;
  column.cells = group.cells;
  column.code_base = column.first_cell;
  column.counted = group.counted;
  joint.layout.total_cells += padded_cells(group.cells * column.step());
  joint.layout.columns.push_back(column);
}

// The columns of one tile of the histogram layout. Two-byte columns stay alone, behind all others.
void place_tile(const HistogramLayout& layout, std::size_t tile, JointRows& joint, std::int64_t& codes) {
  const std::int32_t begin = layout.tiles[tile];
  const std::int32_t end = layout.tiles[tile + 1];
  const std::int32_t byte_end = std::clamp(layout.byte_columns, begin, end);
  for (JointGroup& group : group_columns(layout, begin, byte_end)) {
    if (group.members.size() > 1) {
      place_group(group, joint, codes);
      joint.groups.push_back(std::move(group));
    } else {
      HistogramColumn column = layout.columns[static_cast<std::size_t>(group.members[0].column)];
      column.byte_offset = static_cast<std::int32_t>(codes++);
      joint.layout.columns.push_back(column);
    }
  }
  joint.layout.byte_columns +=
      static_cast<std::int32_t>(joint.layout.columns.size()) - joint.tile_columns.back();
  for (std::int32_t c = byte_end; c < end; ++c) {
    HistogramColumn column = layout.columns[static_cast<std::size_t>(c)];
    column.byte_offset = static_cast<std::int32_t>(codes);
    codes += 2;
    joint.layout.columns.push_back(column);
  }
}

// One source column's share of a joint byte.
struct Digit {
  const std::uint8_t* codes = nullptr;  // of the page
  std::int32_t factor = 1;
  std::int32_t first_code = 0;  // the code of value 0
};

void fill_byte(const std::vector<Digit>& digits, std::int64_t row_bytes, std::int64_t begin, std::int64_t end,
               std::uint8_t* bytes) {
  std::uint8_t joint[chunk_rows];
  const auto count = static_cast<std::size_t>(end - begin);
  std::memset(joint, 0, count);
  for (const Digit& digit : digits) {
    const std::uint8_t* codes = digit.codes + begin;
    for (std::size_t i = 0; i < count; ++i) {
      joint[i] = static_cast<std::uint8_t>(joint[i] + digit.factor * (codes[i] - digit.first_code));
    }
  }
  for (std::size_t i = 0; i < count; ++i)
    bytes[(begin + static_cast<std::int64_t>(i)) * row_bytes] = joint[i];
}

void fill_short(const std::uint16_t* codes, std::int64_t row_bytes, std::int64_t begin, std::int64_t end,
                std::uint8_t* bytes) {
  for (std::int64_t i = begin; i < end; ++i) std::memcpy(bytes + i * row_bytes, codes + i, sizeof *codes);
}

// The digits of each byte of a joint row. A column that is alone keeps its codes.
std::vector<std::vector<Digit>> digits_of(const data::DatasetData& data, const HistogramLayout& layout,
                                          const JointRows& joint, const data::Page& page) {
  const auto codes = [&](const HistogramColumn& column) {
    return page.column<std::uint8_t>(data.layout.columns[static_cast<std::size_t>(column.column)]);
  };
  std::vector<std::vector<Digit>> digits;
  std::size_t group = 0;
  for (std::int32_t b = 0; b < joint.layout.byte_columns; ++b) {
    const HistogramColumn& column = joint.layout.columns[static_cast<std::size_t>(b)];
    digits.emplace_back();
    if (column.column >= 0) {
      digits.back().push_back({codes(column), 1, 0});
      continue;
    }
    std::int32_t factor = 1;
    for (const JointMember& member : joint.groups[group++].members) {
      const HistogramColumn& from = layout.columns[static_cast<std::size_t>(member.column)];
      digits.back().push_back({codes(from), factor, from.first_code()});
      factor *= member.size;
    }
  }
  return digits;
}

void add_value(const HistogramColumn& column, std::int32_t value, std::int64_t sum, std::int64_t* cells) {
  cells[column.first_cell + value] += sum;
}

void add_value(const HistogramColumn& column, std::int32_t value, CellPair sum, std::int64_t* cells) {
  std::int64_t* target = cells + column.first_cell + value * column.step();
  target[0] += sum[0];
  if (column.counted) target[1] += sum[1];
}

// Sums over all but one member, from the last member to the first: what is left after each is the sum over
// it. `Cell`: a joint cell, with its count if the group has counts.
template <class Cell>
void fold(const JointGroup& group, const HistogramLayout& layout, std::int64_t* cells) {
  auto* values = reinterpret_cast<Cell*>(cells + group.first_cell);
  std::int32_t left = group.cells;
  for (std::size_t m = group.members.size(); m-- > 0;) {
    const std::int32_t size = group.members[m].size;
    const std::int32_t stride = left / size;
    const HistogramColumn& column = layout.columns[static_cast<std::size_t>(group.members[m].column)];
    for (std::int32_t v = 0; v < size; ++v) {
      const Cell* from = values + v * stride;
      Cell sum{};
      for (std::int32_t i = 0; i < stride; ++i) sum += from[i];
      add_value(column, v, sum, cells);
    }
    for (std::int32_t v = 1; v < size && m > 0; ++v) {
      const Cell* from = values + v * stride;
      for (std::int32_t i = 0; i < stride; ++i) values[i] += from[i];
    }
    left = stride;
  }
}

}  // namespace

std::int64_t JointRows::additions() const { return static_cast<std::int64_t>(layout.columns.size()); }

std::pair<std::int64_t, std::int64_t> JointRows::joint_cells(std::size_t tile) const {
  const auto first = [&](std::int32_t group) {
    return group < static_cast<std::int32_t>(groups.size())
               ? groups[static_cast<std::size_t>(group)].first_cell
               : layout.total_cells;
  };
  return {first(tile_groups[tile]), first(tile_groups[tile + 1])};
}

std::shared_ptr<JointRows> plan_joint_rows(const HistogramLayout& layout, std::int64_t gradients) {
  std::int64_t codes = 0;
  auto joint = std::make_shared<JointRows>();
  joint->own_cells = joint->layout.total_cells = layout.total_cells;
  joint->tile_columns.push_back(0);
  joint->tile_groups.push_back(0);
  for (std::size_t tile = 0; tile + 1 < layout.tiles.size(); ++tile) {
    place_tile(layout, tile, *joint, codes);
    joint->tile_columns.push_back(static_cast<std::int32_t>(joint->layout.columns.size()));
    joint->tile_groups.push_back(static_cast<std::int32_t>(joint->groups.size()));
  }
  joint->rows.set_shape(codes, gradients);
  const auto plain = static_cast<double>(layout.columns.size());
  const auto fewer = static_cast<double>(joint->additions());
  if (joint->groups.empty() || fewer > worthwhile_share * plain) return nullptr;
  const double extra = 3.0 * (joint->layout.total_cells - layout.total_cells) + layout.total_cells;
  joint->least_rows = static_cast<std::int64_t>(extra / cells_an_addition / (plain - fewer));
  return joint;
}

void fill_joint_rows(const data::DatasetData& data, const HistogramLayout& layout, Tasks& tasks,
                     JointRows& joint) {
  for (const data::Page& page : data.pages) {
    data::Page& to = joint.rows.add_page(page);
    const std::vector<std::vector<Digit>> digits = digits_of(data, layout, joint, page);
    tasks.for_each((page.rows + chunk_rows - 1) / chunk_rows, [&](std::int64_t chunk) {
      const std::int64_t begin = chunk * chunk_rows;
      const std::int64_t end = std::min<std::int64_t>(begin + chunk_rows, page.rows);
      for (std::size_t c = 0; c < joint.layout.columns.size(); ++c) {
        const HistogramColumn& column = joint.layout.columns[c];
        std::uint8_t* bytes = to.packed.data() + column.byte_offset;
        if (c < digits.size()) {
          fill_byte(digits[c], joint.rows.row_bytes, begin, end, bytes);
        } else {
          const auto at = static_cast<std::size_t>(column.column);
          fill_short(page.column<std::uint16_t>(data.layout.columns[at]), joint.rows.row_bytes, begin, end,
                     bytes);
        }
      }
    });
  }
}

void fold_joint_cells(const JointRows& joint, const HistogramLayout& layout, std::size_t tile,
                      std::int64_t* cells) {
  for (std::int32_t g = joint.tile_groups[tile]; g < joint.tile_groups[tile + 1]; ++g) {
    const JointGroup& group = joint.groups[static_cast<std::size_t>(g)];
    if (group.counted) {
      fold<CellPair>(group, layout, cells);
    } else {
      fold<std::int64_t>(group, layout, cells);
    }
  }
  const auto [first, last] = joint.joint_cells(tile);
  std::memset(cells + first, 0, static_cast<std::size_t>(last - first) * sizeof(std::int64_t));
}

}  // namespace ramet::cpu
