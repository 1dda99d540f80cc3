// A table's rows, some at a time, where kernels can read them: in place, or uploaded if they are the host's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/tasks.hpp"
#include "cuda/event.hpp"
#include "cuda/ingest_view.hpp"
#include "cuda/memory.hpp"
#include "data/device_table.hpp"

namespace ramet::cuda {

// Whether neighbours in memory are columns of one row.
bool is_row_major(const data::DeviceTable& table);

class RowReader {
 public:
  // Device memory, and page-locked memory, that a row of a piece takes. `by_list`: see read.
  static std::size_t device_bytes(const data::DeviceTable& table, std::span<const std::int32_t> columns,
                                  bool by_list);
  static std::size_t pinned_bytes(const data::DeviceTable& table, std::span<const std::int32_t> columns,
                                  bool by_list);

  // Of these columns, in pieces of at most `most_rows`. Work is enqueued on the stream. The references must
  // outlive the object.
  RowReader(const data::DeviceTable& table, std::span<const std::int32_t> columns, std::int64_t most_rows,
            bool by_list, Tasks& tasks, cudaStream_t stream);

  // Rows [first, first + count), or those listed (only by_list): readable for what is enqueued before the
  // next call.
  ReadableRows read(std::int64_t first, std::int64_t count);
  ReadableRows read(std::span<const std::int64_t> rows);

 private:
  // A page-locked piece on its way to the device.
  struct Slot {
    PinnedArray<std::byte> memory;
    Event sent;
  };

  Slot& next_slot();
  std::vector<NumberView> make_views() const;
  template <class RowAt>
  void pack(std::byte* to, std::int64_t count, const RowAt& row_at);
  template <class RowAt>
  ReadableRows upload(std::int64_t count, const RowAt& row_at);

  const data::DeviceTable& table_;
  std::vector<std::int32_t> columns_;
  std::int64_t most_rows_;
  Tasks& tasks_;
  cudaStream_t stream_;
  bool whole_rows_ = false;  // of the host: all columns side by side, uploaded as they lie
  std::size_t item_bytes_ = 0;
  std::array<Slot, 2> slots_;
  std::size_t uploads_ = 0;
  DeviceArray<std::byte> uploaded_;
  std::vector<NumberView> views_;
  DeviceArray<NumberView> device_views_;
};

}  // namespace ramet::cuda
