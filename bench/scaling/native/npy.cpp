#include "npy.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace ramet::scaling {
namespace {

constexpr std::size_t longest_header = 1 << 20;
constexpr std::int64_t read_at_a_time = 1 << 26;  // bytes: a single read(2) ends at 2 GiB

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

// The dictionary between the magic bytes and the values. Its length has 2 bytes in version 1, 4 in later
// ones.
std::string read_header(std::ifstream& file, const std::string& path) {
  std::array<char, 8> start{};
  file.read(start.data(), start.size());
  if (!file || std::string_view(start.data(), 6) != "\x93NUMPY") fail(path, "not an .npy file");
  std::array<char, 4> bytes{};
  const std::size_t length_bytes = start[6] == 1 ? 2 : 4;
  file.read(bytes.data(), static_cast<std::streamsize>(length_bytes));
  std::size_t length = 0;
  for (std::size_t i = length_bytes; i > 0; --i) {
    length = 256 * length + static_cast<unsigned char>(bytes[i - 1]);
  }
  if (!file || length > longest_header) fail(path, "its header is damaged");
  std::string header(length, '\0');
  file.read(header.data(), static_cast<std::streamsize>(length));
  if (!file) fail(path, "its header is cut off");
  return header;
}

Matrix empty_matrix(const std::string& header, const std::string& path) {
  if (header.find("'descr': '<f4'") == std::string::npos) fail(path, "its values are not float32 ('<f4')");
  if (header.find("'fortran_order': False") == std::string::npos) fail(path, "it is not row-major");
  const std::size_t shape = header.find("'shape': (");
  long long rows = 0;
  long long columns = 0;
  const bool two = shape != std::string::npos &&
                   std::sscanf(header.c_str() + shape, "'shape': (%lld, %lld)", &rows, &columns) == 2;
  if (!two || rows < 1 || columns < 2) fail(path, "it is not a matrix with at least 1 row and 2 columns");
  Matrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  return matrix;
}

}  // namespace

Matrix read_npy(const std::string& path, std::int64_t most_rows) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "cannot be opened");
  Matrix matrix = empty_matrix(read_header(file, path), path);
  if (most_rows > 0) matrix.rows = std::min(matrix.rows, most_rows);
  const std::int64_t size = matrix.rows * matrix.columns;
  matrix.values = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(size));
  char* at = reinterpret_cast<char*>(matrix.values.get());
  for (std::int64_t left = size * static_cast<std::int64_t>(sizeof(float)); left > 0;) {
    const std::int64_t part = std::min(left, read_at_a_time);
    file.read(at, static_cast<std::streamsize>(part));
    if (!file) fail(path, "its values are cut off");
    at += part;
    left -= part;
  }
  return matrix;
}

}  // namespace ramet::scaling
