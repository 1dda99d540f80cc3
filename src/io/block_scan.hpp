// Looks at every cell of a block: what types the columns can have, which texts they hold, what is malformed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "io/class_table.hpp"
#include "io/columns.hpp"
#include "io/dictionary.hpp"
#include "io/rows.hpp"

namespace ramet::io {

// What to look for in a column.
enum class Watch : std::uint8_t {
  nothing,
  number,       // must be numbers or missing
  role_number,  // must be finite numbers
  boolean,      // must be booleans or missing
  texts,        // count the texts
  role_texts,   // the same, and none may be missing
  label,        // must be of the known classes
  kinds,        // tell of which kinds the cells are; count the texts from the first cell on that is no number
  kinds_texts,  // tell of which kinds the cells are and count all texts
};

// Bits of ColumnFacts::kinds.
inline constexpr std::uint8_t kind_number = 1;
inline constexpr std::uint8_t kind_boolean = 2;
inline constexpr std::uint8_t kind_text = 4;

struct ColumnFacts {
  std::uint8_t kinds = 0;  // of the cells that are not missing
  bool uncounted = false;  // there were numbers that `texts` does not have
  Dictionary texts;
};

struct BlockFacts {
  std::int64_t rows = 0;
  std::int64_t lines = 0;
  std::vector<ColumnFacts> columns;
  std::optional<Fault> fault;  // the first one; the rest is then as far as it got
};

// `text` is followed by text_padding zero bytes. `watches` has one entry per column. `classes` may be null if
// no column is watched for labels. The facts do not depend on how a file is cut into blocks. Never throws
// Fault.
BlockFacts scan_block(std::string_view text, char delimiter, std::span<const FileColumn> columns,
                      std::span<const Watch> watches, const ClassTable* classes);

}  // namespace ramet::io
