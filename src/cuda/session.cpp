#include "cuda/session.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <type_traits>
#include <variant>

#include "base/error.hpp"
#include "comm/agree.hpp"
#include "cuda/device_memory.hpp"
#include "math/exact_sum.hpp"
#include "math/score.hpp"
#include "metric/evaluate.hpp"

namespace ramet::cuda {
namespace {

// The devices' shares of a rank's rows: consecutive, of nearly equal size.
RowSpan share(std::int64_t rows, int member, int members) {
  return {.begin = rows * member / members, .end = rows * (member + 1) / members};
}

std::vector<ShardInput> share_rows(const backend::SessionInput& input, int members) {
  std::vector<ShardInput> shards(static_cast<std::size_t>(members));
  for (int m = 0; m < members; ++m) {
    std::vector<RowSpan>& sets = shards[static_cast<std::size_t>(m)].sets;
    sets.push_back(share(input.train->rows, m, members));
    for (const data::DatasetData* set : input.more_sets) sets.push_back(share(set->rows, m, members));
  }
  return shards;
}

// Over all ranks. As bits, since a double that is not negative orders like its bits.
double largest_weight(const data::DatasetData& data) {
  if (!data.weighted) return 1.0;
  std::int64_t largest = 0;
  for (const double w : data.weights) largest = std::max(largest, std::bit_cast<std::int64_t>(w + 0.0));
  return std::bit_cast<double>(comm::max(*data.communicator, largest));
}

void add_limbs(std::span<std::int64_t> sum, std::span<const std::int64_t> more) {
  for (std::size_t i = 0; i < more.size(); ++i) sum[i] += more[i];
}

double value_of(std::span<const std::int64_t> limbs) {
  math::ExactSum sum;
  std::copy(limbs.begin(), limbs.end(), sum.limbs().begin());
  return sum.value();
}

}  // namespace

CudaSession::CudaSession(const backend::SessionInput& input, std::vector<int> devices)
    : input_(input),
      tasks_(input.params.threads),
      team_(std::move(devices)),
      comms_(team_, input.train->communicator),
      shard_inputs_(share_rows(input_, team_.size())),
      shards_(static_cast<std::size_t>(team_.size())) {
  const double weight = largest_weight(*input_.train);
  for (ShardInput& shard : shard_inputs_) shard.largest_weight = weight;
  std::vector<std::int64_t> taken(shards_.size());
  team_.run([&](int member) {
    const auto m = static_cast<std::size_t>(member);
    check_device_memory(input_, team_.size());
    const std::int64_t before = free_memory();
    shards_[m] = std::make_unique<Shard>(input_, shard_inputs_[m], comms_[member]);
    taken[m] = before - free_memory();
  });
  for (const std::int64_t bytes : taken) device_bytes_ += std::max<std::int64_t>(bytes, 0);
}

CudaSession::~CudaSession() {
  // Device memory is freed by the thread whose device it is.
  try {
    team_.run([&](int member) { shards_[static_cast<std::size_t>(member)].reset(); });
  } catch (...) {  // a lost device; there is nobody to tell
  }
}

const data::DatasetData& CudaSession::set_data(std::size_t set) const {
  return set == 0 ? *input_.train : *input_.more_sets.at(set - 1);
}

void CudaSession::begin_round(int round) {
  if (objective::traits(input_.objective).kind == objective::Kind::caller) return begin_custom_round(round);
  team_.run([&](int member) { shards_[static_cast<std::size_t>(member)]->begin_round(round); });
}

// The caller sees all of the rank's rows at once, on the host.
void CudaSession::begin_custom_round(int round) {
  const data::DatasetData& data = *input_.train;
  const auto outputs = static_cast<std::int64_t>(input_.outputs.size());
  const std::vector<std::int64_t> scores = download_scores(0);
  const auto values = static_cast<std::size_t>(data.rows * outputs);
  std::vector<double> margins(values);
  std::vector<double> g(values);
  std::vector<double> h(values);
  for (std::int64_t k = 0; k < outputs; ++k) {
    const int exponent = input_.outputs[static_cast<std::size_t>(k)].unit_exponent;
    for (std::int64_t r = 0; r < data.rows; ++r) {
      margins[static_cast<std::size_t>(r * outputs + k)] =
          math::to_margin(scores[static_cast<std::size_t>(k * data.rows + r)], exponent);
    }
  }
  input_.custom->gradient(margins, data.labels, g, h);
  team_.run([&](int member) {
    const auto m = static_cast<std::size_t>(member);
    const RowSpan rows = shard_inputs_[m].sets[0];
    const auto first = static_cast<std::size_t>(rows.begin * outputs);
    const auto count = static_cast<std::size_t>(rows.size() * outputs);
    shards_[m]->begin_round(round, std::span(g).subspan(first, count), std::span(h).subspan(first, count));
  });
}

void CudaSession::begin_trees(std::span<const backend::TreeSpec> specs) {
  team_.run([&](int member) { shards_[static_cast<std::size_t>(member)]->begin_trees(specs); });
}

void CudaSession::expand(std::span<const backend::Split> splits) {
  if (input_.cancelled && input_.cancelled()) fail(ErrorCode::cancelled, "training was cancelled");
  team_.run([&](int member) { shards_[static_cast<std::size_t>(member)]->expand(splits); });
}

std::vector<backend::SplitCandidate> CudaSession::candidates() {
  // All members find the same.
  std::vector<backend::SplitCandidate> found;
  team_.run([&](int member) {
    auto mine = shards_[static_cast<std::size_t>(member)]->candidates();
    if (member == 0) found = std::move(mine);
  });
  return found;
}

void CudaSession::end_trees(std::span<const backend::FinishedTree> trees) {
  team_.run([&](int member) { shards_[static_cast<std::size_t>(member)]->end_trees(trees); });
}

std::vector<backend::TreeValues> CudaSession::tree_values() {
  std::vector<backend::TreeValues> values;
  team_.run([&](int member) {
    auto mine = shards_[static_cast<std::size_t>(member)]->tree_values();
    if (member == 0) values = std::move(mine);
  });
  return values;
}

std::vector<std::int64_t> CudaSession::download_scores(std::size_t set) {
  const std::int64_t rows = set_data(set).rows;
  std::vector<std::int64_t> scores(static_cast<std::size_t>(rows) * input_.outputs.size());
  team_.run([&](int member) {
    const auto m = static_cast<std::size_t>(member);
    shards_[m]->download_scores(set, scores.data() + shard_inputs_[m].sets[set].begin, rows);
  });
  return scores;
}

double CudaSession::evaluate(const metric::Metric& metric, int set) {
  const auto at = static_cast<std::size_t>(set);
  return std::visit(
      [&](const auto& m) {
        using M = std::remove_cvref_t<decltype(m)>;
        const bool fits = M::traits.multiclass == (input_.outputs.size() > 1);
        if constexpr (metric::RowMetric<M>) {
          return fits ? evaluate_rows(metric, at) : evaluate_on_host(metric, at);
        } else {
          // Rows of several devices or ranks are compared on the host.
          const bool alone = team_.size() == 1 && input_.train->communicator->size() == 1;
          return fits && alone ? evaluate_order(metric, at) : evaluate_on_host(metric, at);
        }
      },
      metric);
}

// Areas under curves, of rows that are all on one device.
double CudaSession::evaluate_order(const metric::Metric& metric, std::size_t set) {
  const data::DatasetData& data = set_data(set);
  std::optional<double> value;
  if (data.labels.size() == static_cast<std::size_t>(data.rows) && data.rows > 0) {
    team_.run([&](int) { value = shards_[0]->rank_metric(metric, set); });
  }
  // There errors are put into words.
  return value ? *value : evaluate_on_host(metric, set);
}

double CudaSession::evaluate_on_host(const metric::Metric& metric, std::size_t set) {
  const data::DatasetData& data = set_data(set);
  const std::vector<std::int64_t> scores = download_scores(set);
  std::vector<int> exponents;
  for (const model::OutputScale& output : input_.outputs) exponents.push_back(output.unit_exponent);
  return metric::evaluate(metric,
                          {.scores = scores,
                           .row_stride = 1,
                           .output_stride = data.rows,
                           .rows = data.rows,
                           .outputs = static_cast<std::int32_t>(exponents.size()),
                           .unit_exponents = exponents,
                           .labels = data.labels,
                           .weights = data.weights,
                           .first_row = data.first_global_row},
                          *data.communicator, tasks_);
}

double CudaSession::evaluate_rows(const metric::Metric& metric, std::size_t set) {
  constexpr std::size_t limbs = math::ExactSum::limb_count;
  const data::DatasetData& data = set_data(set);
  std::vector<std::int64_t> sums(2 * limbs + 2);
  const auto [infinite, bad] = std::pair{2 * limbs, 2 * limbs + 1};
  if (data.labels.size() != static_cast<std::size_t>(data.rows)) {
    sums[bad] = 1;
  } else {
    std::vector<RowSums> parts(shards_.size());
    team_.run([&](int member) {
      const auto m = static_cast<std::size_t>(member);
      parts[m] = shards_[m]->row_sums(metric, set);
    });
    for (const RowSums& part : parts) {
      add_limbs(std::span(sums).first(limbs), part.terms);
      add_limbs(std::span(sums).subspan(limbs, limbs), part.weights);
      sums[infinite] += part.infinite;
      sums[bad] += part.bad_row >= 0 ? 1 : 0;
    }
  }
  data.communicator->all_reduce_sum(sums);
  // There the error is put into words.
  if (sums[bad] > 0) return evaluate_on_host(metric, set);
  const double weight = value_of(std::span(sums).subspan(limbs, limbs));
  if (!(weight > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (sums[infinite] > 0) return std::numeric_limits<double>::infinity();
  const FloatMode mode;
  const double total = value_of(std::span(sums).first(limbs));
  return std::visit(
      [&](const auto& m) {
        using M = std::remove_cvref_t<decltype(m)>;
        if constexpr (metric::RowMetric<M>) {
          return m.finish(total, weight);
        } else {
          return std::numeric_limits<double>::quiet_NaN();
        }
      },
      metric);
}

int CudaSession::max_batch_trees(int) const {
  int trees = std::numeric_limits<int>::max();
  for (const auto& shard : shards_) trees = std::min<int>(trees, shard->most_batch_trees());
  return trees;
}

std::vector<std::pair<std::string, double>> CudaSession::phases() const { return shards_[0]->phases(); }

}  // namespace ramet::cuda
