// thrust::transform_iterator: a function of what another iterator gives.
#pragma once

#include <type_traits>
#include <utility>

namespace thrust {

template <class Function, class Iterator>
class transform_iterator {
 public:
  transform_iterator(Iterator from, Function function) : from_(from), function_(function) {}
  template <class Index>
  auto operator[](Index i) const {
    return function_(from_[i]);
  }
  auto operator*() const { return function_(*from_); }
  template <class Index>
  transform_iterator operator+(Index i) const {
    return {from_ + i, function_};
  }

 private:
  Iterator from_;
  Function function_;
};

template <class Function, class Iterator>
transform_iterator<Function, Iterator> make_transform_iterator(Iterator from, Function function) {
  return {from, function};
}

}  // namespace thrust
