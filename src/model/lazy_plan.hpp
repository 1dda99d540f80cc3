// A plan that the first to need it makes; lives inside the ensemble that it is a plan of.
#pragma once

#include <atomic>
#include <mutex>

namespace ramet::model {

struct Ensemble;
struct Plan;

// Copies start anew, so that no plan outlives or misdescribes its ensemble. An ensemble must not change once
// get() was called for it. get() is thread-safe.
class LazyPlan {
 public:
  LazyPlan() noexcept = default;
  LazyPlan(const LazyPlan& /*other*/) noexcept {}
  LazyPlan& operator=(const LazyPlan& other) noexcept;
  ~LazyPlan();

  // Throws Error{bad_model} if the ensemble makes no sense (model/check.hpp).
  const Plan& get(const Ensemble& ensemble) const;

 private:
  mutable std::mutex mutex_;
  mutable std::atomic<const Plan*> plan_{nullptr};  // owned
};

}  // namespace ramet::model
