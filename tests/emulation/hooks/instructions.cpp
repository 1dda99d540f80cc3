#include "instructions.hpp"

#include <algorithm>

namespace emulation {

void WarpLog::add(std::uint64_t site, AccessKind kind, bool shared, unsigned lane, std::uint64_t address,
                  unsigned bytes) {
  SiteLog& log = sites_[(site << 3) ^ (static_cast<std::uint64_t>(kind) << 1) ^ (shared ? 1 : 0)];
  log.kind = kind;
  log.shared = shared;
  log.accesses.push_back(
      {address, log.occurrences[lane]++, static_cast<std::uint8_t>(lane), static_cast<std::uint8_t>(bytes)});
}

namespace {

void count(Traffic& traffic, AccessKind kind, bool shared, const LaneAccess* first, const LaneAccess* last) {
  const std::int64_t lanes = last - first;
  if (shared) {
    switch (kind) {
      case AccessKind::read:
        ++traffic.shared_read_instructions;
        break;
      case AccessKind::write:
        ++traffic.shared_write_instructions;
        break;
      case AccessKind::atomic:
        ++traffic.shared_atomic_instructions;
        traffic.shared_atomics += lanes;
        traffic.shared_atomic_conflicts += conflicts(first, last, true);
        return;
    }
    traffic.shared_conflicts += conflicts(first, last, false);
    return;
  }
  std::int64_t bytes = 0;
  for (const LaneAccess* access = first; access != last; ++access) {
    bytes += access->bytes;
  }
  switch (kind) {
    case AccessKind::read:
      ++traffic.global_read_instructions;
      traffic.global_read_bytes += bytes;
      traffic.global_read_sectors += sectors(first, last);
      break;
    case AccessKind::write:
      ++traffic.global_write_instructions;
      traffic.global_write_bytes += bytes;
      traffic.global_write_sectors += sectors(first, last);
      break;
    case AccessKind::atomic:
      ++traffic.global_atomic_instructions;
      traffic.global_atomics += lanes;
      traffic.global_atomic_sectors += sectors(first, last);
      break;
  }
}

}  // namespace

void WarpLog::flush(Traffic& traffic) {
  for (auto& [site, log] : sites_) {
    std::stable_sort(log.accesses.begin(), log.accesses.end(),
                     [](const LaneAccess& a, const LaneAccess& b) { return a.occurrence < b.occurrence; });
    const LaneAccess* const end = log.accesses.data() + log.accesses.size();
    for (const LaneAccess* first = log.accesses.data(); first != end;) {
      const LaneAccess* last = first;
      while (last != end && last->occurrence == first->occurrence) {
        ++last;
      }
      count(traffic, log.kind, log.shared, first, last);
      first = last;
    }
  }
  sites_.clear();
}

std::int64_t sectors(const LaneAccess* first, const LaneAccess* last) {
  std::vector<std::uint64_t> touched;
  for (const LaneAccess* access = first; access != last; ++access) {
    for (std::uint64_t sector = access->address / 32; sector <= (access->address + access->bytes - 1) / 32;
         ++sector) {
      touched.push_back(sector);
    }
  }
  std::sort(touched.begin(), touched.end());
  return std::unique(touched.begin(), touched.end()) - touched.begin();
}

std::int64_t conflicts(const LaneAccess* first, const LaneAccess* last, bool atomic) {
  std::uint64_t widest = 4;
  for (const LaneAccess* access = first; access != last; ++access) {
    widest = std::max<std::uint64_t>(widest, access->bytes);
  }
  // Wide accesses are served for half or a quarter of the warp at a time.
  const auto lanes_at_once = static_cast<unsigned>(128 / widest);
  std::int64_t extra = 0;
  std::vector<std::uint64_t> words;
  for (unsigned group = 0; group < 32; group += lanes_at_once) {
    words.clear();
    for (const LaneAccess* access = first; access != last; ++access) {
      if (access->lane < group || access->lane >= group + lanes_at_once) {
        continue;
      }
      for (std::uint64_t word = access->address / 4; word <= (access->address + access->bytes - 1) / 4;
           ++word) {
        words.push_back(word);
      }
    }
    if (!atomic) {
      std::sort(words.begin(), words.end());
      words.erase(std::unique(words.begin(), words.end()), words.end());
    }
    std::array<std::int64_t, 32> in_bank{};
    for (const std::uint64_t word : words) {
      ++in_bank[word % 32];
    }
    extra += std::max<std::int64_t>(*std::max_element(in_bank.begin(), in_bank.end()), 1) - 1;
  }
  return extra;
}

}  // namespace emulation
