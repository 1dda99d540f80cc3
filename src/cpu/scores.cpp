#include "cpu/scores.hpp"

#include "backend/start_score.hpp"

namespace ramet::cpu {
namespace {

constexpr std::int64_t grain = 1 << 16;

}  // namespace

Scores::Scores(const data::DatasetData& data, std::span<const model::OutputScale> outputs, Tasks& tasks)
    : rows_(data.rows), units_(static_cast<std::size_t>(data.rows) * outputs.size()) {
  for (const model::OutputScale& scale : outputs) exponents_.push_back(scale.unit_exponent);
  const std::int64_t count = static_cast<std::int64_t>(outputs.size());
  tasks.for_ranges(rows_, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = 0; k < count; ++k) {
      std::int64_t* units = units_.data() + k * rows_;
      for (std::int64_t r = begin; r < end; ++r) {
        units[r] = backend::start_score(data, r, static_cast<std::size_t>(k), outputs);
      }
    }
  });
}

metric::ScoredSet Scores::scored_set(const data::DatasetData& data) const {
  return {.scores = units_.span(),
          .row_stride = 1,
          .output_stride = rows_,
          .rows = rows_,
          .outputs = outputs(),
          .unit_exponents = exponents_,
          .labels = data.labels,
          .weights = data.weights,
          .first_row = data.first_global_row};
}

}  // namespace ramet::cpu
