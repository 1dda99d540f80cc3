#include "model/decode.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "model/check.hpp"
#include "model/model_generated.h"
#include "ramet/version.hpp"

namespace ramet::model {
namespace {

// Copies strings and arrays out of one verified section. A hostile buffer may point many fields at the same
// bytes; counting what is copied keeps the total within the section's own length.
class Copier {
 public:
  explicit Copier(std::span<const std::byte> section) : left_(section.size()) {}

  std::string text(const flatbuffers::String* from, std::string_view what) {
    if (from == nullptr) fail(ErrorCode::bad_model, "{} is absent", what);
    spend(from->size());
    return from->str();
  }

  std::vector<std::string> texts(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from,
                                 std::string_view what) {
    if (from == nullptr) fail(ErrorCode::bad_model, "{} is absent", what);
    spend(from->size() * sizeof(flatbuffers::uoffset_t));
    std::vector<std::string> to;
    to.reserve(from->size());
    for (const auto* s : *from) to.push_back(text(s, what));
    return to;
  }

  template <class T>
  std::vector<T> array(const flatbuffers::Vector<T>* from, std::string_view what) {
    if (from == nullptr) fail(ErrorCode::bad_model, "{} is absent", what);
    spend(std::uint64_t{from->size()} * sizeof(T));
    return {from->data(), from->data() + from->size()};
  }

  void spend(std::uint64_t bytes) {
    if (bytes > left_) fail(ErrorCode::bad_model, "fields overlap");
    left_ -= bytes;
  }

 private:
  std::uint64_t left_;
};

template <class Root>
const Root& verified_root(std::span<const std::byte> section) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(section.data());
  constexpr flatbuffers::uoffset_t max_depth = 8;
  // A table is at least 8 bytes: no section has more.
  const auto max_tables = static_cast<flatbuffers::uoffset_t>(section.size() / 8);
  flatbuffers::Verifier verifier(bytes, section.size(), max_depth, max_tables);
  if (!verifier.VerifyBuffer<Root>(nullptr)) fail(ErrorCode::bad_model, "malformed FlatBuffers section");
  return *flatbuffers::GetRoot<Root>(bytes);
}

FeatureInfo copy_feature(const fbs::Feature& from, Copier& copier) {
  if (from.type() > static_cast<std::uint8_t>(ColumnType::categorical)) {
    fail(ErrorCode::bad_model, "feature type {} is unknown", from.type());
  }
  return {.name = copier.text(from.name(), "feature name"),
          .type = static_cast<ColumnType>(from.type()),
          .categories = copier.texts(from.categories(), "categories")};
}

Tree copy_tree(const fbs::Tree& from, Copier& copier) {
  Tree tree;
  tree.output = from.output();
  tree.shift = from.shift();
  tree.left = copier.array(from.left(), "left");
  tree.right = copier.array(from.right(), "right");
  tree.feature = copier.array(from.feature(), "feature");
  tree.cut = copier.array(from.cut(), "cut");
  tree.missing_left = copier.array(from.missing_left(), "missing_left");
  tree.category_set = copier.array(from.category_set(), "category_set");
  tree.leaf_value = copier.array(from.leaf_value(), "leaf_value");
  tree.gain = copier.array(from.gain(), "gain");
  tree.cover = copier.array(from.cover(), "cover");
  tree.rows = copier.array(from.rows(), "rows");
  tree.category_words = copier.array(from.category_words(), "category_words");
  return tree;
}

}  // namespace

void Decoder::add(SectionKind kind, std::span<const std::byte> section) {
  switch (kind) {
    case SectionKind::head:
      return add_head(section);
    case SectionKind::features:
      return add_features(section);
    case SectionKind::trees:
      return add_trees(section);
  }
}

void Decoder::add_head(std::span<const std::byte> section) {
  const auto& head = verified_root<fbs::Head>(section);
  if (head.contract_version() > contract_version) {
    fail(ErrorCode::bad_model, "numbers contract version {} is too new: this library knows versions up to {}",
         head.contract_version(), contract_version);
  }
  Copier copier(section);
  ensemble_.objective = copier.text(head.objective(), "objective");
  ensemble_.schema.target = copier.text(head.target(), "target");
  ensemble_.schema.classes = copier.texts(head.classes(), "classes");
  if (head.outputs() == nullptr || head.parameters() == nullptr) {
    fail(ErrorCode::bad_model, "outputs or parameters are absent");
  }
  for (const fbs::OutputScale* scale : *head.outputs()) {
    ensemble_.outputs.push_back({.unit_exponent = scale->unit_exponent(), .base = scale->base()});
  }
  for (const fbs::Parameter* parameter : *head.parameters()) {
    std::string name = copier.text(parameter->name(), "parameter name");
    ensemble_.parameters.emplace_back(std::move(name), copier.text(parameter->value(), "parameter value"));
  }
  ensemble_.trees_per_round = head.trees_per_round();
  ensemble_.best_round = head.best_round();
  ensemble_.data_fingerprint = head.data_fingerprint();
  ensemble_.data_rows = head.data_rows();
  ensemble_.contract_version = head.contract_version();
  ensemble_.library_version = copier.text(head.library_version(), "library version");
  features_ = head.features();
  trees_ = head.trees();
}

void Decoder::add_features(std::span<const std::byte> section) {
  const auto& block = verified_root<fbs::FeatureBlock>(section);
  if (block.features() == nullptr) fail(ErrorCode::bad_model, "features are absent");
  Copier copier(section);
  for (const fbs::Feature* feature : *block.features()) {
    copier.spend(sizeof(flatbuffers::uoffset_t));
    ensemble_.schema.features.push_back(copy_feature(*feature, copier));
  }
}

void Decoder::add_trees(std::span<const std::byte> section) {
  const auto& block = verified_root<fbs::TreeBlock>(section);
  if (block.trees() == nullptr) fail(ErrorCode::bad_model, "trees are absent");
  Copier copier(section);
  for (const fbs::Tree* encoded : *block.trees()) {
    copier.spend(sizeof(flatbuffers::uoffset_t));
    const std::size_t number = ensemble_.trees.size();
    try {
      Tree tree = copy_tree(*encoded, copier);
      check_tree(tree, ensemble_);
      ensemble_.trees.push_back(std::move(tree));
    } catch (const Error& error) {
      fail(ErrorCode::bad_model, "tree {}: {}", number, error.what());
    }
  }
}

Ensemble Decoder::finish() && {
  if (ensemble_.schema.features.size() != features_ || ensemble_.trees.size() != trees_) {
    fail(ErrorCode::bad_model, "{} features and {} trees where the head says {} and {}",
         ensemble_.schema.features.size(), ensemble_.trees.size(), features_, trees_);
  }
  check_ensemble(ensemble_);
  return std::move(ensemble_);
}

}  // namespace ramet::model
