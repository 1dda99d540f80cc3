#include "io/typed_rows.hpp"

#include <algorithm>
#include <span>

#include "base/error.hpp"
#include "io/cell_reader.hpp"
#include "io/rows.hpp"

namespace ramet::io {
namespace {

// Where the values of a column go: to one of these, at row * stride.
struct Sink {
  enum class Kind : std::uint8_t {
    nothing,
    number,
    role_number,
    boolean,
    code,
    label,
    group
  } kind = Kind::nothing;
  std::int64_t stride = 1;
  double* numbers = nullptr;
  std::uint8_t* booleans = nullptr;
  std::int32_t* codes = nullptr;
  std::int64_t* groups = nullptr;
  const Dictionary* dictionary = nullptr;
};

Sink::Kind kind_of(const FileColumn& column) {
  switch (column.role) {
    case Role::ignored:
      return Sink::Kind::nothing;
    case Role::group:
      return Sink::Kind::group;
    case Role::target:
      return column.reading == Reading::category ? Sink::Kind::label : Sink::Kind::role_number;
    case Role::weight:
    case Role::base_margin:
      return Sink::Kind::role_number;
    case Role::feature:
      break;
  }
  switch (column.reading) {
    case Reading::number:
      return Sink::Kind::number;
    case Reading::boolean:
      return Sink::Kind::boolean;
    case Reading::category:
      return Sink::Kind::code;
    case Reading::skipped:
    case Reading::detected:
      break;
  }
  return Sink::Kind::nothing;
}

// The part of a segment that is wanted, and where in the wave it goes.
struct Part {
  std::int64_t skipped = 0;
  std::int64_t rows = 0;
  std::int64_t to = 0;
};

class Filling {
 public:
  Filling(const Block& block, char delimiter, const FileFacts& file, std::span<const Sink> sinks)
      : reader_(block.text(), delimiter), file_(file), sinks_(sinks) {}

  // Number of rows filled; fewer than asked if the block has no more.
  std::int64_t run(const Part& part) {
    RowCursor& cursor = reader_.cursor();
    for (std::int64_t row = 0; row < part.skipped; ++row) {
      if (!cursor.next_row()) return 0;
      cursor.skip_row();
    }
    for (std::int64_t row = 0; row < part.rows; ++row) {
      if (!cursor.next_row()) return row;
      for (std::size_t c = 0; c < sinks_.size(); ++c) {
        if (c > 0 && cursor.row_ended()) return row;
        fill(c, part.to + row);
      }
    }
    return part.rows;
  }

 private:
  void fill(std::size_t c, std::int64_t row) {
    const Sink& sink = sinks_[c];
    const FileColumn& column = file_.columns[c];
    switch (sink.kind) {
      case Sink::Kind::nothing:
        reader_.cursor().skip_cell();
        break;
      case Sink::Kind::number:
        sink.numbers[row] = reader_.number(column);
        break;
      case Sink::Kind::role_number:
        sink.numbers[row * sink.stride] = reader_.role_number(column);
        break;
      case Sink::Kind::boolean:
        sink.booleans[row] = reader_.boolean(column);
        break;
      case Sink::Kind::code: {
        const std::string_view cell = reader_.category();
        sink.codes[row] = cell.empty() ? -1 : sink.dictionary->find(cell);
        break;
      }
      case Sink::Kind::label:
        sink.numbers[row] = reader_.label(column, *file_.classes);
        break;
      case Sink::Kind::group:
        sink.groups[row] = sink.dictionary->find(reader_.role_text(column));
        break;
    }
  }

  CellReader reader_;
  const FileFacts& file_;
  std::span<const Sink> sinks_;
};

class Waves {
 public:
  Waves(const std::filesystem::path& path, char delimiter, const FileFacts& file, std::int64_t first_row,
        std::int64_t last_row)
      : path_(path),
        delimiter_(delimiter),
        file_(file),
        first_row_(first_row),
        last_row_(last_row),
        margins_(count_columns(file, Role::base_margin)) {
    const auto after = [](const Segment& segment, std::int64_t row) {
      return segment.first_row + segment.rows <= row;
    };
    const auto from = std::lower_bound(file.segments.begin(), file.segments.end(), first_row, after);
    const auto to = std::find_if(from, file.segments.end(),
                                 [&](const Segment& segment) { return segment.first_row >= last_row; });
    segments_.assign(from, to);
  }

  void visit(Tasks& tasks, const std::function<void(TypedRows&)>& visit) {
    SegmentVisitor visitor;
    visitor.begin = [&](std::size_t first, std::size_t last) { begin(first, last); };
    visitor.read = [&](std::size_t i, const Block& block) { read(i, block); };
    visitor.end = [&](std::size_t, std::size_t) {
      if (rows_.rows > 0) visit(rows_);
    };
    visit_segments(path_, segments_, tasks, visitor);
  }

 private:
  Part part_of(const Segment& segment) const {
    const std::int64_t begin = std::max(segment.first_row, first_row_);
    const std::int64_t end = std::min(segment.first_row + segment.rows, last_row_);
    return {.skipped = begin - segment.first_row,
            .rows = std::max<std::int64_t>(0, end - begin),
            .to = begin - rows_.first_row};
  }

  void begin(std::size_t first, std::size_t last) {
    rows_.features.resize(static_cast<std::size_t>(count_columns(file_, Role::feature)));
    rows_.first_row = std::max(segments_[first].first_row, first_row_);
    const Segment& end = segments_[last - 1];
    rows_.rows = std::min(end.first_row + end.rows, last_row_) - rows_.first_row;
    sinks_.clear();
    for (std::size_t c = 0; c < file_.columns.size(); ++c) sinks_.push_back(make_sink(c));
  }

  template <class T>
  T* room(Buffer<T>& values, std::int64_t width = 1) const {
    const auto size = static_cast<std::size_t>(rows_.rows * width);
    if (values.size() < size) values = Buffer<T>(size);
    return values.data();
  }

  Sink make_sink(std::size_t c) {
    const FileColumn& column = file_.columns[c];
    Sink sink{.kind = kind_of(column), .dictionary = &file_.dictionaries[c]};
    switch (column.role) {
      case Role::ignored:
        break;
      case Role::group:
        sink.groups = room(rows_.groups);
        break;
      case Role::target:
        sink.numbers = room(rows_.labels);
        break;
      case Role::weight:
        sink.numbers = room(rows_.weights);
        break;
      case Role::base_margin:
        sink.stride = margins_;
        sink.numbers = room(rows_.base_margins, margins_) + column.index;
        break;
      case Role::feature: {
        FeatureValues& values = rows_.features[static_cast<std::size_t>(column.index)];
        if (sink.kind == Sink::Kind::number) sink.numbers = room(values.numbers);
        if (sink.kind == Sink::Kind::boolean) sink.booleans = room(values.booleans);
        if (sink.kind == Sink::Kind::code) sink.codes = room(values.codes);
        break;
      }
    }
    return sink;
  }

  void read(std::size_t i, const Block& block) const {
    const Segment& segment = segments_[i];
    const Part part = part_of(segment);
    std::int64_t filled = 0;
    try {
      filled = Filling(block, delimiter_, file_, sinks_).run(part);
    } catch (const Fault& fault) {
      fail_at(path_, segment.line + count_lines(block.text().substr(0, fault.offset)), fault.message);
    }
    if (filled < part.rows) fail(ErrorCode::io, "{}: has changed since it was opened", path_.string());
  }

  const std::filesystem::path& path_;
  char delimiter_;
  const FileFacts& file_;
  std::int64_t first_row_;
  std::int64_t last_row_;
  int margins_;
  std::vector<Segment> segments_;
  std::vector<Sink> sinks_;
  TypedRows rows_;
};

}  // namespace

std::int64_t typed_row_bytes(const FileFacts& file) {
  std::int64_t bytes = 0;
  for (const FileColumn& column : file.columns) {
    switch (kind_of(column)) {
      case Sink::Kind::nothing:
        break;
      case Sink::Kind::boolean:
        bytes += 1;
        break;
      case Sink::Kind::code:
        bytes += static_cast<std::int64_t>(sizeof(std::int32_t));
        break;
      case Sink::Kind::number:
      case Sink::Kind::role_number:
      case Sink::Kind::label:
      case Sink::Kind::group:
        bytes += static_cast<std::int64_t>(sizeof(double));
        break;
    }
  }
  return bytes;
}

int count_columns(const FileFacts& file, Role role) {
  return static_cast<int>(std::count_if(file.columns.begin(), file.columns.end(),
                                        [&](const FileColumn& column) { return column.role == role; }));
}

void visit_rows(const std::filesystem::path& path, char delimiter, const FileFacts& file,
                std::int64_t first_row, std::int64_t last_row, Tasks& tasks,
                const std::function<void(TypedRows&)>& visit) {
  check_unchanged(path, file.stamp);
  if (first_row == last_row) return;
  Waves(path, delimiter, file, first_row, last_row).visit(tasks, visit);
}

}  // namespace ramet::io
