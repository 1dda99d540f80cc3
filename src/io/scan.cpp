#include "io/scan.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.hpp"
#include "io/block_reader.hpp"
#include "io/block_scan.hpp"
#include "io/cell.hpp"

namespace ramet::io {
namespace {

struct Wave {
  std::vector<Block> blocks;
  std::size_t size = 0;
  bool at_end = false;
  std::exception_ptr broken;  // what stopped the reading after these blocks
};

void read_wave(BlockReader& reader, std::size_t most, Wave& wave) {
  if (wave.blocks.size() < most) wave.blocks.resize(most);
  wave.size = 0;
  wave.at_end = false;
  wave.broken = nullptr;
  try {
    while (wave.size < most && !wave.at_end) {
      if (reader.next(wave.blocks[wave.size])) {
        ++wave.size;
      } else {
        wave.at_end = true;
      }
    }
  } catch (...) {
    wave.broken = std::current_exception();
  }
}

Watch watch_of(const FileColumn& column, bool known_classes) {
  const bool role = column.role != Role::feature;
  switch (column.reading) {
    case Reading::skipped:
      return Watch::nothing;
    case Reading::detected:
      return Watch::kinds;
    case Reading::number:
      return role ? Watch::role_number : Watch::number;
    case Reading::boolean:
      return Watch::boolean;
    case Reading::category:
      break;
  }
  if (column.role == Role::target && known_classes) return Watch::label;
  return role ? Watch::role_texts : Watch::texts;
}

class Scan {
 public:
  Scan(const std::filesystem::path& path, const TableOptions& options, std::int64_t block_bytes, Tasks& tasks)
      : path_(path), delimiter_(options.delimiter), block_bytes_(block_bytes), tasks_(tasks) {
    { const ByteStream readable(path); }  // says best what is wrong with a path
    file_.stamp = stamp_of(path);
    const Header header = read_header(path, options, block_bytes);
    start_ = header.start;
    line_ = header.line;
    file_.columns = assign_roles(path, header.names, options);
    if (options.target_is_class && !options.classes.empty()) {
      file_.classes = std::make_unique<const ClassTable>(options.classes);
    }
    for (const FileColumn& column : file_.columns) {
      watches_.push_back(watch_of(column, file_.classes != nullptr));
    }
    columns_.resize(file_.columns.size());
  }

  FileFacts run() {
    read_all();
    if (file_.rows == 0) fail(ErrorCode::invalid_data, "{}: has a header and no rows", path_.string());
    decide_types();
    recount();
    finish_dictionaries();
    check_unchanged(path_, file_.stamp);
    return std::move(file_);
  }

 private:
  // One column, merged over blocks.
  struct Column {
    std::uint8_t kinds = 0;
    Dictionary texts;
    std::vector<std::size_t> uncounted;  // segments whose texts are not in it
  };

  // Reads a wave while the one before it is scanned. The first has one block only, which tells most text
  // columns from the others.
  void read_all() {
    BlockReader reader(path_, delimiter_, block_bytes_, start_);
    Wave wave;
    Wave ahead;
    read_wave(reader, 1, wave);
    while (wave.size > 0 || wave.broken) {
      std::vector<BlockFacts> facts(wave.size);
      const bool more = !wave.at_end && !wave.broken;
      tasks_.for_each(static_cast<std::int64_t>(wave.size) + 1, [&](std::int64_t i) {
        if (i > 0) {
          facts[static_cast<std::size_t>(i - 1)] =
              scan(wave.blocks[static_cast<std::size_t>(i - 1)], watches_);
        } else if (more) {
          read_wave(reader, segments_at_once(tasks_), ahead);
        }
      });
      merge(wave, facts);
      if (!more) break;
      std::swap(wave, ahead);
    }
  }

  BlockFacts scan(const Block& block, std::span<const Watch> watches) const {
    return scan_block(block.text(), delimiter_, file_.columns, watches, file_.classes.get());
  }

  void merge(const Wave& wave, std::vector<BlockFacts>& facts) {
    const std::size_t first = file_.segments.size();
    for (std::size_t b = 0; b < facts.size(); ++b) add_segment(wave.blocks[b], facts[b]);
    if (wave.broken) rethrow(wave.broken);
    tasks_.for_each(static_cast<std::int64_t>(columns_.size()), [&](std::int64_t i) {
      const auto c = static_cast<std::size_t>(i);
      for (std::size_t b = 0; b < facts.size(); ++b) merge_column(c, facts[b].columns[c], first + b);
    });
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (watches_[c] == Watch::kinds && (columns_[c].kinds & ~kind_number) != 0)
        watches_[c] = Watch::kinds_texts;
    }
  }

  void add_segment(const Block& block, const BlockFacts& facts) {
    if (facts.fault) {
      fail_at(path_, line_ + count_lines(block.text().substr(0, facts.fault->offset)), facts.fault->message);
    }
    file_.segments.push_back({.offset = block.offset,
                              .bytes = static_cast<std::int64_t>(block.size),
                              .line = line_,
                              .first_row = file_.rows,
                              .rows = facts.rows});
    file_.rows += facts.rows;
    line_ += facts.lines;
  }

  [[noreturn]] void rethrow(const std::exception_ptr& broken) const {
    try {
      std::rethrow_exception(broken);
    } catch (const Fault& fault) {
      fail_at(path_, line_, fault.message);
    }
  }

  void merge_column(std::size_t c, const ColumnFacts& facts, std::size_t segment) {
    Column& column = columns_[c];
    column.kinds |= facts.kinds;
    if (facts.uncounted) {
      column.uncounted.push_back(segment);
    } else {
      column.texts.add_all(facts.texts);
    }
  }

  void decide_types() {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      FileColumn& column = file_.columns[c];
      if (column.reading != Reading::detected) continue;
      const std::uint8_t kinds = columns_[c].kinds;
      column.reading = (kinds & ~kind_number) == 0 ? Reading::number
                       : kinds == kind_boolean     ? Reading::boolean
                                                   : Reading::category;
      if (column.reading != Reading::category) columns_[c].uncounted.clear();
    }
  }

  // Numbers that stood in a column before its first text showed that they are texts themselves.
  void recount() {
    std::vector<std::size_t> wanted;
    for (const Column& column : columns_)
      wanted.insert(wanted.end(), column.uncounted.begin(), column.uncounted.end());
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    std::vector<Segment> segments;
    for (const std::size_t i : wanted) segments.push_back(file_.segments[i]);
    std::vector<BlockFacts> facts;
    SegmentVisitor visitor;
    visitor.begin = [&](std::size_t first, std::size_t last) {
      facts.clear();
      facts.resize(last - first);
    };
    visitor.read = [&](std::size_t i, const Block& block) {
      facts[i % segments_at_once(tasks_)] = scan(block, recount_watches(wanted[i]));
    };
    visitor.end = [&](std::size_t, std::size_t) {
      for (const BlockFacts& block : facts) {
        for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c].texts.add_all(block.columns[c].texts);
      }
    };
    visit_segments(path_, segments, tasks_, visitor);
  }

  std::vector<Watch> recount_watches(std::size_t segment) const {
    std::vector<Watch> watches(columns_.size(), Watch::nothing);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const auto& uncounted = columns_[c].uncounted;
      if (std::binary_search(uncounted.begin(), uncounted.end(), segment)) watches[c] = Watch::texts;
    }
    return watches;
  }

  void finish_dictionaries() {
    file_.dictionaries.resize(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const FileColumn& column = file_.columns[c];
      if (column.reading != Reading::category) continue;
      if (column.role != Role::target) {
        file_.dictionaries[c] = Dictionary(columns_[c].texts.by_count());
      } else if (file_.classes == nullptr) {
        file_.classes = std::make_unique<const ClassTable>(ClassTable::order(columns_[c].texts));
      }
    }
  }

  const std::filesystem::path& path_;
  char delimiter_;
  std::int64_t block_bytes_;
  Tasks& tasks_;
  FileFacts file_;
  std::vector<Watch> watches_;
  std::vector<Column> columns_;
  std::int64_t start_ = 0;
  std::int64_t line_ = 1;  // of the next block
};

}  // namespace

FileFacts scan_file(const std::filesystem::path& path, const TableOptions& options, std::int64_t block_bytes,
                    Tasks& tasks) {
  return Scan(path, options, block_bytes, tasks).run();
}

}  // namespace ramet::io
