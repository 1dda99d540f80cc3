#include "naive/rows.hpp"

#include <cmath>

#include "base/error.hpp"
#include "math/score.hpp"

namespace ramet::naive {

BinnedRows::BinnedRows(const data::DatasetData& set) : data(&set), codes(set.bins->features.size()) {
  for (const data::StoredColumn& column : set.layout.columns) {
    std::vector<std::uint32_t>& target = codes[static_cast<std::size_t>(column.feature)];
    for (const data::Page& page : set.pages) {
      for (std::int32_t r = 0; r < page.rows; ++r) {
        target.push_back(column.width == 1 ? page.column<std::uint8_t>(column)[r]
                                           : page.column<std::uint16_t>(column)[r]);
      }
    }
  }
}

Scores::Scores(const data::DatasetData& set, std::span<const model::OutputScale> outputs) {
  for (const model::OutputScale& output : outputs) unit_exponents.push_back(output.unit_exponent);
  for (std::int64_t row = 0; row < set.rows; ++row) {
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (set.base_margins.empty()) {
        units.push_back(outputs[k].base);
        continue;
      }
      const double margin = set.base_margins[static_cast<std::size_t>(row) * outputs.size() + k];
      const double scaled = margin * math::pow2(outputs[k].unit_exponent);
      if (!(std::fabs(scaled) < 0x1p61)) {
        fail(ErrorCode::invalid_data, "base margin of row {} = {}: does not fit", set.first_global_row + row,
             margin);
      }
      units.push_back(std::llrint(scaled));
    }
  }
}

bool goes_left(const backend::SplitRule& rule, std::uint32_t code) {
  if (code == data::missing_code) return rule.missing_left;
  if (!rule.categorical) return code <= rule.bin;
  const std::uint32_t category = code - 1;
  return category / 32 < rule.left_categories.size() &&
         ((rule.left_categories[category / 32] >> (category % 32)) & 1) != 0;
}

std::int32_t leaf_of(const backend::FinishedTree& tree, const BinnedRows& set, std::int64_t row) {
  std::int32_t at = 0;
  while (true) {
    const backend::FinishedTree::Node& node = tree.nodes[static_cast<std::size_t>(at)];
    if (node.left < 0) return at;
    const auto& codes = set.codes[static_cast<std::size_t>(node.rule.feature)];
    at = goes_left(node.rule, codes[static_cast<std::size_t>(row)]) ? node.left : node.right;
  }
}

}  // namespace ramet::naive
