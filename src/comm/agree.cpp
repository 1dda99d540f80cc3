#include "comm/agree.hpp"

#include <cstring>
#include <new>
#include <utility>

#include "base/error.hpp"

namespace ramet::comm {
namespace {

// "" for success; else the error code in one character, then the message.
std::string describe(const std::exception_ptr& error) {
  if (!error) return {};
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return std::string(1, static_cast<char>(1 + static_cast<int>(e.code()))) + e.what();
  }
}

}  // namespace

std::exception_ptr as_error(std::exception_ptr error) {
  const auto made = [](ErrorCode code, const char* message) {
    return std::make_exception_ptr(Error(code, message));
  };
  if (!error) return error;
  try {
    std::rethrow_exception(error);
  } catch (const Error&) {
    return error;
  } catch (const std::bad_alloc&) {
    return made(ErrorCode::out_of_memory, "out of memory");
  } catch (const std::exception& e) {
    return made(ErrorCode::internal, e.what());
  } catch (...) {
    return made(ErrorCode::internal, "unknown error");
  }
}

void agree(Communicator& communicator, std::exception_ptr mine) {
  mine = as_error(std::move(mine));
  if (communicator.size() > 1) {
    const std::int64_t failures = sum(communicator, mine ? 1 : 0);
    if (failures == 0) return;
    const std::vector<std::string> all = gather_texts(communicator, describe(mine));
    for (std::size_t r = 0; r < all.size() && !mine; ++r) {
      if (all[r].empty()) continue;
      fail(static_cast<ErrorCode>(all[r][0] - 1), "rank {}: {}", r, all[r].substr(1));
    }
  }
  if (mine) std::rethrow_exception(mine);
}

std::vector<std::int64_t> gather_values(Communicator& communicator, std::int64_t mine) {
  const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(std::span(&mine, 1)));
  std::vector<std::int64_t> all(bytes.size() / sizeof(std::int64_t));
  std::memcpy(all.data(), bytes.data(), bytes.size());
  return all;
}

std::vector<std::string> gather_texts(Communicator& communicator, const std::string& mine) {
  const std::vector<std::int64_t> sizes = gather_values(communicator, static_cast<std::int64_t>(mine.size()));
  const std::vector<std::byte> bytes = communicator.all_gather(std::as_bytes(std::span(mine)));
  std::vector<std::string> all;
  std::size_t at = 0;
  for (const std::int64_t size : sizes) {
    all.emplace_back(reinterpret_cast<const char*>(bytes.data()) + at, static_cast<std::size_t>(size));
    at += static_cast<std::size_t>(size);
  }
  return all;
}

std::int64_t sum(Communicator& communicator, std::int64_t mine) {
  communicator.all_reduce_sum({&mine, 1});
  return mine;
}

std::int64_t max(Communicator& communicator, std::int64_t mine) {
  communicator.all_reduce_max({&mine, 1});
  return mine;
}

}  // namespace ramet::comm
