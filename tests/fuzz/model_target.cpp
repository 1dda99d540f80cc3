// With clang this file and tests/model/damaged_file.hpp are all that libFuzzer needs:
//   clang++ -fsanitize=fuzzer,address,undefined -std=c++20 -Iinclude -Isrc -Itests
//   tests/fuzz/model_target.cpp <libramet>
// model_fuzz_test.cpp drives it without libFuzzer.
#include "fuzz/model_target.hpp"

#include <span>
#include <stdexcept>
#include <vector>

#include "model/damaged_file.hpp"
#include "ramet/error.hpp"
#include "ramet/model.hpp"

namespace {

constexpr std::int64_t rows = 18;
constexpr std::size_t most_values = std::size_t{1} << 20;

// Some values of every kind, in all columns.
std::vector<float> sample_rows(std::size_t columns) {
  static constexpr float values[] = {0.0f, -1.5f, 1e30f, -1e-30f, __builtin_nanf(""), __builtin_inff()};
  std::vector<float> x(static_cast<std::size_t>(rows) * columns);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = values[(i + i / columns) % std::size(values)];
  return x;
}

void use(const ramet::Model& model) {
  const std::vector<std::byte> written = model.serialize();
  if (ramet::Model::deserialize(written).serialize() != written)
    throw std::logic_error("another file comes back");
  if (model.to_json().empty()) throw std::logic_error("no JSON");
  const std::size_t columns = model.schema().features.size();
  if (columns * rows > most_values || static_cast<std::size_t>(model.outputs()) * rows > most_values) return;
  const std::vector<float> x = sample_rows(columns);
  using ramet::PredictType;
  for (const PredictType type : {PredictType::probability, PredictType::raw, PredictType::leaf}) {
    const auto all = model.predict(x.data(), rows, {.type = type, .threads = 1});
    const auto one = model.predict(x.data(), 1, {.type = type, .threads = 1});
    const auto width = static_cast<std::size_t>(model.width(type));
    if (all.size() != width * rows || one.size() != width)
      throw std::logic_error("a prediction of another size");
  }
}

void load_and_use(std::span<const std::byte> bytes) {
  try {
    use(ramet::Model::deserialize(bytes));
  } catch (const ramet::Error& error) {
    if (error.code() != ramet::ErrorCode::bad_model) throw;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* begin = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(begin, begin + size);
  load_and_use(bytes);
  ramet::model::testing::repair_checksums(bytes);
  load_and_use(bytes);
  return 0;
}
