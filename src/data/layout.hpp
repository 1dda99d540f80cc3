// Which features are stored, in what order and width.
#pragma once

#include <cstdint>
#include <vector>

#include "data/bins.hpp"
#include "data/page.hpp"

namespace ramet::data {

// One-byte columns first, each kind in the schema's order. `stored`: one flag per feature. Missing flags are
// false, cells not yet numbered.
Layout make_layout(const Bins& bins, const std::vector<bool>& stored);

// Sets the missing flags (one per stored column) and numbers the cells. Throws Error{invalid_data} if a
// node's histogram would have 2^31 cells.
void number_cells(Layout& layout, const std::vector<bool>& has_missing);

// Rows of a page where the caller does not say: at most 2^22, and such that a page's copy is below 2 GB.
std::int64_t default_page_rows(const Layout& layout);

}  // namespace ramet::data
