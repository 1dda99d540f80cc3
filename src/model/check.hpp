// Whether an ensemble makes sense: the checks that every model passes before it is used or written.
#pragma once

#include <cstdint>

#include "model/ensemble.hpp"

namespace ramet::model {

// Leaves are int32 multiples of 2^shift units.
inline constexpr std::int32_t max_shift = 62;
// 2^unit_exponent and its inverse are normal doubles.
inline constexpr std::int32_t max_unit_exponent = 1000;

// The largest |leaf| of a tree in units; 2^62 if that or more.
std::int64_t largest_leaf(const Tree& tree);

// Arrays of equal length; children after their parent, every node but the root a child exactly once; features
// and category sets in the schema's range, no words shared by two sets; cuts not NaN; gains and covers
// finite; output and shift in range. Reads the schema and the number of outputs of `ensemble`. Throws
// Error{bad_model} that names the node.
void check_tree(const Tree& tree, const Ensemble& ensemble);

// Everything but the trees' inside: names and dictionaries unique, outputs, scales, counts and rounds agree,
// and no sum of leaves can reach 2^62 units. Throws Error{bad_model}.
void check_ensemble(const Ensemble& ensemble);

// Every tree, then the ensemble. Throws Error{bad_model}.
void check_all(const Ensemble& ensemble);

}  // namespace ramet::model
