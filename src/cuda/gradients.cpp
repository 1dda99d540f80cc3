#include "cuda/gradients.hpp"

#include <algorithm>

#include "cuda/check.hpp"
#include "cuda/launch.hpp"
#include "math/quantise.hpp"

namespace ramet::cuda {
namespace {

// Values of the caller's g, and of its h, that are on the device at a time.
constexpr std::int64_t staged_values = std::int64_t{1} << 18;

// Never 0: where h is null the hessian is constant, on a device without rows too.
std::int64_t padded(std::int64_t rows) { return std::max<std::int64_t>((rows + 3) / 4, 1) * 4; }

std::int64_t staged_rows(std::int64_t rows, std::int32_t outputs) {
  return std::min(rows, std::max<std::int64_t>(staged_values / outputs, 1));
}

}  // namespace

Gradients::Gradients(const GradientInput& input)
    : input_(input),
      outputs_(static_cast<std::int32_t>(input.unit_exponents.size())),
      stride_(padded(input.rows)),
      blocks_(resident_blocks(8)) {
  const auto values = static_cast<std::size_t>(stride_ * outputs_);
  // What follows the rows is read and never written.
  g_ = DeviceArray<float>(values);
  fill_zero(g_.data(), g_.size(), nullptr);
  if (!input.constant_hessian) h_ = DeviceArray<float>(values);
  fill_zero(h_.data(), h_.size(), nullptr);
  low_ = DeviceArray<std::uint32_t>(values);
  high_ = DeviceArray<std::uint32_t>(values);
  found_ = DeviceArray<std::int64_t>(static_cast<std::size_t>(FoundLayout{outputs_}.size()));
  scales_ = DeviceArray<DeviceScale>(static_cast<std::size_t>(outputs_));
  bad_row_ = DeviceArray<std::int64_t>(1);
  unit_exponents_ = DeviceArray<std::int32_t>(static_cast<std::size_t>(outputs_));
  copy(unit_exponents_.data(), input.unit_exponents.data(), input.unit_exponents.size(), nullptr);
  check(cudaStreamSynchronize(nullptr), "copying the units of margins");
  input_.unit_exponents = {};
}

std::int64_t Gradients::bytes(std::int64_t rows, std::int32_t outputs, bool constant_hessian) {
  const std::int64_t per_row = constant_hessian ? 12 : 16;
  const auto per_output = static_cast<std::int64_t>(sizeof(DeviceScale) + sizeof(std::int32_t));
  return padded(rows) * outputs * per_row + (FoundLayout{outputs}.size() + 1) * 8 + per_output * outputs +
         2 * staged_rows(rows, outputs) * outputs * 8;
}

GradientPass Gradients::pass(int round) const {
  return {.scores = input_.scores,
          .labels = input_.labels,
          .weights = input_.weights,
          .unit_exponents = unit_exponents_.data(),
          .g = g_.data(),
          .h = h_.data(),
          .low = low_.data(),
          .high = high_.data(),
          .found = found_.data(),
          .scales = scales_.data(),
          .bad_row = bad_row_.data(),
          .rows = input_.rows,
          .stride = stride_,
          .first_global_row = input_.first_global_row,
          .total_rows = input_.total_rows,
          .seed = input_.seed,
          .round = round,
          .outputs = outputs_,
          .bits = std::min(input_.gradient_bits, math::most_gradient_bits(input_.total_rows))};
}

void Gradients::compute(int round, DeviceComm& comm, cudaStream_t stream) {
  begin(stream);
  differentiate(*input_.objective, pass(round), blocks_, stream);
  finish(round, comm, stream);
}

void Gradients::compute_from(int round, std::span<const double> g, std::span<const double> h,
                             DeviceComm& comm, cudaStream_t stream) {
  begin(stream);
  const GradientPass all = pass(round);
  const std::int64_t most = staged_rows(input_.rows, outputs_);
  const auto half = static_cast<std::size_t>(most * outputs_);
  staged_.reserve(2 * half);
  for (std::int64_t first = 0; first < input_.rows; first += most) {
    const std::int64_t rows = std::min(most, input_.rows - first);
    const auto at = static_cast<std::size_t>(first * outputs_);
    const auto count = static_cast<std::size_t>(rows * outputs_);
    copy(staged_.data(), g.subspan(at, count).data(), count, stream);
    copy(staged_.data() + half, h.subspan(at, count).data(), count, stream);
    weigh_gradients(all, staged_.data(), staged_.data() + half, first, rows, stream);
  }
  comm.synchronize(stream);
  survey_gradients(all, blocks_, stream);
  finish(round, comm, stream);
}

void Gradients::begin(cudaStream_t stream) const { fill_zero(found_.data(), found_.size(), stream); }

void Gradients::finish(int round, DeviceComm& comm, cudaStream_t stream) {
  const GradientPass all = pass(round);
  if (comm.size() > 1) {
    const FoundLayout layout{outputs_};
    comm.all_reduce_max(found_.data(), static_cast<std::size_t>(layout.maxima()), stream);
    if (needs_survey(all.bits)) {
      comm.all_reduce_sum(found_.data() + layout.survey(0), static_cast<std::size_t>(layout.counts()),
                          stream);
    }
  }
  choose_scales(all, stream);
  quantise_gradients(all, stream);
}

GradientView Gradients::view(std::int32_t output) const {
  const std::int64_t at = output * stride_;
  return {.low = low_.data() + at,
          .high = high_.data() + at,
          .g = g_.data() + at,
          .h = h_.empty() ? nullptr : h_.data() + at,
          .scale = scales_.data() + output};
}

}  // namespace ramet::cuda
