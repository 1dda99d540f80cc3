// When to stop: after so many rounds in which the steering metric has not improved.
#pragma once

namespace ramet::training {

class EarlyStopping {
 public:
  // patience: rounds without improvement after which to stop; 0 = never.
  EarlyStopping(int patience, bool higher_is_better)
      : patience_(patience), higher_is_better_(higher_is_better) {}

  // Takes the value after `round` finished rounds (1, 2, ...); true if training should stop. Equal values are
  // no improvement; NaN is worse than any number.
  bool stops_after(int round, double value) {
    const bool first = best_round_ == 0;
    const bool best_is_nan = best_value_ != best_value_;
    const bool better = higher_is_better_ ? value > best_value_ : value < best_value_;
    if (first || better || (best_is_nan && value == value)) {
      best_round_ = round;
      best_value_ = value;
    }
    return patience_ > 0 && round - best_round_ >= patience_;
  }

  int best_round() const { return best_round_; }  // 0 before the first round
  double best_value() const { return best_value_; }

 private:
  int patience_;
  bool higher_is_better_;
  int best_round_ = 0;
  double best_value_ = 0;
};

}  // namespace ramet::training
