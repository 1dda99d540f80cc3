// Uses the installed library from end to end: trains in memory, predicts, saves, loads, and meets an error.
// Exit code 0 if every check holds.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "ramet/ramet.hpp"
#ifdef CONSUMER_READS_FILES
#include "read_file.hpp"
#endif

namespace {

int failures = 0;

void check(bool condition, const char* what) {
  if (condition) return;
  ++failures;
  std::fprintf(stderr, "consumer: wrong: %s\n", what);
}

// y = 1 where x0 + x1 > 0, on a grid of 32 x 32 points; x2 is constant.
struct Grid {
  std::vector<float> x;
  std::vector<double> y;
};

Grid make_grid() {
  Grid grid;
  for (int i = 0; i < 32; ++i) {
    for (int j = 0; j < 32; ++j) {
      const float a = static_cast<float>(i) - 15.5f;
      const float b = static_cast<float>(j) - 15.25f;
      grid.x.insert(grid.x.end(), {a, b, 3.0f});
      grid.y.push_back(a + b > 0 ? 1.0 : 0.0);
    }
  }
  return grid;
}

ramet::TrainParams logistic() {
  ramet::TrainParams params;
  params.objective = "binary:logistic";
  params.num_round = 50;
  params.max_depth = 5;
  return params;
}

void check_training(const Grid& grid, const ramet::Dataset& data) {
  const auto rows = static_cast<std::int64_t>(grid.y.size());
  const ramet::Model model = ramet::train(logistic(), data);
  const std::vector<float> p = model.predict(grid.x.data(), rows);
  check(p.size() == grid.y.size(), "one probability a row");
  int right = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    check(p[i] >= 0.0f && p[i] <= 1.0f, "probabilities are between 0 and 1");
    if ((p[i] > 0.5f) == (grid.y[i] > 0.5)) ++right;
  }
  check(right >= 0.97 * static_cast<double>(rows), "97 % of a separable grid");
  check(p == model.predict(data), "binned and raw rows predict alike");

  const std::filesystem::path path = "consumer.ramet";
  model.save(path);
  const ramet::Model loaded = ramet::Model::load(path);
  check(loaded.serialize() == model.serialize(), "a loaded model has the saved bytes");
  check(loaded.predict(grid.x.data(), rows) == p, "a loaded model predicts the same");
  check(loaded.rounds() == 50 && loaded.objective() == "binary:logistic", "what the model says of itself");

  ramet::TrainParams one_thread = logistic();
  one_thread.threads = 1;
  check(ramet::train(one_thread, data).serialize() == model.serialize(), "threads do not change a byte");
}

void check_error(const ramet::Dataset& data) {
  ramet::TrainParams params = logistic();
  params.eta = -1;
  try {
    ramet::train(params, data);
    check(false, "eta = -1 is refused");
  } catch (const ramet::Error& e) {
    check(e.code() == ramet::ErrorCode::invalid_parameter, "the code of the error");
    check(std::string(e.what()).find("eta") != std::string::npos, "the error names the parameter");
  }
}

}  // namespace

int main() {
  try {
    const Grid grid = make_grid();
    ramet::DatasetOptions options;
    options.labels = grid.y;
    const ramet::Dataset data =
        ramet::Dataset::from_dense(grid.x.data(), static_cast<std::int64_t>(grid.y.size()), 3, options);
    check_training(grid, data);
    check_error(data);
#ifdef CONSUMER_READS_FILES
    if (const char* wrong = check_reading()) check(false, wrong);
#endif
  } catch (const std::exception& e) {
    check(false, e.what());
  }
  if (failures == 0)
    std::printf("consumer: ramet %s works from its installed package\n", ramet::version_string);
  return failures == 0 ? 0 : 1;
}
