// Grower::build_and_search: histograms are built, added up over devices, and searched.
#include <algorithm>

#include "cuda/grower.hpp"

namespace ramet::cuda {
namespace {

// The tasks of a piece of a batch.
struct Piece {
  std::int32_t first_build = 0;
  std::int32_t builds = 0;
  std::int32_t first_search = 0;
  std::int32_t searches = 0;
};

// As many items in each piece.
template <class Item>
std::vector<Piece> cut_pieces(std::span<const Item> items, std::size_t count) {
  std::vector<Piece> pieces;
  Item before;
  for (std::size_t p = 0; p < count; ++p) {
    const Item& last = items[items.size() * (p + 1) / count - 1];
    pieces.push_back({.first_build = before.end_build,
                      .builds = last.end_build - before.end_build,
                      .first_search = before.end_search,
                      .searches = last.end_search - before.end_search});
    before = last;
  }
  return pieces;
}

}  // namespace

// While a piece is added up the next ones are built, and the last one is searched.
void Grower::build_and_search(const Batch& batch, const SearchResults& results) {
  if (batch.items.empty()) return;
  const auto most = static_cast<std::size_t>(reducer_.pieces(batch.built.size()));
  const std::vector<Piece> pieces = cut_pieces<Batch::Item>(batch.items, std::min(most, batch.items.size()));
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    builder_.build(batch.builds + pieces[p].first_build, pieces[p].builds, stream_);
    reducer_.built(static_cast<std::int32_t>(p), stream_);
  }
  const std::int32_t tasks = batch.items.back().end_search;
  const std::int32_t units = batch.levels.empty() ? tasks : static_cast<std::int32_t>(batch.levels.size());
  const SearchResults found = plan_.parts > 1 ? exchange_.own(tasks, units) : results;
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const Piece& piece = pieces[p];
    reducer_.reduce(static_cast<std::int32_t>(p), std::span(batch.built)
                                                      .subspan(static_cast<std::size_t>(piece.first_build),
                                                               static_cast<std::size_t>(piece.builds)));
    reducer_.wait(static_cast<std::int32_t>(p), stream_);
    if (p == 0) phases_.mark(Phase::search, stream_);
    if (!batch.levels.empty()) continue;
    const std::int64_t at = piece.first_search;
    search_.search_nodes(batch.searches + at, piece.searches, found.sums + at, found.candidates + at,
                         found.words + at * search_.category_words(), stream_);
  }
  if (!batch.levels.empty()) {
    const LevelTask* levels = to_device_.put(std::span<const LevelTask>(batch.levels));
    to_device_.send(stream_);
    search_.search_levels(batch.searches, tasks, levels, units, found.sums, found.candidates, found.words,
                          stream_);
  }
  if (plan_.parts > 1) exchange_.join(tasks, units, results, stream_);
}

}  // namespace ramet::cuda
