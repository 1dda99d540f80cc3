// An ensemble as the FlatBuffers sections of a model file, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "model/ensemble.hpp"
#include "model/section_table.hpp"

namespace ramet::model {

// A section is closed before it would grow past this; one tree or dictionary that is larger stands alone.
inline constexpr std::uint64_t default_section_limit = std::uint64_t{1} << 28;

// No tree or dictionary may be larger than this (a FlatBuffers buffer ends at 2^31 bytes).
inline constexpr std::uint64_t largest_item = 1'000'000'000;

// Calls `write` with every section in the order of the file; the bytes are valid during the call. They are a
// function of the ensemble and the limit alone. Throws Error{unsupported} if one tree or one feature's
// dictionary is larger than `largest_item`.
void encode_sections(const Ensemble& ensemble, std::uint64_t section_limit,
                     const std::function<void(SectionKind, std::span<const std::byte>)>& write);

}  // namespace ramet::model
