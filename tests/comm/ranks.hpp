// Runs one thread per rank of an in-process group.
#pragma once

#include <exception>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ramet/communicator.hpp"
#include "ramet/error.hpp"

namespace ramet::test {

// How each rank ended.
struct Outcome {
  bool failed = false;
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

inline Outcome outcome_of(const std::function<void()>& body) {
  try {
    body();
    return {};
  } catch (const Error& e) {
    return {.failed = true, .code = e.code(), .message = e.what()};
  } catch (const std::exception& e) {
    return {.failed = true,
            .code = ErrorCode::internal,
            .message = std::string("not a ramet::Error: ") + e.what()};
  }
}

// When all have ended, each thread gives its communicator up, unless the caller keeps a copy.
inline std::vector<Outcome> run_ranks(std::vector<std::shared_ptr<Communicator>> communicators,
                                      const std::function<void(std::shared_ptr<Communicator>)>& body) {
  std::vector<Outcome> outcomes(communicators.size());
  std::latch ended(static_cast<std::ptrdiff_t>(communicators.size()));
  std::vector<std::jthread> threads;
  for (std::size_t r = 0; r < communicators.size(); ++r) {
    threads.emplace_back([&, r] {
      outcomes[r] = outcome_of([&] { body(communicators[r]); });
      ended.arrive_and_wait();
      communicators[r].reset();
    });
  }
  threads.clear();  // joins
  return outcomes;
}

inline std::vector<Outcome> run_ranks(int ranks,
                                      const std::function<void(std::shared_ptr<Communicator>)>& body) {
  return run_ranks(in_process_communicators(ranks, 60.0), body);
}

}  // namespace ramet::test
