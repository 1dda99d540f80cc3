#include "model/lazy_plan.hpp"

#include "model/plan.hpp"

namespace ramet::model {

LazyPlan& LazyPlan::operator=(const LazyPlan& other) noexcept {
  if (this != &other) delete plan_.exchange(nullptr);
  return *this;
}

LazyPlan::~LazyPlan() { delete plan_.load(); }

const Plan& LazyPlan::get(const Ensemble& ensemble) const {
  if (const Plan* plan = plan_.load(std::memory_order_acquire)) return *plan;
  const std::lock_guard lock(mutex_);
  if (const Plan* plan = plan_.load(std::memory_order_relaxed)) return *plan;
  const Plan* plan = new Plan(make_plan(ensemble));
  plan_.store(plan, std::memory_order_release);
  return *plan;
}

}  // namespace ramet::model
