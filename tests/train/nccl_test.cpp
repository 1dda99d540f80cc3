// NCCL's public functions, in builds with and without the backend that has it.
#include "ramet/nccl.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "backend/registry.hpp"
#include "ramet/error.hpp"

namespace ramet {
namespace {

bool some_backend_has_it() {
  for (const backend::Backend& backend : backend::backends()) {
    if (backend.nccl_id != nullptr) return true;
  }
  return false;
}

TEST(Nccl, WithoutTheBackendSaysWhatIsMissing) {
  if (some_backend_has_it()) GTEST_SKIP() << "this build has it";
  const std::function<void()> calls[] = {[] { nccl_unique_id(); }, [] { nccl_communicator({}); }};
  for (const auto& call : calls) {
    try {
      call();
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::unsupported);
      EXPECT_THAT(e.what(), testing::HasSubstr("NCCL needs the CUDA backend: "));
      EXPECT_THAT(e.what(), testing::EndsWith(backend::missing_reason("cuda")));
      EXPECT_NE(backend::missing_reason("cuda"), "");
    }
  }
}

TEST(Nccl, ReachesTheBackend) {
  if (!some_backend_has_it()) GTEST_SKIP() << "this build does without";
  try {
    nccl_communicator({.id = "too short"});
    FAIL();
  } catch (const Error& e) {  // without the library: unsupported; without a device: device
    EXPECT_THAT(e.what(),
                testing::AnyOf(testing::HasSubstr("id has 9 bytes"), testing::HasSubstr("NCCL cannot be"),
                               testing::HasSubstr("counting the devices")));
  }
}

}  // namespace
}  // namespace ramet
