// Matrices in device memory, in every form that one can have, and data sets compared byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cuda/ingest_limits.hpp"
#include "cuda/memory.hpp"
#include "data/naive.hpp"
#include "ramet/dataset.hpp"
#include "ramet/device_data.hpp"

namespace ramet::cuda::test {

using ramet::test::Matrix;

enum class Form : std::uint8_t { rows, columns, spread };  // spread: with strides between all values
inline constexpr Form all_forms[] = {Form::rows, Form::columns, Form::spread};

// T: float or double. The matrix points into `memory`, or into `host`.
struct Upload {
  DeviceArray<std::byte> memory;
  std::vector<std::byte> host;
  DeviceMatrix matrix;
};
template <class T>
Upload upload(const Matrix& x, Form form, bool on_host = false);

// Small enough that everything is done in several pieces.
inline constexpr IngestLimits tiny_limits{.device_bytes = 40'000, .pinned_bytes = 20'000};

Dataset bin_on_device(const DeviceMatrix& matrix, const DatasetOptions& options = {},
                      std::optional<IngestLimits> limits = std::nullopt);
Dataset bin_on_host(const Matrix& x, const DatasetOptions& options = {});

// Bins, schema, layout, pages but for their padding, fingerprint, and what comes with the rows.
void expect_same_bytes(const Dataset& expected, const Dataset& found);

// The matrix as floats and doubles, in all forms, from both kinds of memory, against bin_on_host.
void expect_as_on_host(const Matrix& x, const DatasetOptions& options,
                       std::optional<IngestLimits> limits = std::nullopt);

}  // namespace ramet::cuda::test
