#include "io/columns.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.hpp"
#include "base/nearest.hpp"
#include "io/block_reader.hpp"
#include "io/cell.hpp"
#include "io/rows.hpp"

namespace ramet::io {
namespace {

std::vector<std::string> read_names(RowCursor& cursor, bool header) {
  std::vector<std::string> names;
  std::string scratch;
  do {
    const std::string_view cell = cursor.take_cell(scratch);
    std::string name = header ? std::string(cell) : fmt::format("f{}", names.size());
    if (name.empty()) name = fmt::format("column_{}", names.size() + 1);
    names.push_back(std::move(name));
  } while (!cursor.row_ended());
  return names;
}

void check_unique(const std::filesystem::path& path, const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [first, added] = seen.emplace(names[i], i);
    if (!added) {
      fail(ErrorCode::invalid_data, "{}: columns {} and {} are both named {}", path.string(),
           first->second + 1, i + 1, shown(names[i]));
    }
  }
}

// Gives the columns of a file their roles, one option after the other.
class Roles {
 public:
  Roles(const std::filesystem::path& path, const std::vector<std::string>& names) : path_(path) {
    for (const std::string& name : names) {
      position_.emplace(name, columns_.size());
      columns_.push_back({.name = name});
    }
    taken_by_.resize(columns_.size());
  }

  FileColumn* find(const std::string& name) {
    const auto found = position_.find(name);
    return found == position_.end() ? nullptr : &columns_[found->second];
  }

  FileColumn& take(const std::string& name, std::string_view option) {
    const auto found = position_.find(name);
    if (found == position_.end()) {
      fail(ErrorCode::invalid_parameter, "{} = {}: {} has no such column{}; it has {}", option, shown(name),
           path_.string(), suggestion(name), listed());
    }
    std::string& by = taken_by_[found->second];
    if (!by.empty()) {
      fail(ErrorCode::invalid_parameter, "column {} is named both as {} and as {}", shown(name), by, option);
    }
    by = option;
    return columns_[found->second];
  }

  std::vector<FileColumn> finish() && { return std::move(columns_); }
  std::vector<FileColumn>& columns() { return columns_; }

 private:
  std::string suggestion(const std::string& name) const {
    std::vector<std::string_view> known;
    for (const FileColumn& column : columns_) known.push_back(column.name);
    const std::string_view nearest = nearest_name(name, known);
    return nearest.empty() ? std::string{} : fmt::format(" (did you mean {}?)", shown(nearest));
  }

  std::string listed() const {
    constexpr std::size_t most = 20;
    std::string names;
    for (std::size_t i = 0; i < std::min(most, columns_.size()); ++i) {
      names += (i > 0 ? ", " : "") + shown(columns_[i].name);
    }
    return columns_.size() > most ? names + fmt::format(", ... ({} columns)", columns_.size()) : names;
  }

  const std::filesystem::path& path_;
  std::vector<FileColumn> columns_;
  std::vector<std::string> taken_by_;  // the option that named the column
  std::unordered_map<std::string, std::size_t> position_;
};

void assign_target(Roles& roles, const TableOptions& options) {
  if (options.target.empty()) return;
  FileColumn& column = roles.take(options.target, "target");
  column.role = Role::target;
  column.reading = options.target_is_class ? Reading::category : Reading::number;
  column.number_hint = " (text can be the target of a classification only)";
}

void assign_others(Roles& roles, const TableOptions& options) {
  if (!options.weight.empty()) {
    FileColumn& column = roles.take(options.weight, "weight");
    column.role = Role::weight;
    column.reading = Reading::number;
  }
  for (std::size_t i = 0; i < options.base_margin.size(); ++i) {
    FileColumn& column = roles.take(options.base_margin[i], "base_margin");
    column.role = Role::base_margin;
    column.reading = Reading::number;
    column.index = static_cast<int>(i);
  }
  if (!options.group.empty()) {
    FileColumn& column = roles.take(options.group, "group");
    column.role = Role::group;
    column.reading = Reading::category;
  }
  for (const std::string& name : options.ignore) {
    FileColumn& column = roles.take(name, "ignore");
    column.role = Role::ignored;
    column.reading = Reading::skipped;
  }
  for (const std::string& name : options.categorical) {
    roles.take(name, "categorical").reading = Reading::category;
  }
  for (const std::string& name : options.numeric) {
    FileColumn& column = roles.take(name, "numeric");
    column.reading = Reading::number;
    column.number_hint = " (make it categorical to train on text)";
  }
}

Reading reading_of(ColumnType type) {
  switch (type) {
    case ColumnType::numeric:
      return Reading::number;
    case ColumnType::boolean:
      return Reading::boolean;
    case ColumnType::categorical:
      return Reading::category;
  }
  return Reading::detected;
}

// The schema's features and no others; the file must have them all.
void apply_schema(Roles& roles, const Schema& schema, const std::filesystem::path& path) {
  for (FileColumn& column : roles.columns()) {
    if (column.role != Role::feature) continue;
    column.role = Role::ignored;
    column.reading = Reading::skipped;
  }
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < schema.features.size(); ++i) {
    const FeatureInfo& feature = schema.features[i];
    FileColumn* column = roles.find(feature.name);
    if (column == nullptr) {
      missing.push_back(shown(feature.name));
      continue;
    }
    if (column->role != Role::ignored) {
      fail(ErrorCode::invalid_parameter, "column {} is a feature of the model: it cannot have another role",
           shown(feature.name));
    }
    column->role = Role::feature;
    column->reading = reading_of(feature.type);
    column->index = static_cast<int>(i);
    column->number_hint = " (the model was trained on numbers)";
  }
  if (missing.empty()) return;
  fail(ErrorCode::invalid_data, "{}: {} of the model's {} features {} not in the file: {}", path.string(),
       missing.size(), schema.features.size(), missing.size() == 1 ? "is" : "are", fmt::join(missing, ", "));
}

}  // namespace

Header read_header(const std::filesystem::path& path, const TableOptions& options, std::int64_t block_bytes) {
  BlockReader reader(path, options.delimiter, block_bytes);
  Block block;
  std::int64_t line = 1;
  try {
    while (reader.next(block)) {
      RowCursor cursor(block.text(), options.delimiter);
      if (!cursor.next_row()) {
        line += count_lines(block.text());
        continue;
      }
      Header header{.names = read_names(cursor, options.header), .start = block.offset, .line = line};
      const std::string_view row = block.text().substr(0, cursor.position());
      const std::size_t invalid = find_invalid_text(row);
      if (invalid != std::string_view::npos) throw Fault{invalid, invalid_text_message(row[invalid])};
      check_unique(path, header.names);
      if (options.header) {
        header.start += static_cast<std::int64_t>(row.size());
        header.line += count_lines(row);
      }
      return header;
    }
  } catch (const Fault& fault) {
    fail_at(path, line + count_lines(block.text().substr(0, fault.offset)), fault.message);
  }
  fail(ErrorCode::invalid_data, "{}: is empty", path.string());
}

std::vector<FileColumn> assign_roles(const std::filesystem::path& path, const std::vector<std::string>& names,
                                     const TableOptions& options) {
  Roles roles(path, names);
  assign_target(roles, options);
  assign_others(roles, options);
  if (options.schema != nullptr) {
    apply_schema(roles, *options.schema, path);
    return std::move(roles).finish();
  }
  int features = 0;
  for (FileColumn& column : roles.columns()) {
    if (column.role == Role::feature) column.index = features++;
  }
  if (features == 0) fail(ErrorCode::invalid_data, "{}: has no column left to be a feature", path.string());
  return std::move(roles).finish();
}

std::string invalid_text_message(char byte) {
  if (byte == '\0') return "a NUL byte: the file is not text, or damaged";
  return fmt::format("the byte {:#04x} is not UTF-8: convert the file to UTF-8",
                     static_cast<unsigned char>(byte));
}

void fail_at(const std::filesystem::path& path, std::int64_t line, const std::string& message) {
  fail(ErrorCode::invalid_data, "{}:{}: {}", path.string(), line, message);
}

}  // namespace ramet::io
