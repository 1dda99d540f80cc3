#include "cuda/set_rows.hpp"

#include <cmath>

#include "base/error.hpp"
#include "cuda/check.hpp"
#include "math/score.hpp"

namespace ramet::cuda {
namespace {

// Where a row's margin of an output starts, in units.
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

DeviceArray<double> upload(const std::vector<double>& values, RowSpan span, cudaStream_t stream) {
  if (values.empty()) return {};
  DeviceArray<double> on_device(static_cast<std::size_t>(span.size()));
  copy(on_device.data(), values.data() + span.begin, on_device.size(), stream);
  return on_device;
}

}  // namespace

std::int64_t SetRows::bytes(const data::DatasetData& data, std::int64_t rows, std::int32_t outputs) {
  const std::int64_t doubles = (data.labels.empty() ? 0 : 1) + (data.weights.empty() ? 0 : 1);
  return DeviceColumns::bytes(data.layout, rows) + rows * 8 * (doubles + outputs);
}

SetRows::SetRows(const data::DatasetData& data, RowSpan rows, std::span<const model::OutputScale> outputs,
                 cudaStream_t stream)
    : span_(rows),
      first_global_row_(data.first_global_row + rows.begin),
      columns_(data, rows, stream),
      labels_(upload(data.labels, rows, stream)),
      weights_(upload(data.weights, rows, stream)) {
  const auto count = static_cast<std::size_t>(rows.size());
  std::vector<std::int64_t> scores(count * outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    unit_exponents_.push_back(outputs[k].unit_exponent);
    for (std::size_t r = 0; r < count; ++r) {
      scores[k * count + r] = start_score(data, rows.begin + static_cast<std::int64_t>(r), k, outputs);
    }
  }
  scores_ = DeviceArray<std::int64_t>(scores.size());
  copy(scores_.data(), scores.data(), scores.size(), stream);
  check(cudaStreamSynchronize(stream), "uploading labels and scores");
}

ScoredRows SetRows::scored() const {
  return {.scores = scores_.data(),
          .labels = labels_.data(),
          .weights = weights_.data(),
          .rows = rows(),
          .first_row = first_global_row_,
          .unit_exponents = unit_exponents_};
}

}  // namespace ramet::cuda
