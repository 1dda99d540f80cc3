#include "cuda/ingest_rows.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"

namespace ramet::cuda {
namespace {

const std::byte* bytes_at(const data::TableColumn& column, std::int64_t row) {
  return static_cast<const std::byte*>(column.values) + row * column.stride * data::bytes_of(column.type);
}

// Whether the columns are all of a row-major table, in order.
bool are_whole_rows(const data::DeviceTable& table, std::span<const std::int32_t> columns) {
  if (!is_row_major(table) || columns.size() != table.columns.size()) return false;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const data::TableColumn& column = table.columns[c];
    const bool next = column.values == bytes_at(table.columns.front(), 0) + c * data::bytes_of(column.type);
    if (columns[c] != static_cast<std::int32_t>(c) || !next) return false;
  }
  return true;
}

}  // namespace

bool is_row_major(const data::DeviceTable& table) {
  if (table.columns.size() < 2) return false;
  const data::TableColumn& column = table.columns.front();
  return column.stride > 1 && table.columns[1].values == bytes_at(column, 0) + data::bytes_of(column.type);
}

std::size_t RowReader::device_bytes(const data::DeviceTable& table, std::span<const std::int32_t> columns,
                                    bool by_list) {
  if (!table.on_host) return by_list ? sizeof(std::int64_t) : 0;
  std::size_t bytes = 0;
  for (const std::int32_t c : columns) bytes += data::bytes_of(table.columns[c].type);
  return bytes;
}

std::size_t RowReader::pinned_bytes(const data::DeviceTable& table, std::span<const std::int32_t> columns,
                                    bool by_list) {
  return 2 * device_bytes(table, columns, by_list);  // one slot is filled while the other one is sent
}

RowReader::RowReader(const data::DeviceTable& table, std::span<const std::int32_t> columns,
                     std::int64_t most_rows, bool by_list, Tasks& tasks, cudaStream_t stream)
    : table_(table),
      columns_(columns.begin(), columns.end()),
      most_rows_(most_rows),
      tasks_(tasks),
      stream_(stream),
      whole_rows_(table.on_host && are_whole_rows(table, columns)) {
  for (const std::int32_t c : columns_) {
    check_internal(!table.on_host || table.columns[c].validity == nullptr,
                   "a host column with validity bits");
    const auto bytes = static_cast<std::size_t>(data::bytes_of(table.columns[c].type));
    check_internal(!table.on_host || item_bytes_ == 0 || item_bytes_ == bytes, "host columns of two sizes");
    item_bytes_ = bytes;
  }
  const std::size_t piece = device_bytes(table, columns, by_list) * static_cast<std::size_t>(most_rows);
  uploaded_ = DeviceArray<std::byte>(piece);
  for (Slot& slot : slots_) slot.memory = PinnedArray<std::byte>(piece);
  views_ = make_views();
  device_views_ = DeviceArray<NumberView>(views_.size());
  copy(device_views_.data(), views_.data(), views_.size(), stream_);
}

std::vector<NumberView> RowReader::make_views() const {
  std::vector<NumberView> views;
  const auto stored = static_cast<std::int64_t>(columns_.size());
  for (std::int64_t k = 0; k < stored; ++k) {
    const data::TableColumn& column = table_.columns[columns_[k]];
    NumberView view{.values = column.values,
                    .validity = column.validity,
                    .stride = column.stride,
                    .validity_offset = column.validity_offset,
                    .type = column.type};
    if (table_.on_host) {
      const std::int64_t place = whole_rows_ ? k : k * most_rows_;
      view.values = uploaded_.data() + static_cast<std::size_t>(place) * item_bytes_;
      view.stride = whole_rows_ ? stored : 1;
    }
    views.push_back(view);
  }
  return views;
}

RowReader::Slot& RowReader::next_slot() {
  Slot& slot = slots_[uploads_++ % slots_.size()];
  slot.sent.synchronize();
  return slot;
}

// Row by row, or column by column at a distance of most_rows.
template <class RowAt>
void RowReader::pack(std::byte* to, std::int64_t count, const RowAt& row_at) {
  constexpr std::int64_t grain = 1024;
  tasks_.for_ranges(count, grain, [&](std::int64_t begin, std::int64_t end) {
    if (whole_rows_) {
      const std::size_t row_bytes = columns_.size() * item_bytes_;
      for (std::int64_t i = begin; i < end; ++i)
        std::memcpy(to + static_cast<std::size_t>(i) * row_bytes, bytes_at(table_.columns.front(), row_at(i)),
                    row_bytes);
      return;
    }
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      const data::TableColumn& column = table_.columns[columns_[k]];
      std::byte* out = to + k * static_cast<std::size_t>(most_rows_) * item_bytes_;
      for (std::int64_t i = begin; i < end; ++i)
        std::memcpy(out + static_cast<std::size_t>(i) * item_bytes_, bytes_at(column, row_at(i)),
                    item_bytes_);
    }
  });
}

template <class RowAt>
ReadableRows RowReader::upload(std::int64_t count, const RowAt& row_at) {
  Slot& slot = next_slot();
  pack(slot.memory.data(), count, row_at);
  const std::size_t filled = static_cast<std::size_t>(count) * item_bytes_;
  if (whole_rows_) {
    copy(uploaded_.data(), static_cast<const std::byte*>(slot.memory.data()), filled * columns_.size(),
         stream_);
  } else if (filled > 0 && !columns_.empty()) {
    const std::size_t pitch = static_cast<std::size_t>(most_rows_) * item_bytes_;
    check(cudaMemcpy2DAsync(uploaded_.data(), pitch, slot.memory.data(), pitch, filled, columns_.size(),
                            cudaMemcpyHostToDevice, stream_),
          "uploading rows");
  }
  slot.sent.record(stream_);
  return {.views = device_views_.data(),
          .columns = static_cast<std::int32_t>(columns_.size()),
          .row_major = whole_rows_,
          .count = count};
}

ReadableRows RowReader::read(std::int64_t first, std::int64_t count) {
  if (table_.on_host) return upload(count, [&](std::int64_t i) { return first + i; });
  return {.views = device_views_.data(),
          .columns = static_cast<std::int32_t>(columns_.size()),
          .row_major = is_row_major(table_),
          .first = first,
          .count = count};
}

ReadableRows RowReader::read(std::span<const std::int64_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  if (table_.on_host) return upload(count, [&](std::int64_t i) { return rows[i]; });
  Slot& slot = next_slot();
  auto* list = reinterpret_cast<std::int64_t*>(slot.memory.data());
  auto* device_list = reinterpret_cast<std::int64_t*>(uploaded_.data());
  std::copy(rows.begin(), rows.end(), list);
  copy(device_list, static_cast<const std::int64_t*>(list), rows.size(), stream_);
  slot.sent.record(stream_);
  return {.views = device_views_.data(),
          .columns = static_cast<std::int32_t>(columns_.size()),
          .row_major = is_row_major(table_),
          .list = device_list,
          .count = count};
}

}  // namespace ramet::cuda
