// Numbers as category labels: 7 is the category "7".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ramet::model {

// The number whose label (data::number_label) this is, if it is one's.
std::optional<double> number_of_label(std::string_view label);
std::optional<std::int64_t> integer_of_label(std::string_view label);

}  // namespace ramet::model
