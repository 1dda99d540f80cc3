#include "io/block_scan.hpp"

#include <fmt/format.h>

#include "io/block_reader.hpp"
#include "io/cell.hpp"
#include "io/cell_reader.hpp"

namespace ramet::io {
namespace {

class BlockScan {
 public:
  BlockScan(std::string_view text, char delimiter, std::span<const FileColumn> columns,
            std::span<const Watch> watches, const ClassTable* classes, BlockFacts& facts)
      : reader_(text, delimiter),
        columns_(columns),
        watches_(watches.begin(), watches.end()),
        classes_(classes),
        facts_(facts) {
    facts.columns.resize(columns.size());
  }

  void run() {
    RowCursor& cursor = reader_.cursor();
    while (cursor.next_row()) {
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        look(c);
        if (cursor.row_ended() && c + 1 < columns_.size()) fail_width(c + 1);
      }
      if (!cursor.row_ended()) fail_width(columns_.size() + cursor.skip_row());
      if (cursor.position() - cursor.row_begin() > max_row_bytes) {
        throw Fault{cursor.row_begin(), std::string(row_too_long)};
      }
      ++facts_.rows;
    }
  }

 private:
  void look(std::size_t c) {
    const FileColumn& column = columns_[c];
    ColumnFacts& facts = facts_.columns[c];
    switch (watches_[c]) {
      case Watch::nothing:
        reader_.cursor().skip_cell();
        break;
      case Watch::number:
        reader_.number(column);
        break;
      case Watch::role_number:
        reader_.role_number(column);
        break;
      case Watch::boolean:
        reader_.boolean(column);
        break;
      case Watch::role_texts:
        facts.texts.add(reader_.role_text(column));
        break;
      case Watch::label:
        reader_.label(column, *classes_);
        break;
      case Watch::texts: {
        const std::string_view cell = reader_.category();
        if (!cell.empty()) facts.texts.add(cell);
        break;
      }
      case Watch::kinds:
        look_for_kinds(c);
        break;
      case Watch::kinds_texts:
        take_kind(facts, reader_.category());
        break;
    }
  }

  void look_for_kinds(std::size_t c) {
    ColumnFacts& facts = facts_.columns[c];
    Decimal number;
    if (reader_.cursor().take_decimal(number) != nullptr) {
      facts.kinds |= kind_number;
      facts.uncounted = true;
      return;
    }
    const std::string_view cell = reader_.category();
    if (cell.empty()) return;
    if (parse_number(cell)) {
      facts.kinds |= kind_number;
      facts.uncounted = true;
      return;
    }
    watches_[c] = Watch::kinds_texts;
    take_kind(facts, cell);
  }

  static void take_kind(ColumnFacts& facts, std::string_view cell) {
    if (cell.empty()) return;
    facts.texts.add(cell);
    // All kinds at once are as good as text.
    if (facts.kinds & kind_text) return;
    facts.kinds |= parse_number(cell) ? kind_number : parse_boolean(cell) ? kind_boolean : kind_text;
  }

  [[noreturn]] void fail_width(std::size_t found) {
    throw Fault{reader_.cursor().row_begin(), fmt::format("the row has {} {}, expected {}", found,
                                                          found == 1 ? "field" : "fields", columns_.size())};
  }

  CellReader reader_;
  std::span<const FileColumn> columns_;
  std::vector<Watch> watches_;
  const ClassTable* classes_;
  BlockFacts& facts_;
};

}  // namespace

BlockFacts scan_block(std::string_view text, char delimiter, std::span<const FileColumn> columns,
                      std::span<const Watch> watches, const ClassTable* classes) {
  BlockFacts facts;
  facts.lines = count_lines(text);
  try {
    BlockScan(text, delimiter, columns, watches, classes, facts).run();
  } catch (const Fault& fault) {
    facts.fault = fault;
  }
  // Whichever fault comes first in the file is the one to tell.
  const std::size_t invalid = find_invalid_text(text);
  if (invalid != std::string_view::npos && (!facts.fault || invalid <= facts.fault->offset)) {
    facts.fault = Fault{invalid, invalid_text_message(text[invalid])};
  }
  return facts;
}

}  // namespace ramet::io
