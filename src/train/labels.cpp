#include "train/labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "comm/agree.hpp"

namespace ramet::training {
namespace {

using objective::LabelRange;

bool allowed(double label, LabelRange range, double classes) {
  switch (range) {
    case LabelRange::any:
      return std::isfinite(label);
    case LabelRange::non_negative:
      return std::isfinite(label) && label >= 0;
    case LabelRange::zero_one:
      return label >= 0 && label <= 1;
    case LabelRange::class_index:
      return label >= 0 && label < classes && label == std::floor(label);
  }
  return false;
}

std::string must_be(LabelRange range, int classes) {
  switch (range) {
    case LabelRange::any:
      return "a finite number";
    case LabelRange::non_negative:
      return "a finite number that is not negative";
    case LabelRange::zero_one:
      return "between 0 and 1";
    case LabelRange::class_index:
      break;
  }
  return classes > 0 ? fmt::format("a whole number from 0 to {} (num_class - 1)", classes - 1)
                     : std::string("a class index: a whole number that is not negative");
}

}  // namespace

void check_labels(const data::DatasetData& data, LabelRange range, int classes, std::string_view set) {
  if (data.labels.empty() && data.rows > 0) fail(ErrorCode::invalid_data, "set `{}`: has no labels", set);
  const double below = classes > 0 ? classes : std::numeric_limits<double>::infinity();
  const auto bad = std::find_if(data.labels.begin(), data.labels.end(),
                                [&](double label) { return !allowed(label, range, below); });
  if (bad == data.labels.end()) return;
  fail(ErrorCode::invalid_data, "set `{}`, row {}: label = {}: must be {}", set,
       data.first_global_row + (bad - data.labels.begin()), *bad, must_be(range, classes));
}

int count_classes(const data::DatasetData& data) {
  if (!data.schema->classes.empty()) return std::max(2, static_cast<int>(data.schema->classes.size()));
  double largest = 1;
  for (const double label : data.labels) largest = std::max(largest, label);
  // Larger labels than this are refused anyway, but must survive the conversion.
  const auto capped = static_cast<std::int64_t>(std::min(largest, 1e15));
  const std::int64_t classes = 1 + comm::max(*data.communicator, capped);
  if (classes > most_classes) {
    fail(ErrorCode::invalid_data, "largest label = {}: class indices must be below {}", classes - 1,
         most_classes);
  }
  return static_cast<int>(classes);
}

}  // namespace ramet::training
