#include "io/helpers.hpp"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/result.h>
#include <arrow/util/compression.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace ramet::io {
namespace {

std::string compress(std::string_view bytes, arrow::Compression::type type) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto stream = arrow::io::CompressedOutputStream::Make(codec.get(), sink).ValueOrDie();
  if (!stream->Write(bytes.data(), static_cast<std::int64_t>(bytes.size())).ok() || !stream->Close().ok()) {
    throw std::runtime_error("cannot compress");
  }
  return sink->Finish().ValueOrDie()->ToString();
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool naive_missing(const std::string& cell) {
  for (const char* mark : {"", "NA", "NaN", "nan", "null", "NULL", "?"}) {
    if (cell == mark) return true;
  }
  return false;
}

// strtod reads the numbers we want, and hexadecimal ones, leading blanks and nan(...).
bool naive_number(const std::string& cell) {
  if (cell.empty() || cell.find_first_of("xX()\n\r\v\f") != std::string::npos) return false;
  char* end = nullptr;
  std::strtod(cell.c_str(), &end);
  return end == cell.c_str() + cell.size();
}

bool naive_boolean(const std::string& cell) {
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (cell == word) return true;
  }
  return false;
}

ColumnType naive_type(const std::vector<std::string>& cells) {
  bool numbers = true;
  bool booleans = true;
  bool any = false;
  for (const std::string& cell : cells) {
    if (naive_missing(cell)) continue;
    any = true;
    numbers &= naive_number(cell);
    booleans &= naive_boolean(cell);
  }
  if (numbers) return ColumnType::numeric;
  return any && booleans ? ColumnType::boolean : ColumnType::categorical;
}

std::string naive_value(const std::string& cell, ColumnType type) {
  if (naive_missing(cell)) return "missing";
  switch (type) {
    case ColumnType::numeric:
      return number_text(std::strtod(cell.c_str(), nullptr));
    case ColumnType::boolean:
      return cell[0] == 't' || cell[0] == 'T' ? "1" : "0";
    case ColumnType::categorical:
      break;
  }
  return cell;
}

void append(const Column& column, std::int64_t rows, std::vector<std::string>& to) {
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    if (const auto* numbers = std::get_if<std::span<const double>>(&column.values)) {
      to.push_back(number_text((*numbers)[r]));
    } else if (const auto* booleans = std::get_if<std::span<const std::uint8_t>>(&column.values)) {
      to.push_back((*booleans)[r] == 255 ? "missing" : std::to_string((*booleans)[r]));
    } else {
      const std::int32_t code = std::get<std::span<const std::int32_t>>(column.values)[r];
      to.push_back(code < 0 ? "missing" : column.dictionary.at(static_cast<std::size_t>(code)));
    }
  }
}

}  // namespace

TemporaryFile::TemporaryFile(std::string_view text, std::string_view ending) {
  static std::atomic<int> count{0};
  path_ = std::filesystem::temp_directory_path() /
          ("ramet_io_" + std::to_string(::getpid()) + "_" + std::to_string(count++) + std::string(ending));
  write_file(path_, text);
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string gzip(std::string_view bytes) { return compress(bytes, arrow::Compression::GZIP); }
std::string zstd(std::string_view bytes) { return compress(bytes, arrow::Compression::ZSTD); }

std::string gunzip(std::string_view bytes) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  const auto source = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(bytes));
  const auto stream = arrow::io::CompressedInputStream::Make(codec.get(), source).ValueOrDie();
  std::string text;
  for (;;) {
    const auto piece = stream->Read(1 << 20).ValueOrDie();
    if (piece->size() == 0) return text;
    text += piece->ToString();
  }
}

std::string number_text(double value) {
  if (std::isnan(value)) return "missing";
  std::ostringstream text;
  text << std::hexfloat << value;
  return text.str();
}

Contents contents_of(const Table& table) {
  Contents contents;
  for (const FeatureInfo& feature : table.features()) {
    contents.names.push_back(feature.name);
    contents.types.push_back(feature.type);
  }
  contents.values.resize(contents.names.size());
  std::int64_t rows = 0;
  table.for_each_batch([&](const Table::RowBatch& batch) {
    EXPECT_EQ(batch.first_row, rows);
    EXPECT_EQ(batch.columns.size(), contents.names.size());
    rows += batch.rows;
    for (std::size_t f = 0; f < batch.columns.size(); ++f) {
      EXPECT_EQ(batch.columns[f].name, contents.names[f]);
      append(batch.columns[f], batch.rows, contents.values[f]);
    }
    contents.labels.insert(contents.labels.end(), batch.labels.begin(), batch.labels.end());
    contents.weights.insert(contents.weights.end(), batch.weights.begin(), batch.weights.end());
    contents.base_margins.insert(contents.base_margins.end(), batch.base_margins.begin(),
                                 batch.base_margins.end());
  });
  EXPECT_EQ(rows, table.rows());
  return contents;
}

std::int64_t missing_in(const Contents& contents, const std::string& name) {
  for (std::size_t f = 0; f < contents.names.size(); ++f) {
    if (contents.names[f] != name) continue;
    return std::count(contents.values[f].begin(), contents.values[f].end(), "missing");
  }
  ADD_FAILURE() << "no feature " << name;
  return -1;
}

std::string error_of(ErrorCode code, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

std::vector<std::vector<std::string>> naive_rows(std::string_view text, char delimiter) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row(1);
  bool quoted = false;
  bool any = false;  // the row has a byte
  const auto finish = [&] {
    if (any) rows.push_back(row);
    row.assign(1, {});
    any = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        row.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        row.back() += text[++i];
      } else {
        quoted = false;
      }
      continue;
    }
    if (c == '\r' && (i + 1 == text.size() || text[i + 1] == '\n')) continue;
    if (c == '\n') {
      finish();
      continue;
    }
    const bool starts = !any || (text[i - 1] == delimiter);
    any = true;
    if (c == '"' && starts) {
      quoted = true;
    } else if (c == delimiter) {
      row.emplace_back();
    } else {
      row.back() += c;
    }
  }
  finish();
  return rows;
}

Contents naive_contents(std::string_view text, char delimiter) {
  const auto rows = naive_rows(text, delimiter);
  Contents contents;
  for (std::size_t c = 0; c < rows.at(0).size(); ++c) {
    const std::string name = trimmed(rows[0][c]);
    contents.names.push_back(name.empty() ? "column_" + std::to_string(c + 1) : name);
    std::vector<std::string> cells;
    for (std::size_t r = 1; r < rows.size(); ++r) cells.push_back(trimmed(rows[r].at(c)));
    contents.types.push_back(naive_type(cells));
    for (std::string& cell : cells) cell = naive_value(cell, contents.types.back());
    contents.values.push_back(std::move(cells));
  }
  return contents;
}

}  // namespace ramet::io
