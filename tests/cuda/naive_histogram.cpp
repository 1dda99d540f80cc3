#include "cuda/naive_histogram.hpp"

#include <utility>

#include "cuda/device_values.hpp"

namespace ramet::cuda::test {

GradientView TestGradients::view() const {
  GradientView view;
  view.low = low.data();
  view.high = high.data();
  view.scale = scale.data();
  return view;
}

TestGradients make_gradients(std::vector<std::int64_t> g, std::vector<std::int64_t> h, std::int32_t bits) {
  TestGradients result;
  DeviceScale scale;
  scale.bits = bits;
  scale.limbs = bits <= 16 ? 1 : 2;
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
  for (std::size_t r = 0; r < g.size(); ++r) {
    const auto g_bits = static_cast<std::uint32_t>(g[r]);
    const auto h_bits = static_cast<std::uint32_t>(h[r]);
    low.push_back((g_bits & 0xffffu) | h_bits << 16);
    high.push_back(g_bits >> 16 | (h_bits & 0xffff0000u));
  }
  result.low = to_device(low);
  if (scale.limbs == 2) result.high = to_device(high);
  result.scale = to_device(std::vector<DeviceScale>{scale});
  result.g = std::move(g);
  result.h = std::move(h);
  return result;
}

TestGradients random_gradients(std::int64_t rows, std::int32_t bits, std::mt19937& random) {
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  std::uniform_int_distribution<std::int64_t> any_g(-half, half - 1);
  std::uniform_int_distribution<std::int64_t> any_h(0, 2 * half - 1);
  std::vector<std::int64_t> g;
  std::vector<std::int64_t> h;
  for (std::int64_t r = 0; r < rows; ++r) {
    g.push_back(any_g(random));
    h.push_back(any_h(random));
  }
  return make_gradients(std::move(g), std::move(h), bits);
}

NaiveHistogram naive_histogram(const HistogramLayout& layout, std::span<const CodedColumn> columns,
                               std::span<const std::uint32_t> rows, const TestGradients& gradients) {
  const auto size = static_cast<std::size_t>(layout.histogram_size());
  NaiveHistogram result{std::vector<std::int64_t>(size), std::vector<bool>(size)};
  for (const Tile& tile : layout.tiles()) {
    for (std::int32_t slot = 0; slot < tile.slots; ++slot) {
      const std::int32_t column = layout.slot_columns()[static_cast<std::size_t>(tile.first_slot + slot)];
      if (column < 0) continue;
      const auto cell = [&](std::int64_t plane, std::int64_t code) {
        return static_cast<std::size_t>(plane * layout.host().cells + tile.first_cell + code * tile.slots +
                                        slot);
      };
      const bool counted = layout.host().planes == 3;
      for (std::int32_t code = 0; code < tile.codes; ++code) {
        for (std::int32_t plane = 0; plane < layout.host().planes; ++plane) {
          result.is_cell[cell(plane, code)] = true;
        }
      }
      for (const std::uint32_t row : rows) {
        const std::uint32_t code = columns[static_cast<std::size_t>(column)].codes[row];
        result.sums[cell(0, code)] += gradients.g[row];
        result.sums[cell(1, code)] += gradients.h[row];
        if (counted) result.sums[cell(2, code)] += 1;
      }
    }
  }
  return result;
}

}  // namespace ramet::cuda::test
