#include "cuda/leaf_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <thread>
#include <utility>

#include "cuda/device_values.hpp"
#include "cuda/host_comm.hpp"
#include "cuda/stream.hpp"
#include "math/quantise.hpp"
#include "ramet/communicator.hpp"

namespace ramet::cuda::test {
namespace {

constexpr std::int64_t too_large = std::numeric_limits<std::int64_t>::min();

template <class T>
std::vector<DeviceArray<T>> to_device_each(const std::vector<std::vector<T>>& values) {
  std::vector<DeviceArray<T>> arrays;
  for (const std::vector<T>& v : values) arrays.push_back(to_device(v));
  return arrays;
}

double largest(const LeafCase& leaves, std::size_t output, bool of_h) {
  float most = 0;
  for (const LeafMember& member : leaves.members) {
    for (const float x : (of_h ? member.h : member.g)[output]) most = std::max(most, std::fabs(x));
  }
  return most;
}

double largest_weight(const LeafCase& leaves) {
  double most = 0;
  for (const LeafMember& member : leaves.members) {
    for (const double w : member.weights) most = std::max(most, w);
  }
  return most;
}

// A member's arrays on the device.
class OnDevice {
 public:
  OnDevice(const LeafCase& leaves, const LeafMember& member)
      : g_(to_device_each(member.g)),
        h_(to_device_each(member.h)),
        scores_(to_device_each(member.scores)),
        ids_(to_device_each(member.ids)),
        labels_(to_device(member.labels)),
        weights_(to_device(member.weights)) {
    std::vector<DeviceScale> scales(leaves.unit_exponents.size());
    for (std::size_t k = 0; k < scales.size(); ++k) {
      scales[k].largest_g = largest(leaves, k, false);
      scales[k].largest_h = largest(leaves, k, true);
    }
    scales_ = to_device(scales);
    std::vector<LeafOutput> outputs;
    for (std::size_t k = 0; k < scales.size(); ++k) {
      const GradientView view{.g = g_[k].data(),
                              .h = leaves.settings.constant_hessian ? nullptr : h_[k].data(),
                              .scale = scales_.data() + k};
      outputs.push_back({view, scores_[k].data(), leaves.unit_exponents[k]});
    }
    outputs_ = to_device(outputs);
    std::vector<LeafTask> tasks;
    for (std::size_t l = 0; l < ids_.size(); ++l) {
      const auto count = static_cast<std::uint32_t>(member.ids[l].size());
      tasks.push_back({leaves.all_rows ? nullptr : ids_[l].data(), count, leaves.output_of_leaf[l],
                       static_cast<std::uint32_t>(blocks_)});
      blocks_ += leaf_blocks(count);
    }
    tasks_ = to_device(tasks);
  }

  const LeafTask* tasks() const { return tasks_.data(); }
  std::int32_t count() const { return static_cast<std::int32_t>(tasks_.size()); }
  std::int64_t blocks() const { return blocks_; }
  const LeafOutput* outputs() const { return outputs_.data(); }
  const double* labels() const { return labels_.data(); }
  const double* weights() const { return weights_.data(); }

 private:
  std::vector<DeviceArray<float>> g_;
  std::vector<DeviceArray<float>> h_;
  std::vector<DeviceArray<std::int64_t>> scores_;
  std::vector<DeviceArray<std::uint32_t>> ids_;
  DeviceArray<double> labels_;
  DeviceArray<double> weights_;
  DeviceArray<DeviceScale> scales_;
  DeviceArray<LeafOutput> outputs_;
  DeviceArray<LeafTask> tasks_;
  std::int64_t blocks_ = 0;
};

std::vector<std::int64_t> units_of_member(const LeafCase& leaves, std::size_t m, bool median,
                                          std::shared_ptr<Communicator> communicator) {
  const OnDevice rows(leaves, leaves.members[m]);
  const Stream stream;
  const std::unique_ptr<DeviceComm> comm = host_comm(std::move(communicator));
  LeafValues values(leaves.settings, rows.count());
  DeviceArray<std::int64_t> units(static_cast<std::size_t>(rows.count()));
  // Twice: nothing may be left over from the first time.
  for (int time = 0; time < 2; ++time) {
    if (median) {
      values.weighted_median(rows.tasks(), rows.count(), rows.blocks(), rows.outputs(), rows.labels(),
                             rows.weights(), largest_weight(leaves), *comm, units.data(), stream.get());
    } else {
      values.newton(rows.tasks(), rows.count(), rows.blocks(), rows.outputs(), *comm, units.data(),
                    stream.get());
    }
  }
  stream.synchronize();
  return from_device(units.data(), units.size());
}

std::vector<std::int64_t> device_units(const LeafCase& leaves, bool median) {
  const auto count = static_cast<int>(leaves.members.size());
  const auto communicators = in_process_communicators(count, 60);
  std::vector<std::vector<std::int64_t>> units(leaves.members.size());
  std::vector<std::thread> threads;
  for (std::size_t m = 0; m < units.size(); ++m) {
    threads.emplace_back([&, m] { units[m] = units_of_member(leaves, m, median, communicators[m]); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<std::int64_t>& of_member : units) EXPECT_EQ(of_member, units[0]);
  return units[0];
}

std::int64_t naive_units(double units) { return std::fabs(units) < 0x1p62 ? std::llrint(units) : too_large; }

struct NaiveResidual {
  std::int64_t units;
  std::int64_t weight;
};

std::int64_t naive_median(std::vector<NaiveResidual> residuals) {
  std::sort(residuals.begin(), residuals.end(),
            [](const NaiveResidual& a, const NaiveResidual& b) { return a.units < b.units; });
  std::int64_t total = 0;
  for (const NaiveResidual& r : residuals) total += r.weight;
  if (total == 0) return 0;
  std::int64_t cumulative = 0;
  for (const NaiveResidual& r : residuals) {
    cumulative += r.weight;
    if (cumulative >= total - cumulative) return r.units;
  }
  return 0;
}

}  // namespace

LeafCase random_leaves(std::uint64_t seed, const std::vector<std::int64_t>& sizes, int outputs, int members) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  LeafCase leaves;
  leaves.members.resize(static_cast<std::size_t>(members));
  for (LeafMember& member : leaves.members) member.ids.resize(sizes.size());
  for (std::size_t l = 0; l < sizes.size(); ++l) {
    leaves.output_of_leaf.push_back(static_cast<std::int32_t>(random() % static_cast<unsigned>(outputs)));
    for (std::int64_t i = 0; i < sizes[l]; ++i) {
      LeafMember& member = leaves.members[random() % leaves.members.size()];
      member.ids[l].push_back(static_cast<std::uint32_t>(member.rows++));
    }
  }
  for (int k = 0; k < outputs; ++k) leaves.unit_exponents.push_back(40 - 7 * k);
  for (LeafMember& member : leaves.members) {
    member.rows += 1;  // a row outside the sample
    leaves.settings.total_rows += member.rows;
    for (int k = 0; k < outputs; ++k) {
      member.g.emplace_back();
      member.h.emplace_back();
      member.scores.emplace_back();
      for (std::int64_t r = 0; r < member.rows; ++r) {
        member.g.back().push_back(static_cast<float>((uniform() - 0.4) * 3));
        member.h.back().push_back(static_cast<float>(uniform()));
        member.scores.back().push_back(static_cast<std::int64_t>((uniform() - 0.5) * 0x1p40));
      }
    }
    for (std::int64_t r = 0; r < member.rows; ++r)
      member.labels.push_back(std::floor(uniform() * 5) / 4 - 0.5);
    std::vector<std::uint32_t> numbers(static_cast<std::size_t>(member.rows));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::uint32_t>(i);
    std::shuffle(numbers.begin(), numbers.end(), random);
    for (std::vector<std::uint32_t>& ids : member.ids) {
      for (std::uint32_t& id : ids) id = numbers[id];
    }
  }
  return leaves;
}

void add_weights(LeafCase& leaves, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (LeafMember& member : leaves.members) {
    member.weights.clear();
    for (std::int64_t r = 0; r < member.rows; ++r) {
      member.weights.push_back(static_cast<double>(random() % 9) / 2);
    }
  }
}

std::vector<std::int64_t> newton_units(const LeafCase& leaves) { return device_units(leaves, false); }
std::vector<std::int64_t> median_units(const LeafCase& leaves) { return device_units(leaves, true); }

std::vector<std::int64_t> naive_newton_units(const LeafCase& leaves) {
  std::vector<std::int64_t> units;
  for (std::size_t l = 0; l < leaves.output_of_leaf.size(); ++l) {
    const auto k = static_cast<std::size_t>(leaves.output_of_leaf[l]);
    const int g_exponent = math::wide_exponent(largest(leaves, k, false), leaves.settings.total_rows);
    const int h_exponent = math::wide_exponent(largest(leaves, k, true), leaves.settings.total_rows);
    std::int64_t sum_g = 0;
    std::int64_t sum_h = 0;
    std::int64_t rows = 0;
    for (const LeafMember& member : leaves.members) {
      for (const std::uint32_t row : member.ids[l]) {
        sum_g += std::llrint(std::ldexp(static_cast<double>(member.g[k][row]), g_exponent));
        sum_h += std::llrint(std::ldexp(static_cast<double>(member.h[k][row]), h_exponent));
        rows += 1;
      }
    }
    const double g = std::ldexp(static_cast<double>(sum_g), -g_exponent);
    const double h = leaves.settings.constant_hessian ? static_cast<double>(rows)
                                                      : std::ldexp(static_cast<double>(sum_h), -h_exponent);
    const double weight = math::leaf_weight(g, h, leaves.settings.regularisation) * leaves.settings.eta;
    units.push_back(naive_units(std::ldexp(weight, leaves.unit_exponents[k])));
  }
  return units;
}

std::vector<std::int64_t> naive_median_units(const LeafCase& leaves) {
  const int exponent = math::scale_exponent(largest_weight(leaves), 0xffffffff);
  std::vector<std::int64_t> units;
  for (std::size_t l = 0; l < leaves.output_of_leaf.size(); ++l) {
    const auto k = static_cast<std::size_t>(leaves.output_of_leaf[l]);
    std::vector<NaiveResidual> residuals;
    for (const LeafMember& member : leaves.members) {
      for (const std::uint32_t row : member.ids[l]) {
        const std::int64_t label = std::llrint(std::ldexp(member.labels[row], leaves.unit_exponents[k]));
        const std::int64_t weight =
            member.weights.empty() ? 1 : std::llrint(std::ldexp(member.weights[row], exponent));
        residuals.push_back({label - member.scores[k][row], weight});
      }
    }
    units.push_back(
        naive_units(static_cast<double>(naive_median(std::move(residuals))) * leaves.settings.eta));
  }
  return units;
}

}  // namespace ramet::cuda::test
