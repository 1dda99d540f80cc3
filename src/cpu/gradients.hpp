// Gradients and hessians of one round: computed from the margins, then rounded to integers (contract, rule
// 2).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/session.hpp"
#include "base/buffer.hpp"
#include "base/tasks.hpp"
#include "cpu/histogram.hpp"
#include "cpu/scores.hpp"
#include "math/quantise.hpp"

namespace ramet::cpu {

// One output's gradients, one entry per row of the rank.
struct OutputGradients {
  Buffer<float> g;
  Buffer<float> h;               // empty if the hessian is constant
  Buffer<std::uint32_t> narrow;  // scale.bits <= 16
  Buffer<WideGradient> wide;     // scale.bits > 16; allocated when first needed
  math::GradientScale scale;
  double largest_g = 0;  // over all ranks
  double largest_h = 0;

  std::int64_t quantised_h(std::int64_t row) const {
    return scale.bits <= 16 ? narrow_h(narrow[static_cast<std::size_t>(row)])
                            : static_cast<std::int64_t>(wide[static_cast<std::size_t>(row)].h);
  }
};

class Gradients {
 public:
  Gradients(const backend::SessionInput& input, Tasks& tasks);

  // Fills every output's g, h and their integers at the given scores. Throws Error{invalid_data} that names
  // round and global row if one is not finite, or a caller's hessian is negative.
  void compute(int round, const Scores& scores);

  bool constant_hessian() const { return constant_hessian_; }
  const OutputGradients& output(std::int32_t k) const { return outputs_[static_cast<std::size_t>(k)]; }

 private:
  // What a pass over some rows finds, per output: maxima as float bits, and how often each exponent occurs
  // among the sampled rows.
  struct Found {
    std::uint32_t largest_g = 0;
    std::uint32_t largest_h = 0;
    std::array<std::int64_t, 512> exponents{};  // of g, then of h
  };

  void differentiate_block(const Scores& scores, std::int64_t begin, std::int64_t end);
  void call_custom(const Scores& scores);
  void survey(int round, std::int64_t begin, std::int64_t end, std::vector<Found>& found) const;
  std::vector<Found>& all_found();
  void choose_scales(int round, const std::vector<Found>& found);
  void quantise(int round);
  [[noreturn]] void report_bad_row(int round) const;

  const backend::SessionInput& input_;
  const data::DatasetData& data_;
  Tasks& tasks_;
  bool constant_hessian_;
  std::vector<OutputGradients> outputs_;
  std::vector<std::vector<Found>> found_;  // per worker
  std::vector<std::int64_t> exponents_;    // all outputs' of the round
};

}  // namespace ramet::cpu
