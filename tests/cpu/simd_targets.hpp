// Runs something once for each SIMD target that the machine has, forced in turn.
#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <string>

namespace ramet::test {

// Calls body(name of the target). Not for use while other threads run kernels.
template <class Body>
void for_each_simd_target(const Body& body) {
  const std::int64_t all = hwy::SupportedTargets();
  for (std::int64_t left = all; left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body(std::string(hwy::TargetName(target)));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace ramet::test
