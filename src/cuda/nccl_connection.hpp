// One device's end of an NCCL communicator, kept from hanging.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <memory>
#include <thread>

#include "cuda/nccl_failure.hpp"
#include "cuda/nccl_library.hpp"

namespace ramet::cuda {

struct NcclEndOptions {
  NcclId id;
  int rank = 0;
  int size = 1;
  double timeout_seconds = 600.0;  // of connecting, and of each collective
  double clearing_seconds = 10.0;  // of NCCL's own work at the end; what takes longer is left behind
};

// NCCL itself waits for ever, in calls and in kernels, for a rank that does not come. Only ncclCommAbort ends
// that, and may take long itself, so that it is left to a thread of this class, the guard: as soon as any end
// in this process has failed, NCCL reports an error, or the time is over, it aborts. Then kernels end, calls
// return, and whoever waits here sees the failure and raises it.
//
// Used by one thread at a time, but for `abort`.
class NcclConnection {
 public:
  // Collective: connects the device that is current with those of the other ranks. Ends of the same
  // communicator in this process share `failure`. Throws Error{communication}.
  NcclConnection(const NcclLibrary& library, const NcclEndOptions& options,
                 std::shared_ptr<NcclFailure> failure);
  NcclConnection(const NcclConnection&) = delete;
  NcclConnection& operator=(const NcclConnection&) = delete;
  // Collective in the good case; otherwise gives up soon.
  ~NcclConnection();

  // Enqueues a collective: call(library, handle). Throws Error{communication}.
  void enqueue(cudaStream_t stream,
               const std::function<NcclStatus(const NcclLibrary& library, NcclHandle handle)>& call);
  // Waits until the stream is done. Throws Error{communication}, or what `check` does.
  void synchronize(cudaStream_t stream);
  // Fails all ends: those of other processes see it as an error of NCCL's, or when their time is over.
  void abort() noexcept;

 private:
  struct Line;

  void connect(const NcclEndOptions& options);
  // Waits until what was started is no longer in progress.
  void settle(NcclStatus status);
  void raise_if_failed();
  bool finalize() noexcept;
  void dismiss_guard() noexcept;

  std::shared_ptr<Line> line_;
  std::thread guard_;
  int rank_;
  bool told_ = false;  // a failure has been raised
};

}  // namespace ramet::cuda
