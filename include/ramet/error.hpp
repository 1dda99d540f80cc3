// The one exception type of the library, and what kinds of failure there are.
#pragma once

#include <stdexcept>
#include <string>

namespace ramet {

enum class ErrorCode {
  invalid_parameter,  // a parameter is unknown, out of range, or contradicts another
  invalid_data,       // the caller's data cannot be trained on or predicted from
  io,                 // a file cannot be read or written
  bad_model,          // a model file is truncated, altered, too new, or not a model
  unsupported,        // the chosen backend cannot do what was asked
  out_of_memory,      // an allocation failed
  cancelled,          // the caller's callback stopped the work
  communication,      // another rank failed or vanished
  device,             // an accelerator is missing, failed, or was lost
  internal,           // a bug in Ramet
};

// Thrown by every public function that fails. `what()` names the thing, its value and what is allowed.
// Throwing leaves all arguments unchanged and every object usable.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace ramet
