#include "model/rows_input.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"

namespace ramet::model {
namespace {

std::int64_t size_of(const Column& column) {
  return std::visit([](const auto& values) { return static_cast<std::int64_t>(values.size()); },
                    column.values);
}

// Codes of a column's own dictionary as codes of the plan; labels the model does not know are missing.
std::vector<std::uint32_t> map_labels(const PlanColumn& column, const std::vector<std::string>& labels) {
  std::vector<std::uint32_t> codes;
  codes.reserve(labels.size());
  for (const std::string& label : labels) {
    const auto found = label.empty() ? column.code_of_label.end() : column.code_of_label.find(label);
    codes.push_back(found == column.code_of_label.end() ? 0 : found->second);
  }
  return codes;
}

std::string_view kind_of_values(const Column& column) {
  static constexpr std::string_view names[] = {"floats",   "doubles",          "integers",
                                               "booleans", "dictionary codes", "strings"};
  return names[column.values.index()];
}

// Numbers and booleans stand for each other (a boolean is 0 or 1), and both may be category labels.
void check_type(const Column& column, const FeatureInfo& feature) {
  const bool labels = std::holds_alternative<std::span<const std::int32_t>>(column.values) ||
                      std::holds_alternative<std::span<const std::string>>(column.values);
  if (labels && feature.type != ColumnType::categorical) {
    fail(ErrorCode::invalid_data, "column `{}` holds {}, but the model was trained on numbers", feature.name,
         kind_of_values(column));
  }
}

ColumnInput typed_input(const PlanColumn& plan_column, const Column& column) {
  return std::visit(
      [&](const auto& values) -> ColumnInput {
        using T = std::remove_cvref_t<decltype(values[0])>;
        if constexpr (std::is_same_v<T, std::string>) {
          return LabelStrings{values};
        } else if constexpr (std::is_same_v<T, std::int32_t>) {
          return DictionaryCodes{.codes = values, .plan_code = map_labels(plan_column, column.dictionary)};
        } else {
          return data::Strided<T>{values.data(), 1};
        }
      },
      column.values);
}

// Numbers as the values that cuts compare with.
template <class T, class Code>
void encode_numbers(const PlanColumn& column, const data::Strided<T>& values, std::int64_t first,
                    std::int64_t rows, Code* codes) {
  using Value = std::conditional_t<std::is_same_v<T, float>, float, double>;
  constexpr std::int64_t piece = 256;
  Value gathered[piece];
  for (std::int64_t begin = 0; begin < rows; begin += piece) {
    const std::int64_t count = std::min(piece, rows - begin);
    for (std::int64_t i = 0; i < count; ++i) gathered[i] = static_cast<Value>(values[first + begin + i]);
    column.lookup.codes(gathered, count, codes + begin);
  }
}

template <class T, class Code>
void encode_number_labels(const PlanColumn& column, const data::Strided<T>& values, std::int64_t first,
                          std::int64_t rows, Code* codes) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const T value = values[first + i];
    std::uint32_t code = 0;
    if constexpr (std::is_integral_v<T>) {
      const auto found = column.code_of_integer.find(value);
      if (found != column.code_of_integer.end()) code = found->second;
    } else if (value == value) {
      const auto found = column.code_of_number.find(static_cast<double>(value));
      if (found != column.code_of_number.end()) code = found->second;
    }
    codes[i] = static_cast<Code>(code);
  }
}

std::uint32_t code_of_boolean(const PlanColumn& column, std::int64_t value) {
  if (column.type != ColumnType::categorical) return column.lookup.code(static_cast<double>(value));
  const auto found = column.code_of_integer.find(value);
  return found == column.code_of_integer.end() ? 0 : found->second;
}

template <class Code>
void encode_booleans(const PlanColumn& column, const FeatureInfo& feature,
                     const data::Strided<std::uint8_t>& values, std::int64_t first, std::int64_t rows,
                     Code* codes) {
  const Code of_value[2] = {static_cast<Code>(code_of_boolean(column, 0)),
                            static_cast<Code>(code_of_boolean(column, 1))};
  constexpr std::uint8_t missing = 255;
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::uint8_t value = values[first + i];
    if (value > 1 && value != missing) {
      fail(ErrorCode::invalid_data, "column `{}`, row {}: {} is no boolean (0, 1, or 255 for missing)",
           feature.name, first + i, value);
    }
    codes[i] = value == missing ? Code{0} : of_value[value];
  }
}

template <class Code>
void encode_dictionary(const FeatureInfo& feature, const DictionaryCodes& input, std::int64_t first,
                       std::int64_t rows, Code* codes) {
  const auto size = static_cast<std::int64_t>(input.plan_code.size());
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int32_t code = input.codes[static_cast<std::size_t>(first + i)];
    if (code < -1 || code >= size) {
      fail(ErrorCode::invalid_data, "column `{}`, row {}: code {} of a dictionary of {} entries",
           feature.name, first + i, code, size);
    }
    codes[i] = code < 0 ? Code{0} : static_cast<Code>(input.plan_code[static_cast<std::size_t>(code)]);
  }
}

template <class Code>
void encode_labels(const PlanColumn& column, const LabelStrings& input, std::int64_t first, std::int64_t rows,
                   Code* codes) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::string& label = input.labels[static_cast<std::size_t>(first + i)];
    const auto found = label.empty() ? column.code_of_label.end() : column.code_of_label.find(label);
    codes[i] = found == column.code_of_label.end() ? Code{0} : static_cast<Code>(found->second);
  }
}

template <class Stored, class Code>
void translate(const Stored* from, std::int64_t rows, const std::vector<std::uint32_t>& plan_code,
               Code* codes) {
  const std::uint32_t* table = plan_code.data();
  for (std::int64_t i = 0; i < rows; ++i) codes[i] = static_cast<Code>(table[from[i]]);
}

template <class Code>
void encode_binned(const BinnedCodes& input, std::int64_t first, std::int64_t rows, Code* codes) {
  if (input.stored < 0) {
    std::fill_n(codes, rows, static_cast<Code>(input.plan_code[0]));
    return;
  }
  const data::StoredColumn& stored = input.data->layout.columns[static_cast<std::size_t>(input.stored)];
  const auto& pages = input.data->pages;
  std::vector<data::Page>::const_iterator page =
      std::upper_bound(pages.begin(), pages.end(), first,
                       [](std::int64_t row, const data::Page& p) { return row < p.first_row; }) -
      1;
  for (std::int64_t done = 0; done < rows; ++page) {
    const std::int64_t begin = first + done - page->first_row;
    const std::int64_t count = std::min(rows - done, page->rows - begin);
    if (stored.width == 1) {
      translate(page->column<std::uint8_t>(stored) + begin, count, input.plan_code, codes + done);
    } else {
      translate(page->column<std::uint16_t>(stored) + begin, count, input.plan_code, codes + done);
    }
    done += count;
  }
}

// Plan codes of a numeric feature's bins: entry c is that of every value whose data set code is c.
std::vector<std::uint32_t> map_bins(const PlanColumn& column, const FeatureInfo& feature,
                                    const data::FeatureBins& bins) {
  for (const double cut : column.cuts) {
    // No value is above infinity, so that it needs no edge.
    if (cut == std::numeric_limits<double>::infinity()) continue;
    if (std::binary_search(bins.cuts.begin(), bins.cuts.end(), cut)) continue;
    fail(ErrorCode::invalid_data,
         "feature `{}`: the model splits at {}, which is no bin edge of this data set; build it with the "
         "training data as reference, or predict from raw values",
         feature.name, cut);
  }
  std::vector<std::uint32_t> codes = {0, 1};
  for (const double lower : bins.cuts) {
    const auto passed = std::upper_bound(column.cuts.begin(), column.cuts.end(), lower) - column.cuts.begin();
    codes.push_back(static_cast<std::uint32_t>(passed) + 1);
  }
  return codes;
}

}  // namespace

template <class T>
RowsInput dense_input(const Plan& plan, const Schema& schema, const T* x, std::int64_t rows,
                      std::int64_t row_stride, std::int64_t col_stride) {
  if (rows < 0) fail(ErrorCode::invalid_data, "rows = {}: must be at least 0", rows);
  if (x == nullptr && rows > 0 && !schema.features.empty()) {
    fail(ErrorCode::invalid_data, "no values were given for {} rows", rows);
  }
  RowsInput input{.rows = rows, .columns = {}};
  const std::int64_t stride =
      row_stride == 0 ? static_cast<std::int64_t>(schema.features.size()) : row_stride;
  for (const PlanColumn& column : plan.columns) {
    const T* base = rows > 0 ? x + column.feature * col_stride : nullptr;
    input.columns.emplace_back(data::Strided<T>{base, stride});
  }
  return input;
}

template RowsInput dense_input(const Plan&, const Schema&, const float*, std::int64_t, std::int64_t,
                               std::int64_t);
template RowsInput dense_input(const Plan&, const Schema&, const double*, std::int64_t, std::int64_t,
                               std::int64_t);

RowsInput column_input(const Plan& plan, const Schema& schema, std::span<const Column> columns) {
  RowsInput input{.rows = columns.empty() ? 0 : size_of(columns[0]), .columns = {}};
  std::unordered_map<std::string, const Column*> by_name;
  std::string_view twice;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto [at, is_new] =
        by_name.emplace(columns[c].name.empty() ? fmt::format("f{}", c) : columns[c].name, &columns[c]);
    if (!is_new) twice = at->first;
  }
  for (std::size_t f = 0; f < schema.features.size(); ++f) {
    const FeatureInfo& feature = schema.features[f];
    const auto found = by_name.find(feature.name);
    if (found == by_name.end()) {
      fail(ErrorCode::invalid_data, "column `{}` is missing: the model was trained on it", feature.name);
    }
    if (feature.name == twice) fail(ErrorCode::invalid_data, "column `{}` occurs twice", feature.name);
    const Column& column = *found->second;
    check_type(column, feature);
    if (f == 0) input.rows = size_of(column);
    if (size_of(column) != input.rows) {
      fail(ErrorCode::invalid_data, "column `{}` has {} rows, `{}` has {}", feature.name, size_of(column),
           schema.features[0].name, input.rows);
    }
    const std::int32_t used = plan.column_of_feature[f];
    if (used >= 0) input.columns.push_back(typed_input(plan.columns[static_cast<std::size_t>(used)], column));
  }
  return input;
}

RowsInput dataset_input(const Plan& plan, const Schema& schema, const data::DatasetData& data) {
  const std::vector<FeatureInfo>& given = data.schema->features;
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t f = 0; f < given.size(); ++f) by_name.emplace(given[f].name, f);
  RowsInput input{.rows = data.rows, .columns = {}};
  for (std::size_t f = 0; f < schema.features.size(); ++f) {
    const FeatureInfo& feature = schema.features[f];
    const auto found = by_name.find(feature.name);
    if (found == by_name.end()) {
      fail(ErrorCode::invalid_data, "the data set has no feature `{}`: the model was trained on it",
           feature.name);
    }
    const std::size_t g = found->second;
    const bool categorical = feature.type == ColumnType::categorical;
    if (categorical != (given[g].type == ColumnType::categorical)) {
      fail(ErrorCode::invalid_data, "feature `{}`: {} in the model, {} in the data set", feature.name,
           categorical ? "categorical" : "numeric", categorical ? "numeric" : "categorical");
    }
    if (plan.column_of_feature[f] < 0) continue;
    const PlanColumn& column = plan.columns[static_cast<std::size_t>(plan.column_of_feature[f])];
    BinnedCodes codes{.data = &data, .stored = data.layout.column_of_feature[g], .plan_code = {}};
    if (categorical) {
      codes.plan_code = map_labels(column, given[g].categories);
      codes.plan_code.insert(codes.plan_code.begin(), 0);
    } else {
      codes.plan_code = map_bins(column, feature, data.bins->features[g]);
    }
    // Not stored: constant where the bins come from, and no one knows here. With no bin at all it is missing.
    if (codes.stored < 0 && codes.plan_code.size() > 1) {
      fail(ErrorCode::invalid_data,
           "feature `{}`: the model splits on it, but this data set was binned where it is constant, and "
           "does not "
           "hold it; build it with the training data as reference, or predict from raw values",
           feature.name);
    }
    input.columns.emplace_back(std::move(codes));
  }
  return input;
}

template <class Code>
void encode_rows(const PlanColumn& column, const FeatureInfo& feature, const ColumnInput& input,
                 std::int64_t first, std::int64_t rows, Code* codes) {
  std::visit(
      [&](const auto& values) {
        using Input = std::remove_cvref_t<decltype(values)>;
        if constexpr (std::is_same_v<Input, DictionaryCodes>) {
          encode_dictionary(feature, values, first, rows, codes);
        } else if constexpr (std::is_same_v<Input, LabelStrings>) {
          encode_labels(column, values, first, rows, codes);
        } else if constexpr (std::is_same_v<Input, BinnedCodes>) {
          encode_binned(values, first, rows, codes);
        } else if constexpr (std::is_same_v<Input, data::Strided<std::uint8_t>>) {
          encode_booleans(column, feature, values, first, rows, codes);
        } else if (column.type == ColumnType::categorical) {
          encode_number_labels(column, values, first, rows, codes);
        } else {
          encode_numbers(column, values, first, rows, codes);
        }
      },
      input);
}

template void encode_rows(const PlanColumn&, const FeatureInfo&, const ColumnInput&, std::int64_t,
                          std::int64_t, std::uint8_t*);
template void encode_rows(const PlanColumn&, const FeatureInfo&, const ColumnInput&, std::int64_t,
                          std::int64_t, std::uint16_t*);
template void encode_rows(const PlanColumn&, const FeatureInfo&, const ColumnInput&, std::int64_t,
                          std::int64_t, std::uint32_t*);

}  // namespace ramet::model
