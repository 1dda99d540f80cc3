// ramet::io::Table: a CSV file as the public interface shows it.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "data/source.hpp"
#include "io/cell.hpp"
#include "io/scan.hpp"
#include "io/typed_rows.hpp"
#include "ramet/io.hpp"

namespace ramet::io {

struct Table::State {
  std::filesystem::path path;
  std::string target;
  char delimiter = ',';
  std::int64_t keep_bytes = 0;
  int threads = 0;
  FileFacts file;
  std::vector<FeatureInfo> features;
  std::vector<std::string> classes;
};

namespace {

void check_options(const TableOptions& options) {
  const char c = options.delimiter;
  const bool number_part =
      (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '.' || c == '+' || c == '-';
  const bool special =
      c == '"' || c == '\n' || c == '\r' || c == '\0' || static_cast<unsigned char>(c) >= 0x80;
  if (number_part || special) {
    fail(ErrorCode::invalid_parameter,
         "delimiter = {}: must be one ASCII character that is no letter, digit, point, sign, quote or line "
         "end",
         shown({&c, 1}));
  }
  if (options.block_bytes < 0 || options.block_bytes > max_block_bytes) {
    fail(ErrorCode::invalid_parameter, "block_bytes = {}: must be between 0 and {}", options.block_bytes,
         max_block_bytes);
  }
  if (options.keep_bytes < 0)
    fail(ErrorCode::invalid_parameter, "keep_bytes = {}: must be >= 0", options.keep_bytes);
  if (options.threads < 0) fail(ErrorCode::invalid_parameter, "threads = {}: must be >= 0", options.threads);
}

ColumnType type_of(Reading reading) {
  switch (reading) {
    case Reading::boolean:
      return ColumnType::boolean;
    case Reading::category:
      return ColumnType::categorical;
    case Reading::number:
    case Reading::skipped:
    case Reading::detected:
      break;
  }
  return ColumnType::numeric;
}

std::vector<FeatureInfo> features_of(const FileFacts& file) {
  std::vector<FeatureInfo> features(static_cast<std::size_t>(count_columns(file, Role::feature)));
  for (std::size_t c = 0; c < file.columns.size(); ++c) {
    const FileColumn& column = file.columns[c];
    if (column.role != Role::feature) continue;
    features[static_cast<std::size_t>(column.index)] = {
        .name = column.name, .type = type_of(column.reading), .categories = file.dictionaries[c].words()};
  }
  return features;
}

template <class T>
std::span<const T> first(const Buffer<T>& values, std::int64_t size) {
  return {values.data(), std::min(values.size(), static_cast<std::size_t>(size))};
}

// A range of a file's rows as the data floor reads it.
class TableSource final : public data::Source {
 public:
  TableSource(const std::filesystem::path& path, const std::string& target, char delimiter,
              const FileFacts& file, std::span<const FeatureInfo> features,
              std::pair<std::int64_t, std::int64_t> rows, std::int64_t keep_bytes, Tasks& tasks)
      : path_(path),
        target_(target),
        delimiter_(delimiter),
        file_(file),
        range_(rows),
        keep_bytes_(keep_bytes),
        tasks_(tasks) {
    for (const FeatureInfo& feature : features) {
      columns_.push_back({.name = feature.name, .type = feature.type, .dictionary = feature.categories});
    }
    margins_ = count_columns(file, Role::base_margin);
  }

  std::span<const data::SourceColumn> columns() const override { return columns_; }
  std::string target() const override { return target_; }
  std::vector<std::string> classes() const override {
    return file_.classes ? file_.classes->names() : std::vector<std::string>{};
  }
  std::int64_t rows() const override { return range_.second - range_.first; }
  int margin_outputs() const override { return margins_; }

  void scan(const std::function<void(const data::Batch&)>& visit) override {
    if (!kept_.empty()) {
      for (const TypedRows& rows : kept_) visit(batch_of(rows));
      return;
    }
    const bool keep = rows() <= keep_bytes_ / std::max<std::int64_t>(typed_row_bytes(file_), 1);
    visit_rows(path_, delimiter_, file_, range_.first, range_.second, tasks_, [&](TypedRows& rows) {
      visit(batch_of(rows));
      if (keep) kept_.push_back(std::exchange(rows, {}));
    });
  }

 private:
  data::Batch batch_of(const TypedRows& rows) const {
    data::Batch batch;
    batch.rows = rows.rows;
    batch.labels = first(rows.labels, rows.rows);
    batch.weights = first(rows.weights, rows.rows);
    batch.base_margins = first(rows.base_margins, rows.rows * margins_);
    batch.groups = first(rows.groups, rows.rows);
    for (std::size_t f = 0; f < columns_.size(); ++f) batch.columns.push_back(chunk_of(rows.features[f], f));
    return batch;
  }

  data::ColumnChunk chunk_of(const FeatureValues& values, std::size_t f) const {
    switch (columns_[f].type) {
      case ColumnType::boolean:
        return data::Strided<std::uint8_t>{.base = values.booleans.data()};
      case ColumnType::categorical:
        return data::Strided<std::int32_t>{.base = values.codes.data()};
      case ColumnType::numeric:
        break;
    }
    return data::Strided<double>{.base = values.numbers.data()};
  }

  const std::filesystem::path& path_;
  const std::string& target_;
  char delimiter_;
  const FileFacts& file_;
  std::pair<std::int64_t, std::int64_t> range_;
  std::int64_t keep_bytes_;
  Tasks& tasks_;
  std::vector<data::SourceColumn> columns_;
  int margins_ = 0;
  std::vector<TypedRows> kept_;  // of the first scan, if they are few enough
};

// What the file gives must not be given a second time.
void check_dataset_options(const DatasetOptions& options) {
  const auto refuse = [](bool given, const char* name) {
    if (given)
      fail(ErrorCode::invalid_parameter, "{}: comes from the file here; leave the option empty", name);
  };
  refuse(!options.labels.empty(), "labels");
  refuse(!options.weights.empty(), "weights");
  refuse(!options.base_margins.empty(), "base_margins");
  refuse(!options.groups.empty(), "groups");
  refuse(!options.feature_names.empty(), "feature_names");
  refuse(!options.categorical.empty(), "categorical");
  refuse(!options.class_names.empty(), "class_names");
  refuse(!options.target_name.empty(), "target_name");
}

Column::Values values_of(const FeatureValues& values, ColumnType type, std::int64_t rows) {
  switch (type) {
    case ColumnType::boolean:
      return first(values.booleans, rows);
    case ColumnType::categorical:
      return first(values.codes, rows);
    case ColumnType::numeric:
      break;
  }
  return first(values.numbers, rows);
}

}  // namespace

Table Table::open(const std::filesystem::path& path, const TableOptions& options) {
  check_options(options);
  const FloatMode mode;
  const std::int64_t block_bytes = options.block_bytes > 0 ? options.block_bytes : default_block_bytes;
  Tasks tasks(options.threads);
  auto state = std::make_shared<State>();
  state->path = path;
  state->target = options.target;
  state->delimiter = options.delimiter;
  state->keep_bytes = options.keep_bytes;
  state->threads = options.threads;
  state->file = scan_file(path, options, block_bytes, tasks);
  state->features = features_of(state->file);
  if (state->file.classes) state->classes = state->file.classes->names();
  return Table(std::move(state));
}

std::int64_t Table::rows() const noexcept { return state_->file.rows; }
std::span<const FeatureInfo> Table::features() const noexcept { return state_->features; }
const std::vector<std::string>& Table::classes() const noexcept { return state_->classes; }

Dataset Table::dataset(const DatasetOptions& options, std::int64_t first_row, std::int64_t last_row) const {
  check_dataset_options(options);
  const std::int64_t last = last_row == -1 ? rows() : last_row;
  if (first_row < 0 || last < first_row || last > rows()) {
    fail(ErrorCode::invalid_parameter, "rows [{}, {}): {} has rows [0, {})", first_row, last,
         state_->path.string(), rows());
  }
  Tasks tasks(options.threads > 0 ? options.threads : state_->threads);
  TableSource source(state_->path, state_->target, state_->delimiter, state_->file, state_->features,
                     {first_row, last}, state_->keep_bytes, tasks);
  return Dataset::from_source(source, options);
}

void Table::for_each_batch(const std::function<void(const RowBatch&)>& visit) const {
  Tasks tasks(state_->threads);
  RowBatch batch;
  for (const FeatureInfo& feature : state_->features) {
    batch.columns.push_back({.name = feature.name, .values = {}, .dictionary = feature.categories});
  }
  const int margins = count_columns(state_->file, Role::base_margin);
  visit_rows(state_->path, state_->delimiter, state_->file, 0, rows(), tasks, [&](const TypedRows& rows) {
    batch.first_row = rows.first_row;
    batch.rows = rows.rows;
    for (std::size_t f = 0; f < batch.columns.size(); ++f) {
      batch.columns[f].values = values_of(rows.features[f], state_->features[f].type, rows.rows);
    }
    batch.labels = first(rows.labels, rows.rows);
    batch.weights = first(rows.weights, rows.rows);
    batch.base_margins = first(rows.base_margins, rows.rows * margins);
    visit(batch);
  });
}

}  // namespace ramet::io
