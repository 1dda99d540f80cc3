// The arithmetic and the moves of collectives.
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "block.hpp"
#include "machine.hpp"
#include "nccl_group.hpp"

namespace emulation {
namespace {

template <class T>
T reduce(ncclRedOp_t operation, T a, T b) {
  switch (operation) {
    case ncclMax:
      return a < b ? b : a;
    case ncclMin:
      return b < a ? b : a;
    case ncclProd:
    case ncclSum:
      break;
    default:
      return a;
  }
  if constexpr (std::is_integral_v<T>) {  // wraps around
    const auto x = static_cast<std::uint64_t>(a);
    const auto y = static_cast<std::uint64_t>(b);
    return static_cast<T>(operation == ncclSum ? x + y : x * y);
  } else {
    return operation == ncclSum ? a + b : a * b;
  }
}

// Element `first` .. `first + count` of all ranks' sends, added in an order that the seed chooses: sums of
// floating point must not be relied on.
template <class T>
void reduce_all(const std::vector<NcclCall>& calls, std::size_t first, std::size_t count, char* out) {
  const std::vector<unsigned> order = permutation(static_cast<unsigned>(calls.size()), configuration().seed);
  for (std::size_t i = 0; i < count; ++i) {
    T result{};
    for (std::size_t k = 0; k < order.size(); ++k) {
      T value;
      std::memcpy(&value, static_cast<const char*>(calls[order[k]].send) + (first + i) * sizeof(T),
                  sizeof(T));
      result = k == 0 ? value : reduce(calls[0].operation, result, value);
    }
    std::memcpy(out + i * sizeof(T), &result, sizeof(T));
  }
}

void reduce_any(const std::vector<NcclCall>& calls, std::size_t first, std::size_t count, char* out) {
  switch (calls[0].type) {
    case ncclInt8:
      return reduce_all<std::int8_t>(calls, first, count, out);
    case ncclUint8:
      return reduce_all<std::uint8_t>(calls, first, count, out);
    case ncclInt32:
      return reduce_all<std::int32_t>(calls, first, count, out);
    case ncclUint32:
      return reduce_all<std::uint32_t>(calls, first, count, out);
    case ncclInt64:
      return reduce_all<std::int64_t>(calls, first, count, out);
    case ncclUint64:
      return reduce_all<std::uint64_t>(calls, first, count, out);
    case ncclFloat32:
      return reduce_all<float>(calls, first, count, out);
    case ncclFloat64:
      return reduce_all<double>(calls, first, count, out);
    default:
      return;
  }
}

bool overlap(const void* a, const void* b, std::size_t a_bytes, std::size_t b_bytes) {
  const auto* x = static_cast<const char*>(a);
  const auto* y = static_cast<const char*>(b);
  return a_bytes > 0 && b_bytes > 0 && x < y + b_bytes && y < x + a_bytes;
}

// NCCL works in place only where a rank's own part has the same address in both arrays.
bool half_in_place(const NcclCall& call, std::size_t rank, std::size_t ranks, std::size_t bytes) {
  const auto* send = static_cast<const char*>(call.send);
  const auto* receive = static_cast<const char*>(call.receive);
  switch (call.kind) {
    case Collective::all_gather:
      return send != receive + rank * bytes && overlap(send, receive, bytes, ranks * bytes);
    case Collective::reduce_scatter:
      return receive != send + rank * bytes && overlap(send, receive, ranks * bytes, bytes);
    default:
      return send != nullptr && receive != nullptr && send != receive && overlap(send, receive, bytes, bytes);
  }
}

}  // namespace

std::size_t size_of(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
      return 8;
    default:
      return 0;
  }
}

std::string run_collective(const std::vector<NcclCall>& calls) {
  const NcclCall& first = calls.front();
  const std::size_t ranks = calls.size();
  const std::size_t bytes = first.count * size_of(first.type);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    if (half_in_place(calls[rank], rank, ranks, bytes)) {
      return "rank " + std::to_string(rank) + " sends and receives in overlapping arrays";
    }
  }
  const auto root = static_cast<std::size_t>(first.peer);
  std::vector<char> result(first.kind == Collective::all_gather || first.kind == Collective::reduce_scatter
                               ? ranks * bytes
                               : bytes);
  switch (first.kind) {
    case Collective::all_reduce:
    case Collective::reduce:
      reduce_any(calls, 0, first.count, result.data());
      break;
    case Collective::reduce_scatter:
      reduce_any(calls, 0, ranks * first.count, result.data());
      break;
    case Collective::all_gather:
      for (std::size_t rank = 0; rank < ranks && bytes > 0; ++rank) {
        std::memcpy(result.data() + rank * bytes, calls[rank].send, bytes);
      }
      break;
    case Collective::broadcast:
      if (bytes > 0) {
        std::memcpy(result.data(), calls[root].send, bytes);
      }
      break;
    default:
      return "not a collective";
  }
  for (std::size_t rank = 0; rank < ranks && bytes > 0; ++rank) {
    if (first.kind == Collective::reduce && rank != root) {
      continue;
    }
    const bool scatter = first.kind == Collective::reduce_scatter;
    std::memcpy(calls[rank].receive, result.data() + (scatter ? rank * bytes : 0),
                scatter ? bytes : result.size());
  }
  return {};
}

}  // namespace emulation
