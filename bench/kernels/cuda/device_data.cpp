#include "device_data.hpp"

#include <algorithm>
#include <cstdlib>

#include "math/random.hpp"

namespace ramet::cuda::bench {
namespace {

constexpr std::int64_t page_rows = std::int64_t{1} << 20;
constexpr std::uint64_t code_key = 0x636f646573;
constexpr std::uint64_t label_key = 0x6c6162656c;
constexpr std::uint64_t node_key = 0x6e6f646573;

template <class Code>
void fill_column(const DataShape& shape, std::int64_t column, const data::Page& page, std::uint8_t* to) {
  auto* codes = reinterpret_cast<Code*>(to);
  for (std::int32_t r = 0; r < page.rows; ++r) {
    const auto counter = static_cast<std::uint64_t>(column * shape.rows + page.first_row + r);
    const std::uint64_t draw = math::draw32(code_key, counter);
    codes[r] = static_cast<Code>(1 + (draw * static_cast<std::uint64_t>(shape.bins) >> 32));
  }
}

data::DatasetData make_data(const DataShape& shape) {
  data::DatasetData data;
  auto bins = std::make_shared<data::Bins>();
  const std::int32_t width = shape.bins > 255 ? 2 : 1;
  for (std::int32_t c = 0; c < shape.columns; ++c) {
    data::FeatureBins feature;
    feature.type = ColumnType::numeric;
    bins->features.push_back(feature);
    data.layout.columns.push_back(
        {.feature = c, .width = width, .byte_offset = std::int64_t{c} * width, .value_bins = shape.bins});
    data.layout.column_of_feature.push_back(c);
  }
  data.layout.byte_columns = width == 1 ? shape.columns : 0;
  data.layout.row_bytes = std::int64_t{shape.columns} * width;
  data.bins = bins;
  data.rows = data.total_rows = shape.rows;
  for (std::int64_t first = 0; first < shape.rows; first += page_rows) {
    data::Page page;
    page.first_row = first;
    page.rows = static_cast<std::int32_t>(std::min(page_rows, shape.rows - first));
    page.columns = Buffer<std::uint8_t>(static_cast<std::size_t>(page.rows * data.layout.row_bytes));
    for (std::int32_t c = 0; c < shape.columns; ++c) {
      std::uint8_t* to = page.columns.data() + std::int64_t{c} * width * page.rows;
      if (width == 1) {
        fill_column<std::uint8_t>(shape, c, page, to);
      } else {
        fill_column<std::uint16_t>(shape, c, page, to);
      }
    }
    data.pages.push_back(std::move(page));
  }
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    data.labels.push_back(math::draw32(label_key, static_cast<std::uint64_t>(r)) & 1);
  }
  return data;
}

std::vector<std::int32_t> all_columns(int count) {
  std::vector<std::int32_t> columns;
  for (std::int32_t c = 0; c < count; ++c) columns.push_back(c);
  return columns;
}

GradientInput gradient_input(const DeviceData& data) {
  return {.objective = &data.objective,
          .unit_exponents = data.set.unit_exponents(),
          .scores = data.set.scores(),
          .labels = data.set.labels(),
          .rows = data.shape.rows,
          .total_rows = data.shape.rows};
}

}  // namespace

DeviceData::DeviceData(const DataShape& wanted)
    : shape(wanted),
      objective(objective::make_objective("binary:logistic")),
      data(make_data(wanted)),
      set(data, {0, wanted.rows}, std::vector<model::OutputScale>(1), stream.get()),
      gradients(gradient_input(*this)),
      layout(set.columns(), all_columns(wanted.columns), false, stream.get()) {
  gradients.compute(0, *comm, stream.get());
  stream.synchronize();
}

HistogramShape DeviceData::histogram_shape() const {
  HistogramShape result;
  result.most_codes = layout.most_codes();
  if (layout.host().byte_tiles > 0) result.slots = layout.tiles()[0].slots;
  result.wide_tiles = layout.host().wide_slices > 0;
  return result;
}

DeviceData& device_data(const DataShape& shape) {
  static std::unique_ptr<DeviceData> last;
  if (!last || last->shape != shape) {
    last.reset();
    last = std::make_unique<DeviceData>(shape);
  }
  return *last;
}

std::int64_t capped_rows(std::int64_t rows) {
  const char* most = std::getenv("RAMET_BENCH_MOST_ROWS");
  return most == nullptr ? rows : std::min<std::int64_t>(rows, std::max(1LL, std::atoll(most)));
}

LevelRows level_rows(std::int64_t rows, int nodes) {
  LevelRows level;
  level.counts.assign(static_cast<std::size_t>(nodes), 0);
  std::vector<std::uint32_t> node_of(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::uint64_t draw = math::draw32(node_key, static_cast<std::uint64_t>(r));
    const auto node = static_cast<std::uint32_t>(draw * static_cast<std::uint64_t>(nodes) >> 32);
    node_of[static_cast<std::size_t>(r)] = node;
    ++level.counts[node];
  }
  std::uint32_t at = 0;
  for (const std::uint32_t count : level.counts) {
    level.begins.push_back(at);
    at += count;
  }
  std::vector<std::uint32_t> next = level.begins;
  std::vector<std::uint32_t> ids(static_cast<std::size_t>(rows));
  for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(rows); ++r) ids[next[node_of[r]]++] = r;
  level.ids = upload(ids);
  return level;
}

}  // namespace ramet::cuda::bench
