// The phases of a training, as reports name them.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ramet::backend {

enum class Phase { gradients, partition, histogram, search, leaves, scores, evaluate, count };

struct PhaseTimes {
  std::array<double, static_cast<std::size_t>(Phase::count)> seconds{};

  double& operator[](Phase phase) { return seconds[static_cast<std::size_t>(phase)]; }
  std::vector<std::pair<std::string, double>> named() const {
    constexpr const char* names[] = {"gradients", "partition", "histogram", "search",
                                     "leaves",    "scores",    "evaluate"};
    std::vector<std::pair<std::string, double>> result;
    for (std::size_t i = 0; i < seconds.size(); ++i) result.emplace_back(names[i], seconds[i]);
    return result;
  }
};

}  // namespace ramet::backend
