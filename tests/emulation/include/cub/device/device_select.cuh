// cub::DeviceSelect: the selected items, in their order.
#pragma once

#include <cstddef>
#include <vector>

#include "emulation/library.hpp"

namespace cub {

struct DeviceSelect {
  template <class In, class Flags, class Out, class Selected>
  static cudaError_t Flagged(void* temporary, std::size_t& bytes, In in, Flags flags, Out out,
                             Selected selected, std::int64_t count, cudaStream_t stream = nullptr) {
    constexpr const char* name = "cub::DeviceSelect::Flagged";
    const auto items = static_cast<std::size_t>(count);
    return emulation::two_phases(name, temporary, bytes, emulation::tile_storage(items), stream, [=] {
      emulation::check_items(name, "flags", flags, items);
      select(name, in, out, selected, items, [&](std::size_t i) { return static_cast<bool>(flags[i]); });
    });
  }
  template <class InOut, class Flags, class Selected>
  static cudaError_t Flagged(void* temporary, std::size_t& bytes, InOut data, Flags flags, Selected selected,
                             std::int64_t count, cudaStream_t stream = nullptr) {
    return Flagged(temporary, bytes, data, flags, data, selected, count, stream);
  }
  template <class In, class Out, class Selected, class Predicate>
  static cudaError_t If(void* temporary, std::size_t& bytes, In in, Out out, Selected selected,
                        std::int64_t count, Predicate predicate, cudaStream_t stream = nullptr) {
    constexpr const char* name = "cub::DeviceSelect::If";
    const auto items = static_cast<std::size_t>(count);
    return emulation::two_phases(name, temporary, bytes, emulation::tile_storage(items), stream, [=] {
      select(name, in, out, selected, items,
             [&](std::size_t i) { return static_cast<bool>(predicate(in[i])); });
    });
  }
  template <class InOut, class Selected, class Predicate>
  static cudaError_t If(void* temporary, std::size_t& bytes, InOut data, Selected selected,
                        std::int64_t count, Predicate predicate, cudaStream_t stream = nullptr) {
    return If(temporary, bytes, data, data, selected, count, predicate, stream);
  }

 private:
  template <class In, class Out, class Selected, class Chosen>
  static void select(const char* name, In in, Out out, Selected selected, std::size_t items,
                     const Chosen& chosen) {
    emulation::check_items(name, "input", in, items);
    emulation::check_items(name, "number selected", selected, 1);
    std::vector<emulation::ValueOf<In>> kept;
    for (std::size_t i = 0; i < items; ++i) {
      if (chosen(i)) {
        kept.push_back(in[i]);
      }
    }
    emulation::check_items(name, "output", out, kept.size());
    if constexpr (std::is_pointer_v<In> && std::is_pointer_v<Out>) {
      if (static_cast<const void*>(in) != static_cast<const void*>(out)) {
        emulation::check_disjoint(name, in, items * sizeof(*in), out, kept.size() * sizeof(*out));
      }
    }
    for (std::size_t i = 0; i < kept.size(); ++i) {
      out[i] = static_cast<emulation::ValueOf<Out>>(kept[i]);
    }
    selected[0] = static_cast<emulation::ValueOf<Selected>>(kept.size());
  }
};

}  // namespace cub
