#include "read_file.hpp"

#include <fstream>
#include <vector>

#include "ramet/io.hpp"
#include "ramet/ramet.hpp"

const char* check_reading() {
  {
    std::ofstream file("consumer.csv");
    file << "colour,size,price\n";
    for (int i = 0; i < 200; ++i)
      file << (i % 2 == 0 ? "red" : "blue") << ',' << i << ',' << (i % 2) * 10 << '\n';
  }
  ramet::io::TableOptions options;
  options.target = "price";
  const ramet::io::Table table = ramet::io::Table::open("consumer.csv", options);
  if (table.rows() != 200 || table.features().size() != 2) return "the file's shape";
  if (table.features()[0].type != ramet::ColumnType::categorical) return "the type of a text column";
  const ramet::Dataset data = table.dataset();
  ramet::TrainParams params;
  params.num_round = 20;
  const ramet::Model model = ramet::train(params, data);
  const std::vector<float> prices = model.predict(data);
  for (int i = 0; i < 200; ++i) {
    const float error = prices[static_cast<std::size_t>(i)] - static_cast<float>((i % 2) * 10);
    if (error > 1.0f || error < -1.0f) return "prices predicted from a file";
  }
  return nullptr;
}
