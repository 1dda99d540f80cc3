#include "metric/row_terms.hpp"

#include "math/score.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metric/row_terms.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Plain loops: each operation is correctly rounded, so whatever width the compiler picks gives the same bits.
HWY_BEFORE_NAMESPACE();
namespace ramet::metric::HWY_NAMESPACE {

template <class M>
HWY_ATTR void single_terms(const M& metric, const ScoredSet& set, std::int64_t begin, std::int64_t count,
                           double* terms) {
  alignas(64) double margins[term_block_rows];
  const double unit = math::pow2(-set.unit_exponents[0]);
  const std::int64_t* scores = set.scores.data() + begin * set.row_stride;
  const double* labels = set.labels.data() + begin;
  if (set.row_stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) margins[i] = static_cast<double>(scores[i]) * unit;
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      margins[i] = static_cast<double>(scores[i * set.row_stride]) * unit;
    }
  }
  for (std::int64_t i = 0; i < count; ++i) terms[i] = metric.term(margins + i, 1, labels[i]);
}

template <class M>
HWY_ATTR void multiclass_terms(const M& metric, const ScoredSet& set, std::int64_t begin, std::int64_t count,
                               double* margins, double* terms) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t* scores = set.scores.data() + (begin + i) * set.row_stride;
    for (std::int32_t k = 0; k < set.outputs; ++k) {
      margins[k] = static_cast<double>(scores[k * set.output_stride]) * math::pow2(-set.unit_exponents[k]);
    }
    terms[i] = metric.term(margins, set.outputs, set.labels[begin + i]);
  }
}

template <std::size_t I = 0>
HWY_ATTR void dispatch_metric(const Metric& metric, const ScoredSet& set, std::int64_t begin,
                              std::int64_t count, double* scratch, double* terms) {
  if constexpr (I < std::variant_size_v<Metric>) {
    using M = std::variant_alternative_t<I, Metric>;
    if (metric.index() != I) return dispatch_metric<I + 1>(metric, set, begin, count, scratch, terms);
    if constexpr (RowMetric<M>) {
      if constexpr (M::traits.multiclass) {
        multiclass_terms(*std::get_if<I>(&metric), set, begin, count, scratch, terms);
      } else {
        single_terms(*std::get_if<I>(&metric), set, begin, count, terms);
      }
    }
  }
}

HWY_ATTR void row_terms_target(const Metric& metric, const ScoredSet& set, std::int64_t begin,
                               std::int64_t count, double* scratch, double* terms) {
  dispatch_metric(metric, set, begin, count, scratch, terms);
}

}  // namespace ramet::metric::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ramet::metric {

HWY_EXPORT(row_terms_target);

void row_terms(const Metric& metric, const ScoredSet& set, std::int64_t begin, std::int64_t count,
               double* scratch, double* terms) {
  HWY_DYNAMIC_DISPATCH(row_terms_target)(metric, set, begin, count, scratch, terms);
}

}  // namespace ramet::metric
#endif
