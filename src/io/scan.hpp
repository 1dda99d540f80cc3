// The first reading of a file: columns are typed from all of it.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/tasks.hpp"
#include "io/class_table.hpp"
#include "io/columns.hpp"
#include "io/dictionary.hpp"
#include "io/segments.hpp"

namespace ramet::io {

// What is known of a file after its first reading.
struct FileFacts {
  FileStamp stamp;
  std::vector<FileColumn> columns;            // none `detected`
  std::vector<Dictionary> dictionaries;       // of category columns: most frequent first, ties by bytes
  std::unique_ptr<const ClassTable> classes;  // of a target of classes
  std::vector<Segment> segments;
  std::int64_t rows = 0;
};

// `block_bytes` in [1, max_block_bytes]. Throws Error{io, invalid_data, invalid_parameter}.
FileFacts scan_file(const std::filesystem::path& path, const TableOptions& options, std::int64_t block_bytes,
                    Tasks& tasks);

}  // namespace ramet::io
