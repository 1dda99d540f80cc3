#include "data/build.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <numeric>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "data/binner.hpp"
#include "data/layout.hpp"
#include "data/remote_numbers.hpp"
#include "data/roles.hpp"
#include "data/survey.hpp"

namespace ramet::data {
namespace {

void check_options(const DatasetOptions& options) {
  const auto check = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value < least || value > most)
      fail(ErrorCode::invalid_parameter, "{} = {}: must be between {} and {}", name, value, least, most);
  };
  const auto check_least = [](const char* name, std::int64_t value, std::int64_t least) {
    if (value < least) fail(ErrorCode::invalid_parameter, "{} = {}: must be at least {}", name, value, least);
  };
  check_least("page_rows", options.page_rows, 0);
  check_least("threads", options.threads, 0);
  if (options.reference != nullptr) return;
  check("max_bin", options.bins.max_bin, 2, 65535);
  check_least("bin_sample", options.bins.bin_sample, 0);
}

void agree_on_features(Communicator& communicator, const std::string& mine) {
  if (communicator.size() == 1) return;
  const std::vector<std::string> all = comm::gather_texts(communicator, mine);
  for (std::size_t r = 1; r < all.size(); ++r) {
    if (all[r] != all[0])
      fail(ErrorCode::invalid_data, "ranks 0 and {} have different columns or bin parameters: {} and {}", r,
           all[0], all[r]);
  }
}

// Sets rows, first_global_row and total_rows.
void number_rows(DatasetData& data, std::int64_t rows) {
  const std::vector<std::int64_t> of_ranks = comm::gather_values(*data.communicator, rows);
  const auto mine = of_ranks.begin() + data.communicator->rank();
  data.rows = rows;
  data.first_global_row = std::accumulate(of_ranks.begin(), mine, std::int64_t{0});
  data.total_rows = std::accumulate(of_ranks.begin(), of_ranks.end(), std::int64_t{0});
  if (data.total_rows == 0) fail(ErrorCode::invalid_data, "the data set has no rows: it needs at least one");
}

std::vector<std::string> class_names(const Source& source, const DatasetOptions& options) {
  return options.class_names.empty() ? source.classes() : options.class_names;
}

void check_against_reference(const Source& source, const DatasetOptions& options) {
  const std::vector<std::string> classes = class_names(source, options);
  const std::vector<std::string>& known = options.reference->schema().classes;
  if (classes.empty() || known.empty() || classes == known) return;
  fail(ErrorCode::invalid_data, "the classes differ from those of the reference data set: [{}] and [{}]",
       fmt::join(classes, ", "), fmt::join(known, ", "));
}

void add_pages(DatasetData& data, std::int64_t page_rows) {
  if (page_rows == 0) page_rows = default_page_rows(data.layout);
  page_rows = std::min<std::int64_t>(page_rows, std::numeric_limits<std::int32_t>::max());
  for (std::int64_t row = 0; row < data.rows; row += page_rows) {
    Page page{.first_row = row, .rows = static_cast<std::int32_t>(std::min(page_rows, data.rows - row))};
    const auto bytes = static_cast<std::size_t>(page.rows * data.layout.row_bytes);
    page.columns = Buffer<std::uint8_t>(bytes);
    page.packed = Buffer<std::uint8_t>(bytes);
    data.pages.push_back(std::move(page));
  }
}

// From first pass to schema, bins and layout.
void survey_own(Source& source, const std::vector<FeatureInput>& features, const DatasetOptions& options,
                Roles& roles, Tasks& tasks, DatasetData& data) {
  Survey survey(source, features, tasks, data);
  Survey::Result result = survey.read_all(roles, options.bins);
  Schema schema;
  for (std::size_t f = 0; f < features.size(); ++f) {
    schema.features.push_back({.name = features[f].name,
                               .type = features[f].type,
                               .categories = std::move(result.dictionaries[f])});
  }
  schema.target = options.target_name.empty() ? source.target() : options.target_name;
  schema.classes = class_names(source, options);
  data.schema = std::make_shared<const Schema>(std::move(schema));
  data.layout = make_layout(result.bins, result.varies);
  data.bins = std::make_shared<const Bins>(std::move(result.bins));
}

void survey_like_reference(Source& source, const std::vector<FeatureInput>& features,
                           const DatasetOptions& options, Roles& roles, Tasks& tasks, DatasetData& data) {
  Survey survey(source, features, tasks, data);
  survey.read_roles(roles);
  const DatasetData& reference = options.reference->data();
  data.schema = reference.schema;
  data.bins = reference.bins;
  data.layout = reference.layout;
}

std::vector<RemoteFeature> remote_features(const std::vector<FeatureInput>& features) {
  std::vector<RemoteFeature> remote;
  for (std::size_t f = 0; f < features.size(); ++f) {
    if (features[f].reading == Reading::numbers)
      remote.push_back({.feature = static_cast<std::int32_t>(f), .column = features[f].column});
  }
  return remote;
}

void scan_remote_labels(RemoteNumbers& remote, const std::vector<FeatureInput>& features) {
  std::vector<std::int32_t> columns;
  for (const FeatureInput& input : features) {
    if (input.reading != Reading::numbers) columns.push_back(input.column);
  }
  remote.scan_columns(columns);
}

void scan_rows(Source& source, Binner& binner, std::int64_t rows, Tasks& tasks) {
  std::int64_t row = 0;
  source.scan([&](const Batch& batch) {
    binner.add(batch, row, tasks);
    row += batch.rows;
  });
  check_internal(row == rows, "a source has fewer rows in its second scan than in its first");
}

void bin_rows(Source& source, const std::vector<FeatureInput>& features, const DatasetOptions& options,
              Tasks& tasks, DatasetData& data) {
  Communicator& communicator = *data.communicator;
  RemoteNumbers* remote = source.remote();
  std::vector<std::int64_t> missing(data.layout.columns.size());
  std::int64_t fingerprint = 0;
  comm::together(communicator, [&] {
    add_pages(data, options.page_rows);
    RemoteCodes remote_codes{.has_missing = missing};
    if (remote != nullptr) remote_codes = remote->bin(remote_features(features), data, tasks);
    Binner binner(source, features, data);
    if (binner.has_features()) scan_rows(source, binner, data.rows, tasks);
    const std::vector<std::int64_t> own = binner.has_missing();
    for (std::size_t c = 0; c < own.size(); ++c) missing[c] = own[c] | remote_codes.has_missing[c];
    fingerprint =
        static_cast<std::int64_t>(binner.fingerprint() + remote_codes.fingerprint + roles_fingerprint(data));
  });
  communicator.all_reduce_max(missing);
  data.fingerprint = static_cast<std::uint64_t>(comm::sum(communicator, fingerprint));
  std::vector<bool> has_missing;
  for (std::size_t c = 0; c < missing.size(); ++c)
    has_missing.push_back(missing[c] != 0 || data.layout.columns[c].has_missing);
  number_cells(data.layout, has_missing);
}

std::shared_ptr<const DatasetData> build(const DatasetOptions& options, const MakeSource& make,
                                         const std::shared_ptr<Communicator>& communicator) {
  const FloatMode float_mode;
  auto data = std::make_shared<DatasetData>();
  data->communicator = communicator;
  Tasks tasks(options.threads);
  std::shared_ptr<Source> source;
  std::vector<FeatureInput> features;
  comm::together(*communicator, [&] {
    check_options(options);
    source = make(tasks);
    features = match_features(*source, options);
    if (options.reference != nullptr) check_against_reference(*source, options);
    if (source->remote() != nullptr) scan_remote_labels(*source->remote(), features);
  });
  agree_on_features(*communicator, describe(features, options));
  number_rows(*data, source->rows());
  std::optional<Roles> roles;
  comm::together(*communicator, [&] { roles.emplace(*data, options, source->margin_outputs()); });
  const auto survey = options.reference != nullptr ? survey_like_reference : survey_own;
  survey(*source, features, options, *roles, tasks, *data);
  bin_rows(*source, features, options, tasks, *data);
  return data;
}

}  // namespace

std::shared_ptr<const DatasetData> build_dataset(const DatasetOptions& options, const MakeSource& make) {
  const auto communicator = options.communicator != nullptr ? options.communicator : single_communicator();
  try {
    return build(options, make, communicator);
  } catch (const std::bad_alloc&) {  // on this rank only: the others must not wait for it
    communicator->abort();
    fail(ErrorCode::out_of_memory, "out of memory while binning the data");
  }
}

}  // namespace ramet::data
