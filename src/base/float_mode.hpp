// The floating-point mode that results depend on.
#pragma once

namespace ramet {

// Puts the calling thread into the floating-point mode of the numbers contract (round to nearest even,
// denormals kept) and restores the previous one.
class FloatMode {
 public:
  FloatMode() noexcept;
  ~FloatMode();
  FloatMode(const FloatMode&) = delete;
  FloatMode& operator=(const FloatMode&) = delete;

 private:
  unsigned saved_;
};

}  // namespace ramet
