// Random parameters and histograms for tests of the search.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

#include "cuda/search_case.hpp"

namespace ramet::cuda::test {

template <class T>
T one_of(std::mt19937& random, std::initializer_list<T> values) {
  return values.begin()[random() % values.size()];
}

// Every parameter of the search, in some of its values.
SearchSettings random_settings(std::mt19937& random);

// A tree of one node.
CaseSpec random_case(std::mt19937& random);

// Whether these settings and columns need rows counted by a third plane.
bool need_counts(const CaseSpec& spec, const SearchSettings& settings);

// Of a node of a tree with so many columns.
SearchedTask random_task(std::mt19937& random, std::int32_t tree, std::int32_t node, std::int32_t columns);

}  // namespace ramet::cuda::test
