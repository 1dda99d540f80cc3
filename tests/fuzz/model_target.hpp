// The fuzz target of the model reader, in libFuzzer's form.
#pragma once

#include <cstddef>
#include <cstdint>

// Loads `size` bytes as a model, as they are and with repaired checksums; what loads is written again,
// printed as JSON and predicts a few rows. Throws if that fails in any way but by refusing the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
