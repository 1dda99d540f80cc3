// Where rows come from: a stream of typed column batches that can be read more than once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ramet/dataset.hpp"

namespace ramet::data {

// `count` values, element i at base + i * stride (stride in elements, >= 1). Without values (see
// RemoteNumbers): a null base and stride 0.
template <class T>
struct Strided {
  const T* base = nullptr;
  std::int64_t stride = 1;

  const T& operator[](std::int64_t i) const { return base[i * stride]; }
};

// One feature's values in a batch. Integers of categorical columns are codes into the source's dictionary of
// that column (-1 missing); bytes are booleans (0, 1; 255 missing).
using ColumnChunk = std::variant<Strided<float>, Strided<double>, Strided<std::int64_t>,
                                 Strided<std::int32_t>, Strided<std::uint8_t>>;

struct CsrChunk {
  std::span<const std::int64_t> row_offsets;  // batch rows + 1, not from 0
  const std::int32_t* columns = nullptr;      // whole arrays, indexed by row_offsets
  const float* values = nullptr;
  bool absent_is_missing = false;
};

// Consecutive rows. Either `columns` (one per source column) or `csr` is set. Empty spans = not given.
struct Batch {
  std::int64_t rows = 0;
  std::vector<ColumnChunk> columns;
  std::optional<CsrChunk> csr;
  std::span<const double> labels;
  std::span<const double> weights;
  std::span<const double> base_margins;  // rows x outputs
  std::span<const std::int64_t> groups;
};

struct SourceColumn {
  std::string name;
  ColumnType type = ColumnType::numeric;
  std::vector<std::string> dictionary;  // categorical: local code -> category, in any order
};

class RemoteNumbers;

// Memory passed to `visit` is valid during the call only.
class Source {
 public:
  virtual ~Source() = default;

  // Complete before the first scan.
  virtual std::span<const SourceColumn> columns() const = 0;
  // Whether columns meet a reference's features by name, in any order; otherwise by position.
  virtual bool named() const { return true; }
  // Name of the target and, if its labels are class indices, the class names.
  virtual std::string target() const { return {}; }
  virtual std::vector<std::string> classes() const { return {}; }
  // Rows of this rank, and base margins per row (0 = none).
  virtual std::int64_t rows() const = 0;
  virtual int margin_outputs() const { return 0; }
  // Whether a scan costs next to nothing.
  virtual bool in_memory() const { return false; }
  // Null, or what samples and bins the numeric columns in place of scans (data/remote_numbers.hpp). Then
  // in_memory() is true.
  virtual RemoteNumbers* remote() { return nullptr; }

  // Visits all rows in order, in batches of any size; the same values each time. May be called again. Two
  // scans make a data set; more are needed only where most rows have weight 0, or where bin_sample x columns
  // exceeds 2^28.
  virtual void scan(const std::function<void(const Batch&)>& visit) = 0;
};

}  // namespace ramet::data
