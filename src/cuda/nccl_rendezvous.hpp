// How ranks of a job that share nothing but a file system agree on the name of their communicator.
#pragma once

#include <filesystem>

#include "cuda/nccl_library.hpp"

namespace ramet::cuda {

// Rank 0 writes the name to a file, complete or not at all, and removes it again at the end of this object's
// life, when all are connected or never will be. A file that was there before is an error, as other ranks may
// have read it: what is left of a job that was killed.
class WrittenId {
 public:
  // Throws Error{io}.
  WrittenId(std::filesystem::path file, const NcclId& id);
  WrittenId(const WrittenId&) = delete;
  WrittenId& operator=(const WrittenId&) = delete;
  ~WrittenId();

 private:
  std::filesystem::path file_;
};

// The other ranks wait for the file. Throws Error{communication} when the time is over, Error{io} if the file
// is something else.
NcclId read_id(const std::filesystem::path& file, double timeout_seconds);

}  // namespace ramet::cuda
