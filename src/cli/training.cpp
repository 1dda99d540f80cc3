#include "training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "exposure.hpp"
#include "ramet/communicator.hpp"
#include "ramet/error.hpp"
#include "stopwatch.hpp"

namespace ramet::cli {
namespace {

int threads_of_a_rank(const TrainingJob& job) {
  if (job.ranks == 1) return job.params.threads;
  const int all = job.params.threads > 0
                      ? job.params.threads
                      : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return std::max(1, all / job.ranks);
}

Dataset rank_dataset(const io::Table& table, const TrainingJob& job, const Dataset* reference,
                     const std::shared_ptr<Communicator>& communicator) {
  DatasetOptions options;
  options.bins = job.bins;
  options.reference = reference;
  options.communicator = communicator;
  options.page_rows = job.page_rows;
  options.threads = threads_of_a_rank(job);
  const int rank = communicator ? communicator->rank() : 0;
  const auto boundary = [&](int r) {
    return table.rows() / job.ranks * r + table.rows() % job.ranks * r / job.ranks;
  };
  if (!job.exposure.empty()) {
    options.target_name = job.target;
    return exposure_dataset(table, job.exposure, options, boundary(rank), boundary(rank + 1));
  }
  return table.dataset(options, boundary(rank), boundary(rank + 1));
}

TrainingResult train_rank(const TrainingJob& job, const std::shared_ptr<Communicator>& communicator) {
  const bool reports = !communicator || communicator->rank() == 0;
  Stopwatch watch;
  const Dataset data = rank_dataset(*job.table, job, nullptr, communicator);
  std::optional<Dataset> valid;
  if (job.valid != nullptr) valid = rank_dataset(*job.valid, job, &data, communicator);
  const double bin_s = watch.seconds();

  TrainParams params = job.params;
  params.threads = threads_of_a_rank(job);
  TrainReport report;
  TrainOptions options;
  options.valid = valid ? &*valid : nullptr;
  options.evaluate_train = job.evaluate_train;
  options.report = &report;
  if (reports) options.log = job.log;
  options.on_round = [&](const RoundInfo& info) {
    if (reports && job.on_round) job.on_round(info);
    return true;
  };
  options.cancelled = job.cancelled;
  Model model = train(params, data, options);
  return {.model = std::move(model),
          .report = std::move(report),
          .bin_s = bin_s,
          .rows = data.total_rows(),
          .valid_rows = valid ? valid->total_rows() : 0,
          .features = data.features(),
          .dataset_bytes = data.memory_bytes(),
          .fingerprint = data.fingerprint()};
}

// The failure that caused the others: ranks that merely lost a partner come second.
void rethrow_cause(const std::vector<std::exception_ptr>& failures) {
  std::exception_ptr cause;
  for (const std::exception_ptr& failure : failures) {
    if (!failure) continue;
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::communication) {
        if (!cause) cause = failure;
        continue;
      }
    } catch (...) {  // NOLINT(bugprone-empty-catch): any other type is a cause, too
    }
    std::rethrow_exception(failure);
  }
  if (cause) std::rethrow_exception(cause);
}

TrainingResult train_ranks(const TrainingJob& job) {
  const auto count = static_cast<std::size_t>(job.ranks);
  const auto communicators = in_process_communicators(job.ranks);
  std::vector<std::optional<TrainingResult>> results(count);
  std::vector<std::exception_ptr> failures(count);
  {
    std::vector<std::jthread> threads;
    for (std::size_t rank = 0; rank < count; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          results[rank] = train_rank(job, communicators[rank]);
        } catch (...) {
          failures[rank] = std::current_exception();
          communicators[rank]->abort();
        }
      });
    }
  }
  rethrow_cause(failures);

  const std::vector<std::byte> bytes = results[0]->model.serialize();
  for (std::size_t rank = 1; rank < count; ++rank) {
    if (results[rank]->model.serialize() != bytes) {
      throw Error(ErrorCode::internal,
                  fmt::format("rank {} of {} has another model than rank 0", rank, count));
    }
    results[0]->dataset_bytes += results[rank]->dataset_bytes;
  }
  return std::move(*results[0]);
}

}  // namespace

TrainingResult run_training(const TrainingJob& job) {
  return job.ranks == 1 ? train_rank(job, nullptr) : train_ranks(job);
}

}  // namespace ramet::cli
