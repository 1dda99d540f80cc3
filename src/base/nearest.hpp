// Names that the user may have meant: for messages about unknown parameters, objectives and metrics.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ramet {

// Whether both are the same name: case does not count, and - is the same as _.
bool same_name(std::string_view a, std::string_view b);

// The number of letters to insert, delete, replace or swap with their neighbour that turns one name into the
// other (optimal string alignment: Boytsov, "Indexing methods for approximate dictionary searching", JEA
// 2011, section 2.1), under the equalities of same_name. Takes size(a) * size(b) steps.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The known name that is closest to `name`: within a third of its letters, or with `name` (three letters or
// more) in it. Empty if there is none. The first in the list wins ties.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace ramet
