#include "model/encode.hpp"

#include <string>
#include <vector>

#include "base/error.hpp"
#include "model/model_generated.h"

namespace ramet::model {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Write = std::function<void(SectionKind, std::span<const std::byte>)>;

// FlatBuffers' own bytes around a string, and around a tree or feature; generous.
constexpr std::uint64_t string_overhead = 16;
constexpr std::uint64_t item_overhead = 256;

std::uint64_t estimated_bytes(const std::vector<std::string>& strings) {
  std::uint64_t bytes = 0;
  for (const std::string& s : strings) bytes += s.size() + string_overhead;
  return bytes;
}

std::uint64_t estimated_bytes(const FeatureInfo& feature) {
  return item_overhead + feature.name.size() + estimated_bytes(feature.categories);
}

std::uint64_t estimated_bytes(const Tree& tree) {
  constexpr std::uint64_t node_bytes = 5 * 4 + 4 * 8 + 1;
  return item_overhead + tree.left.size() * node_bytes + tree.category_words.size() * 4;
}

// Hands over a finished buffer, padded with zeros, and makes the builder ready for the next section.
template <class Root>
void finish(FlatBufferBuilder& builder, Offset<Root> root, SectionKind kind, const Write& write) {
  builder.Finish(root);
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  std::vector<std::byte> bytes(begin, begin + builder.GetSize());
  builder.Clear();
  bytes.resize((bytes.size() + section_alignment - 1) / section_alignment * section_alignment);
  write(kind, bytes);
}

void encode_head(const Ensemble& ensemble, const Write& write) {
  FlatBufferBuilder builder;
  std::vector<Offset<fbs::Parameter>> parameters;
  for (const auto& [name, value] : ensemble.parameters) {
    const auto name_at = builder.CreateString(name);
    parameters.push_back(fbs::CreateParameter(builder, name_at, builder.CreateString(value)));
  }
  std::vector<fbs::OutputScale> outputs;
  for (const OutputScale& scale : ensemble.outputs) outputs.emplace_back(scale.base, scale.unit_exponent);
  const auto objective = builder.CreateString(ensemble.objective);
  const auto target = builder.CreateString(ensemble.schema.target);
  const auto classes = builder.CreateVectorOfStrings(ensemble.schema.classes);
  const auto outputs_at = builder.CreateVectorOfStructs(outputs);
  const auto parameters_at = builder.CreateVector(parameters);
  const auto library_version = builder.CreateString(ensemble.library_version);
  finish(builder,
         fbs::CreateHead(builder, objective, target, classes, outputs_at, ensemble.trees_per_round,
                         ensemble.best_round, parameters_at, ensemble.data_fingerprint, ensemble.data_rows,
                         ensemble.contract_version, library_version, ensemble.schema.features.size(),
                         ensemble.trees.size()),
         SectionKind::head, write);
}

Offset<fbs::Feature> encode_item(FlatBufferBuilder& builder, const FeatureInfo& feature) {
  const auto name = builder.CreateString(feature.name);
  const auto categories = builder.CreateVectorOfStrings(feature.categories);
  return fbs::CreateFeature(builder, name, static_cast<std::uint8_t>(feature.type), categories);
}

Offset<fbs::Tree> encode_item(FlatBufferBuilder& builder, const Tree& tree) {
  const auto left = builder.CreateVector(tree.left);
  const auto right = builder.CreateVector(tree.right);
  const auto feature = builder.CreateVector(tree.feature);
  const auto cut = builder.CreateVector(tree.cut);
  const auto missing_left = builder.CreateVector(tree.missing_left);
  const auto category_set = builder.CreateVector(tree.category_set);
  const auto leaf_value = builder.CreateVector(tree.leaf_value);
  const auto gain = builder.CreateVector(tree.gain);
  const auto cover = builder.CreateVector(tree.cover);
  const auto rows = builder.CreateVector(tree.rows);
  const auto category_words = builder.CreateVector(tree.category_words);
  return fbs::CreateTree(builder, tree.output, tree.shift, left, right, feature, cut, missing_left,
                         category_set, leaf_value, gain, cover, rows, category_words);
}

Offset<fbs::FeatureBlock> encode_block(FlatBufferBuilder& builder,
                                       const std::vector<Offset<fbs::Feature>>& items) {
  return fbs::CreateFeatureBlock(builder, builder.CreateVector(items));
}

Offset<fbs::TreeBlock> encode_block(FlatBufferBuilder& builder, const std::vector<Offset<fbs::Tree>>& items) {
  return fbs::CreateTreeBlock(builder, builder.CreateVector(items));
}

// As many items to a section as the limit allows.
template <class Item, class Encoded>
void encode_items(const std::vector<Item>& items, SectionKind kind, std::uint64_t limit, const Write& write) {
  FlatBufferBuilder builder;
  std::vector<Offset<Encoded>> block;
  std::uint64_t block_bytes = 0;
  for (const Item& item : items) {
    const std::uint64_t bytes = estimated_bytes(item);
    if (bytes > largest_item) {
      fail(ErrorCode::unsupported,
           "{}: item {} takes {} bytes in a model file; at most {} fit into a section", section_name(kind),
           &item - items.data(), bytes, largest_item);
    }
    if (!block.empty() && block_bytes + bytes > limit) {
      finish(builder, encode_block(builder, block), kind, write);
      block.clear();
      block_bytes = 0;
    }
    block.push_back(encode_item(builder, item));
    block_bytes += bytes;
  }
  if (!block.empty()) finish(builder, encode_block(builder, block), kind, write);
}

}  // namespace

void encode_sections(const Ensemble& ensemble, std::uint64_t section_limit, const Write& write) {
  encode_head(ensemble, write);
  encode_items<FeatureInfo, fbs::Feature>(ensemble.schema.features, SectionKind::features, section_limit,
                                          write);
  encode_items<Tree, fbs::Tree>(ensemble.trees, SectionKind::trees, section_limit, write);
}

}  // namespace ramet::model
