#include "prediction_csv.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <vector>

namespace ramet::cli {
namespace {

void append_number(std::string& text, float value) {
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  text.append(buffer.data(), result.ptr);
}

// How each class is written.
std::vector<std::string> class_fields(const Model& model) {
  std::vector<std::string> fields;
  for (const std::string& name : model.schema().classes) fields.push_back(csv_field(name));
  return fields;
}

void append_class(std::string& text, const std::vector<std::string>& fields, float value) {
  const auto index = static_cast<std::size_t>(value);
  if (index < fields.size()) {
    text += fields[index];
  } else {
    fmt::format_to(std::back_inserter(text), "{}", index);
  }
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.empty()) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string prediction_header(const Model& model, PredictType type) {
  const int width = model.width(type);
  if (type == PredictType::leaf) {
    std::string header;
    for (int tree = 0; tree < width; ++tree) header += fmt::format("{}tree_{}", tree == 0 ? "" : ",", tree);
    return header + '\n';
  }
  if (width == 1) return "prediction\n";
  const std::vector<std::string> fields = class_fields(model);
  std::string header;
  for (int output = 0; output < width; ++output) {
    const auto k = static_cast<std::size_t>(output);
    header += fmt::format("{}{}", output == 0 ? "" : ",", k < fields.size() ? fields[k] : std::to_string(k));
  }
  return header + '\n';
}

void append_predictions(std::string& text, const Model& model, PredictType type,
                        std::span<const float> values) {
  const auto width = static_cast<std::size_t>(model.width(type));
  const std::vector<std::string> fields =
      type == PredictType::label ? class_fields(model) : std::vector<std::string>{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type == PredictType::label) {
      append_class(text, fields, values[i]);
    } else {
      append_number(text, values[i]);
    }
    text += (i + 1) % width == 0 ? '\n' : ',';
  }
}

}  // namespace ramet::cli
