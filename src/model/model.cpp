// The members of ramet::Model: each hands over to the file that does the work.
#include "ramet/model.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "model/ensemble.hpp"
#include "model/file.hpp"
#include "model/json.hpp"
#include "model/plan.hpp"
#include "model/predict.hpp"
#include "model/rows_input.hpp"

namespace ramet {
namespace {

const model::Plan& plan_of(const model::Ensemble& ensemble) { return ensemble.plan.get(ensemble); }

// The data set's own base margins count unless the caller gave others.
PredictOptions with_margins(const Dataset& data, int outputs, const PredictOptions& options) {
  PredictOptions all = options;
  const data::DatasetData& d = data.data();
  if (!options.base_margins.empty() || d.base_margins.empty()) return all;
  if (d.margin_outputs != outputs) {
    fail(ErrorCode::invalid_data, "the data set has base margins for {} outputs, the model has {}",
         d.margin_outputs, outputs);
  }
  all.base_margins = d.base_margins;
  return all;
}

template <class T>
std::vector<float> predict_dense(const model::Ensemble& ensemble, const T* x, std::int64_t rows,
                                 const PredictOptions& options, std::int64_t row_stride,
                                 std::int64_t col_stride) {
  return model::predict(
      ensemble, model::dense_input(plan_of(ensemble), ensemble.schema, x, rows, row_stride, col_stride),
      options);
}

}  // namespace

Model Model::load(const std::filesystem::path& path) {
  return Model(std::make_shared<const model::Ensemble>(model::load(path)));
}

Model Model::deserialize(std::span<const std::byte> bytes) {
  return Model(std::make_shared<const model::Ensemble>(model::deserialize(bytes)));
}

void Model::save(const std::filesystem::path& path) const { model::save(*ensemble_, path); }

std::vector<std::byte> Model::serialize() const { return model::serialize(*ensemble_); }

std::string Model::to_json() const { return model::to_json(*ensemble_); }

std::vector<float> Model::predict(const float* x, std::int64_t rows, const PredictOptions& options,
                                  std::int64_t row_stride, std::int64_t col_stride) const {
  return predict_dense(*ensemble_, x, rows, options, row_stride, col_stride);
}

std::vector<float> Model::predict(const double* x, std::int64_t rows, const PredictOptions& options,
                                  std::int64_t row_stride, std::int64_t col_stride) const {
  return predict_dense(*ensemble_, x, rows, options, row_stride, col_stride);
}

std::vector<float> Model::predict(std::span<const Column> columns, const PredictOptions& options) const {
  return model::predict(*ensemble_, model::column_input(plan_of(*ensemble_), ensemble_->schema, columns),
                        options);
}

std::vector<float> Model::predict(const Dataset& data, const PredictOptions& options) const {
  return model::predict(*ensemble_, model::dataset_input(plan_of(*ensemble_), ensemble_->schema, data.data()),
                        with_margins(data, outputs(), options));
}

std::vector<std::int64_t> Model::scores(std::span<const Column> columns,
                                        const PredictOptions& options) const {
  return model::predict_scores(*ensemble_,
                               model::column_input(plan_of(*ensemble_), ensemble_->schema, columns), options);
}

std::vector<std::int64_t> Model::scores(const Dataset& data, const PredictOptions& options) const {
  return model::predict_scores(*ensemble_,
                               model::dataset_input(plan_of(*ensemble_), ensemble_->schema, data.data()),
                               with_margins(data, outputs(), options));
}

int Model::unit_exponent(int output) const {
  if (output < 0 || output >= outputs()) {
    fail(ErrorCode::invalid_parameter, "output = {}: must be between 0 and {}", output, outputs() - 1);
  }
  return ensemble_->outputs[static_cast<std::size_t>(output)].unit_exponent;
}

int Model::width(PredictType type) const noexcept { return model::prediction_width(*ensemble_, type); }
int Model::outputs() const noexcept { return static_cast<int>(ensemble_->outputs.size()); }
int Model::rounds() const noexcept { return ensemble_->rounds(); }
int Model::best_round() const noexcept { return ensemble_->best_round; }
int Model::trees() const noexcept { return static_cast<int>(ensemble_->trees.size()); }
const std::string& Model::objective() const noexcept { return ensemble_->objective; }
const Schema& Model::schema() const noexcept { return ensemble_->schema; }

std::span<const std::pair<std::string, std::string>> Model::parameters() const noexcept {
  return ensemble_->parameters;
}

}  // namespace ramet
