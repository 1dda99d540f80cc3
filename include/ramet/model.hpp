// A trained model: predict, save, load, dump. Immutable and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ramet/dataset.hpp"
#include "ramet/schema.hpp"

namespace ramet {

namespace model {
struct Ensemble;
}

enum class PredictType {
  probability,  // what the objective calls its prediction: probability, mean, rate; rows x outputs
  raw,          // margin: the sum of the leaves; rows x outputs
  label,        // most likely class index (classification only); rows x 1
  leaf,         // leaf index in each tree of the rounds used; rows x trees
};

struct PredictOptions {
  PredictType type = PredictType::probability;
  int rounds = 0;   // use the first `rounds` rounds; 0 = the best round if training stopped early, else all
  int threads = 0;  // 0 = all cores; never changes a prediction
  std::span<const double> base_margins{};  // rows x outputs, added to the margins in place of the base score
};

class Model {
 public:
  // Reads a model file. Throws Error{io} or Error{bad_model}; never crashes, whatever the bytes.
  static Model load(const std::filesystem::path& path);
  static Model deserialize(std::span<const std::byte> bytes);

  // Writes to a temporary name in the same folder, syncs, renames: the file is complete or absent.
  void save(const std::filesystem::path& path) const;
  std::vector<std::byte> serialize() const;
  std::string to_json() const;  // everything the file holds, as JSON

  // Dense rows as in Dataset::from_dense, columns in the order of schema().features; the values of
  // categorical columns are category labels, as there (unseen or NaN: missing). Returns rows x width(type).
  std::vector<float> predict(const float* x, std::int64_t rows, const PredictOptions& options = {},
                             std::int64_t row_stride = 0, std::int64_t col_stride = 1) const;
  std::vector<float> predict(const double* x, std::int64_t rows, const PredictOptions& options = {},
                             std::int64_t row_stride = 0, std::int64_t col_stride = 1) const;
  // Typed columns, matched to the schema by name in any order; columns the model does not know are ignored,
  // a missing one is an error.
  std::vector<float> predict(std::span<const Column> columns, const PredictOptions& options = {}) const;
  // Binned with the training set's bins; gives the same bits as raw values. Its base margins count, if any.
  std::vector<float> predict(const Dataset& data, const PredictOptions& options = {}) const;

  // Exact margins as integers, rows x outputs, in units of 2^-unit_exponent(output): what `evaluate` takes.
  std::vector<std::int64_t> scores(std::span<const Column> columns, const PredictOptions& options = {}) const;
  std::vector<std::int64_t> scores(const Dataset& data, const PredictOptions& options = {}) const;
  int unit_exponent(int output) const;

  int width(PredictType type) const noexcept;  // values per row that predict returns with the default rounds
  int outputs() const noexcept;                // margins per row: classes, or 1
  int rounds() const noexcept;
  int best_round() const noexcept;  // rounds that predict uses by default
  int trees() const noexcept;
  const std::string& objective() const noexcept;
  const Schema& schema() const noexcept;
  std::span<const std::pair<std::string, std::string>> parameters() const noexcept;

  explicit Model(std::shared_ptr<const model::Ensemble> ensemble) : ensemble_(std::move(ensemble)) {}
  const model::Ensemble& ensemble() const noexcept { return *ensemble_; }  // for the library's own floors

 private:
  std::shared_ptr<const model::Ensemble> ensemble_;
};

}  // namespace ramet
