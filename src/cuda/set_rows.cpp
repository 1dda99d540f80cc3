#include "cuda/set_rows.hpp"

#include "backend/start_score.hpp"
#include "cuda/check.hpp"

namespace ramet::cuda {
namespace {

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
      scores[k * count + r] =
          backend::start_score(data, rows.begin + static_cast<std::int64_t>(r), k, outputs);
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
