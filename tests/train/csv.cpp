#include "csv.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>

namespace ramet::training {
namespace {

std::string unzip(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(("gzip -dc '" + path + "'").c_str(), "r"),
                                                             pclose);
  if (!pipe) throw std::runtime_error("cannot run gzip");
  std::string text;
  std::vector<char> block(1 << 16);
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), pipe.get()))
    text.append(block.data(), n);
  if (text.empty()) throw std::runtime_error(path + ": cannot be read");
  return text;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

bool parse(const std::string& cell, double& value) {
  value = std::numeric_limits<double>::quiet_NaN();
  if (cell.empty()) return true;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc{} && end == cell.data() + cell.size();
}

bool is_text(const std::vector<std::string>& cells) {
  double value = 0;
  return std::any_of(cells.begin(), cells.end(),
                     [&](const std::string& cell) { return !parse(cell, value); });
}

}  // namespace

CsvFile::CsvFile(const std::string& name) {
  std::vector<std::string> lines = split(unzip(std::string(RAMET_TEST_DATA) + "/" + name), '\n');
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  for (const std::string& column : split(lines.at(0), ',')) columns_.push_back({.name = column, .cells = {}});
  for (std::size_t l = 1; l < lines.size(); ++l) {
    const std::vector<std::string> cells = split(lines[l], ',');
    if (cells.size() != columns_.size()) throw std::runtime_error(name + ": ragged line");
    for (std::size_t c = 0; c < cells.size(); ++c) columns_[c].cells.push_back(cells[c]);
  }
  rows_ = static_cast<std::int64_t>(lines.size()) - 1;
}

const CsvFile::TextColumn& CsvFile::column(const std::string& name) const {
  for (const TextColumn& column : columns_) {
    if (column.name == name) return column;
  }
  throw std::runtime_error("no column " + name);
}

std::vector<double> CsvFile::values(const std::string& name) const {
  const std::vector<std::string>& cells = column(name).cells;
  std::vector<double> values(cells.size());
  if (!is_text(cells)) {
    for (std::size_t r = 0; r < cells.size(); ++r) parse(cells[r], values[r]);
    return values;
  }
  const std::set<std::string> distinct(cells.begin(), cells.end());
  for (std::size_t r = 0; r < cells.size(); ++r) {
    values[r] = static_cast<double>(std::distance(distinct.begin(), distinct.find(cells[r])));
  }
  return values;
}

Dataset CsvFile::dataset(const std::string& target, const std::function<bool(std::int64_t)>& keep,
                         const Dataset* reference) const {
  const auto kept = [&](const auto& all) {
    std::remove_cvref_t<decltype(all)> some;
    for (std::size_t r = 0; r < all.size(); ++r) {
      if (keep(static_cast<std::int64_t>(r))) some.push_back(all[r]);
    }
    return some;
  };
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::string>> texts;
  numbers.reserve(columns_.size());
  texts.reserve(columns_.size());
  std::vector<Column> columns;
  for (const TextColumn& column : columns_) {
    if (column.name == target) continue;
    if (is_text(column.cells)) {
      texts.push_back(kept(column.cells));
      columns.push_back({.name = column.name, .values = std::span<const std::string>(texts.back())});
    } else {
      numbers.push_back(kept(values(column.name)));
      columns.push_back({.name = column.name, .values = std::span<const double>(numbers.back())});
    }
  }
  const std::vector<double> labels = kept(values(target));
  return Dataset::from_columns(columns, {.labels = labels, .reference = reference});
}

}  // namespace ramet::training
