// thrust::counting_iterator: 0, 1, 2, ... from a given start.
#pragma once

#include <cstddef>

namespace thrust {

template <class T>
class counting_iterator {
 public:
  using value_type = T;
  explicit counting_iterator(T first) : first_(first) {}
  template <class Index>
  T operator[](Index i) const {
    return static_cast<T>(first_ + static_cast<T>(i));
  }
  T operator*() const { return first_; }
  template <class Index>
  counting_iterator operator+(Index i) const {
    return counting_iterator((*this)[i]);
  }

 private:
  T first_;
};

template <class T>
counting_iterator<T> make_counting_iterator(T first) {
  return counting_iterator<T>(first);
}

}  // namespace thrust
