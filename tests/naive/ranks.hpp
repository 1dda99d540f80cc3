// Runs the ranks of a training as threads of this process.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "ramet/communicator.hpp"

namespace ramet::naive {

// Calls body(rank, communicator) for every rank on a thread of its own; returns what each threw, or null.
inline std::vector<std::exception_ptr> run_ranks(
    int ranks, const std::function<void(int, const std::shared_ptr<Communicator>&)>& body) {
  const auto communicators = in_process_communicators(ranks, 60.0);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(ranks));
  std::vector<std::jthread> threads;
  for (int r = 0; r < ranks; ++r) {
    threads.emplace_back([&, r] {
      const auto i = static_cast<std::size_t>(r);
      try {
        body(r, communicators[i]);
      } catch (...) {
        errors[i] = std::current_exception();
        communicators[i]->abort();
      }
    });
  }
  threads.clear();
  return errors;
}

}  // namespace ramet::naive
