#include "train/column_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "math/random.hpp"

namespace ramet::training {

using math::Stream;

std::uint64_t child_path(std::uint64_t parent, bool right) { return math::draw64(parent, right ? 2 : 1); }

std::vector<std::int32_t> sample_features(const std::vector<std::int32_t>& from, double fraction,
                                          std::uint64_t key) {
  const auto wanted = std::max<std::int64_t>(1, std::llround(fraction * static_cast<double>(from.size())));
  std::vector<std::pair<std::uint64_t, std::int32_t>> draws;
  draws.reserve(from.size());
  for (const std::int32_t feature : from) {
    draws.emplace_back(math::draw64(key, static_cast<std::uint64_t>(feature)), feature);
  }
  std::nth_element(draws.begin(), draws.begin() + (wanted - 1), draws.end());
  std::vector<std::int32_t> sample;
  sample.reserve(static_cast<std::size_t>(wanted));
  for (std::int64_t i = 0; i < wanted; ++i) sample.push_back(draws[static_cast<std::size_t>(i)].second);
  std::sort(sample.begin(), sample.end());
  return sample;
}

ColumnSampler::ColumnSampler(const TrainParams& params, int features, int round, int output)
    : candidates_(static_cast<std::size_t>(features)),
      level_fraction_(params.colsample_bylevel),
      node_fraction_(params.colsample_bynode) {
  const auto key = [&](Stream purpose) {
    return math::stream_key(params.seed, purpose, static_cast<std::uint64_t>(round),
                            static_cast<std::uint64_t>(output));
  };
  level_key_ = key(Stream::features_by_level);
  node_key_ = key(Stream::features_by_node);
  std::iota(candidates_.begin(), candidates_.end(), 0);
  if (params.colsample_bytree < 1) {
    candidates_ = sample_features(candidates_, params.colsample_bytree, key(Stream::features_by_tree));
    tree_ = std::make_shared<const std::vector<std::int32_t>>(candidates_);
  }
}

const backend::FeatureSet& ColumnSampler::by_level(int depth) {
  const auto level = static_cast<std::size_t>(depth);
  if (level >= levels_.size()) levels_.resize(level + 1);
  if (levels_[level] == nullptr && level_fraction_ < 1) {
    const auto key = math::stream_key(level_key_, Stream::features_by_level, level);
    levels_[level] =
        std::make_shared<const std::vector<std::int32_t>>(sample_features(candidates_, level_fraction_, key));
  }
  return levels_[level];
}

backend::FeatureSet ColumnSampler::by_node(int depth, std::uint64_t path) {
  const backend::FeatureSet& level = by_level(depth);
  if (node_fraction_ >= 1) return level;
  const auto key = math::stream_key(node_key_, Stream::features_by_node, path);
  return std::make_shared<const std::vector<std::int32_t>>(
      sample_features(level ? *level : candidates_, node_fraction_, key));
}

}  // namespace ramet::training
