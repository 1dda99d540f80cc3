// from_device finds the backend that bins, or says what is missing.
#include "ramet/device_data.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "backend/registry.hpp"
#include "data/codes.hpp"
#include "ramet/error.hpp"
#include "ramet/train.hpp"

namespace ramet::test {
namespace {

// Whether some CUDA device can be used in this process.
bool has_cuda() {
  if (!backend::missing_reason("cuda").empty()) return false;
  for (const backend::Backend& backend : backend::backends()) {
    if (!backend.handles("cuda:0")) continue;
    for (const DeviceInfo& device : backend.devices()) {
      if (device.usable) return true;
    }
  }
  return false;
}

TEST(DeviceData, IsBinnedOrRefused) {
  std::vector<float> x;
  for (int i = 0; i < 600; ++i) x.push_back(static_cast<float>(i * 37 % 101));
  const DeviceMatrix matrix{.data = x.data(), .rows = 200, .cols = 3, .on_host = true};
  if (has_cuda()) {
    const Dataset expected = Dataset::from_dense(x.data(), 200, 3, {.bins = {.max_bin = 20}});
    const Dataset found = from_device(matrix, {.bins = {.max_bin = 20}});
    EXPECT_TRUE(same_bins(expected, found));
    EXPECT_EQ(expected.fingerprint(), found.fingerprint());
    for (int f = 0; f < 3; ++f) EXPECT_EQ(codes_of(expected, f), codes_of(found, f));
    return;
  }
  try {
    from_device(matrix);
    FAIL();
  } catch (const Error& e) {
    EXPECT_TRUE(e.code() == ErrorCode::unsupported || e.code() == ErrorCode::device) << e.what();
    EXPECT_NE(std::string_view(e.what()).find("cuda"), std::string_view::npos) << e.what();
  }
}

// Fields are checked before any device is looked for.
TEST(DeviceData, ErrorsOfTheDescription) {
  const auto message_of = [](const auto& run) {
    try {
      run();
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message_of([] { from_device({.rows = -4, .cols = 2}); }), "rows = -4: must not be negative");
  EXPECT_EQ(message_of([] { from_arrow_device(nullptr, nullptr); }), "array is null");
}

}  // namespace
}  // namespace ramet::test
