// Ramet inside a C++ program: data from arrays in memory, training that is watched and stopped early,
// predictions, and a model file. The task: does a point lie inside a ring?
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <vector>

#include "ramet/ramet.hpp"

namespace {

constexpr int columns = 3;  // x, y, and a column of noise

struct Points {
  std::vector<float> x;        // rows x columns, row by row
  std::vector<double> inside;  // 1 inside the ring, else 0
  std::int64_t rows() const { return static_cast<std::int64_t>(inside.size()); }
};

Points make_points(int rows, unsigned seed) {
  std::mt19937 random(seed);
  const auto coordinate = [&] { return static_cast<float>(random() % 2001) / 1000.0F - 1.0F; };  // -1 to 1
  Points points;
  for (int row = 0; row < rows; ++row) {
    const float x = coordinate();
    const float y = coordinate();
    points.x.insert(points.x.end(), {x, y, coordinate()});
    const float squared_radius = x * x + y * y;
    points.inside.push_back(squared_radius > 0.2F && squared_radius < 0.7F ? 1 : 0);
  }
  return points;
}

// `reference` gives a validation set the bins of the training set.
ramet::Dataset dataset(const Points& points, const ramet::Dataset* reference) {
  return ramet::Dataset::from_dense(points.x.data(), points.rows(), columns,
                                    {.labels = points.inside,
                                     .feature_names = {"x", "y", "noise"},
                                     .class_names = {"outside", "inside"},
                                     .target_name = "ring",
                                     .reference = reference});
}

ramet::Model train(const Points& train_points, const Points& valid_points) {
  const ramet::Dataset data = dataset(train_points, nullptr);
  const ramet::Dataset valid = dataset(valid_points, &data);

  ramet::TrainParams params;
  params.objective = "binary:logistic";
  params.metric = {"error", "logloss"};  // the last one decides when to stop
  params.num_round = 500;
  params.eta = 0.2;
  params.max_depth = 5;
  params.early_stopping_rounds = 10;

  ramet::TrainOptions options;
  options.valid = &valid;
  options.on_round = [](const ramet::RoundInfo& info) {
    if (info.round % 20 == 1) {
      std::printf("round %3d ", info.round);
      for (const ramet::MetricValue& m : info.metrics)
        std::printf("  %s %s %.4f", m.set.c_str(), m.metric.c_str(), m.value);
      std::printf("\n");
    }
    return true;  // false would stop here and keep the model so far
  };
  return ramet::train(params, data, options);
}

double accuracy(const std::vector<float>& probabilities, const std::vector<double>& truth) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    right += (probabilities[i] > 0.5F) == (truth[i] > 0.5) ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(truth.size());
}

int run() {
  const Points test_points = make_points(5'000, 3);
  const ramet::Model model = train(make_points(20'000, 1), make_points(5'000, 2));
  std::printf("%d rounds, of which the first %d are used\n", model.rounds(), model.best_round());

  const std::vector<float> probabilities = model.predict(test_points.x.data(), test_points.rows());
  const double right = accuracy(probabilities, test_points.inside);
  std::printf("accuracy on 5,000 new points: %.2f %%\n", 100 * right);

  model.save("ring.ramet");
  const ramet::Model loaded = ramet::Model::load("ring.ramet");
  const bool same = loaded.predict(test_points.x.data(), test_points.rows()) == probabilities;
  std::printf("ring.ramet has %ju bytes; loaded again it predicts %s\n",
              static_cast<std::uintmax_t>(std::filesystem::file_size("ring.ramet")),
              same ? "the same" : "SOMETHING ELSE");
  return same && right > 0.95 ? 0 : 1;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const ramet::Error& error) {
    std::fprintf(stderr, "embed: %s\n", error.what());
    return 1;
  }
}
