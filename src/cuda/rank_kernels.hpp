// The kernels of metrics of order: rows of two classes, compared by their exact scores.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace ramet::cuda {

// One device's rows, all on the device. Labels are 0 or 1.
struct RankedRows {
  const std::int64_t* scores = nullptr;
  const double* labels = nullptr;
  const double* weights = nullptr;  // null: all 1
  double weight_scale = 1;          // makes weights integers of up to 32 bits
  std::int64_t rows = 0;
};

// What one pass over the rows finds, all zero before. Scores are biased: unsigned numbers in the same order.
struct RankSummary {
  std::uint64_t highest = 0;
  std::uint64_t lowest_inverse = 0;       // ~ of the lowest score
  std::uint64_t weight[2] = {0, 0};       // of each class
  std::uint64_t rows[2] = {0, 0};         // of each class
  std::uint64_t limbs[4] = {0, 0, 0, 0};  // what count_pairs adds up
  std::uint64_t written = 0;              // by collect_class
};
void summarise(const RankedRows& rows, RankSummary* summary, std::int64_t blocks, cudaStream_t stream);

// How far a score is from one end of the range of scores.
struct RankKey {
  std::uint64_t origin = 0;  // the lowest biased score, or, descending, the highest
  bool descending = false;
};

// The scores of the rows of one class, in any order, and their weights (null: all 1). summary->written must
// be 0.
void collect_class(const RankedRows& rows, int label, const RankKey& key, std::uint64_t* keys,
                   std::uint32_t* weights, RankSummary* summary, cudaStream_t stream);

// A class in order of its keys. sums[i] is the weight of the first i rows; null: i.
struct SortedClass {
  const std::uint64_t* keys = nullptr;
  const std::uint64_t* sums = nullptr;
  std::int64_t rows = 0;
};

// Two arrays to sort to and fro between, with room for `rows` weights and rows + 1 keys each.
struct SortBuffers {
  std::uint64_t* keys[2] = {nullptr, nullptr};
  std::uint32_t* weights[2] = {nullptr, nullptr};  // null: all 1
  void* temporary = nullptr;
  std::size_t temporary_bytes = 0;
};
std::size_t sort_temporary_bytes(std::int64_t rows, bool weighted);
// Sorts what lies in keys[0] and weights[0], by the lowest `bits` of the keys. The result lies in the
// buffers.
SortedClass sort_class(const SortBuffers& buffers, std::int64_t rows, int bits, cudaStream_t stream);

// For each positive row, its weight times the sum of the weights of the negative ones below it, twice, and at
// its score, once; all added up as a 128-bit number in four limbs of 32 bits (which reach beyond). Ascending.
void count_pairs(const SortedClass& positives, const SortedClass& negatives, RankSummary* summary,
                 std::int64_t blocks, cudaStream_t stream);

// terms[i], for each positive row: AucPr::term of its score at the first row that has it, else 0. Descending.
void precision_terms(const SortedClass& positives, const SortedClass& negatives, double* terms,
                     cudaStream_t stream);

}  // namespace ramet::cuda
