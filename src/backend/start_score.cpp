#include "backend/start_score.hpp"

#include <cmath>

#include "base/error.hpp"
#include "math/score.hpp"

namespace ramet::backend {

std::int64_t start_score(const data::DatasetData& data, std::int64_t row, std::size_t output,
                         std::span<const model::OutputScale> outputs) {
  const model::OutputScale& scale = outputs[output];
  if (data.base_margins.empty()) return scale.base;
  const double margin = data.base_margins[static_cast<std::size_t>(row) * outputs.size() + output];
  const double scaled = margin * math::pow2(scale.unit_exponent);
  if (!(std::fabs(scaled) < 0x1p61)) {
    fail(ErrorCode::invalid_data, "base margin of row {} = {}: must be between {:g} and {:g}",
         data.first_global_row + row, margin, -0x1p61 * math::pow2(-scale.unit_exponent),
         0x1p61 * math::pow2(-scale.unit_exponent));
  }
  return static_cast<std::int64_t>(std::nearbyint(scaled));
}

}  // namespace ramet::backend
