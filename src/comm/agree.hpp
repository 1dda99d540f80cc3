// Small collectives on top of a communicator: offsets, typed gathers, and failing together.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "ramet/communicator.hpp"

namespace ramet::comm {

// The same error as a ramet::Error; null stays null.
std::exception_ptr as_error(std::exception_ptr error);

// Ends a stage of local work that may have failed on some ranks only: `mine` is this rank's exception or
// null. If any rank failed, all raise: a failing rank its own error (as a ramet::Error), the others the
// lowest failing rank's message and code. The communicator stays usable.
void agree(Communicator& communicator, std::exception_ptr mine);

// Runs `stage` and agrees on its outcome. The stage must not use the communicator.
template <class Stage>
void together(Communicator& communicator, const Stage& stage) {
  std::exception_ptr mine;
  try {
    stage();
  } catch (...) {
    mine = std::current_exception();
  }
  agree(communicator, mine);
}

// `mine` of every rank, in rank order.
std::vector<std::int64_t> gather_values(Communicator& communicator, std::int64_t mine);
std::vector<std::string> gather_texts(Communicator& communicator, const std::string& mine);

std::int64_t sum(Communicator& communicator, std::int64_t mine);
std::int64_t max(Communicator& communicator, std::int64_t mine);

}  // namespace ramet::comm
