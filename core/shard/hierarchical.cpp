#include "core/shard/hierarchical.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

HierarchicalRouter::HierarchicalRouter(std::unique_ptr<Router> top,
                                       std::vector<std::unique_ptr<Router>> groups)
    : top_(std::move(top)), groups_(std::move(groups)) {
  SYSLAB_ASSERT(groups_.size() == top_->shards().size());
  list_shards();
}

HierarchicalRouter::HierarchicalRouter(const HierarchicalRouter& other)
    : Router(other), top_(other.top_->clone()), places_(other.places_) {
  for (const auto& group : other.groups_) groups_.push_back(group->clone());
}

void HierarchicalRouter::list_shards() {
  shards_.clear();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    SYSLAB_ASSERT(!groups_[g]->shards().empty());
    for (const PlacedNode& shard : groups_[g]->shards()) {
      shards_.push_back({top_->shards()[g].name + "/" + shard.name, shard.weight});
    }
  }
  std::sort(shards_.begin(), shards_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  places_.assign(groups_.size(), {});
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (const PlacedNode& shard : groups_[g]->shards()) {
      places_[g].push_back(index_of(top_->shards()[g].name + "/" + shard.name));
    }
  }
}

HierarchicalRouter::Leaf HierarchicalRouter::leaf_of(std::string_view name) const {
  const std::size_t slash = name.find('/');
  if (slash == name.npos) return {};
  return {top_->index_of(name.substr(0, slash)), name.substr(slash + 1)};
}

RouterTraits HierarchicalRouter::traits() const {
  RouterTraits all = top_->traits();
  all.weighted = true;  // it is sub-shards that have weights
  for (const auto& group : groups_) {
    const RouterTraits t = group->traits();
    all = {.weighted = t.weighted && all.weighted,
           .minimal = t.minimal && all.minimal,
           .ordered = t.ordered && all.ordered,
           .spreads = false,  // beyond its group
           .independent = t.independent && all.independent};
  }
  return all;
}

std::string HierarchicalRouter::refusal_of_key(const Value& key) const {
  const std::string problem = top_->refusal_of_key(key);
  return problem.empty() ? groups_[top_->route(key)]->refusal_of_key(key) : problem;
}

std::size_t HierarchicalRouter::route(const Value& key) const {
  const std::size_t group = top_->route(key);
  return places_[group][groups_[group]->route(key)];
}

std::size_t HierarchicalRouter::take(const Value& key) {
  const std::size_t group = top_->take(key);
  return places_[group][groups_[group]->take(key)];
}

std::vector<std::size_t> HierarchicalRouter::touched(const KeyRange& range) const {
  std::vector<std::size_t> places;
  for (const std::size_t group : top_->touched(range)) {
    for (const std::size_t shard : groups_[group]->touched(range)) places.push_back(places_[group][shard]);
  }
  std::sort(places.begin(), places.end());
  return places;
}

std::size_t HierarchicalRouter::memory_bytes() const {
  std::size_t bytes = top_->memory_bytes();
  for (const auto& group : groups_) bytes += group->memory_bytes();
  return bytes;
}

std::string HierarchicalRouter::refusal_of_all(const std::vector<PlacedNode>&) const {
  return "the groups of a hierarchy are fixed: add and remove sub-shards, 'GROUP/SHARD'";
}

std::string HierarchicalRouter::refusal(const PlacedNode& shard) const {
  const Leaf leaf = leaf_of(shard.name);
  if (leaf.group == kNone) return "'" + shard.name + "' is not 'GROUP/SHARD' with a group that is there";
  return groups_[leaf.group]->clone()->add({std::string(leaf.shard), shard.weight});
}

std::string HierarchicalRouter::refusal_of_weight(std::size_t place, double weight) const {
  const Leaf leaf = leaf_of(shards_[place].name);
  return groups_[leaf.group]->clone()->weigh(leaf.shard, weight);
}

std::string HierarchicalRouter::refusal_of_removal(std::size_t place) const {
  const Leaf leaf = leaf_of(shards_[place].name);
  const Router& group = *groups_[leaf.group];
  if (group.shards().size() == 1) return "'" + shards_[place].name + "' is the last of its group";
  return group.clone()->remove(leaf.shard);
}

void HierarchicalRouter::build(std::span<const std::uint32_t>) {
  SYSLAB_ASSERT(false);  // refused before
}

void HierarchicalRouter::added(std::size_t place) {
  const PlacedNode shard = shards_[place];
  const Leaf leaf = leaf_of(shard.name);
  const std::string problem = groups_[leaf.group]->add({std::string(leaf.shard), shard.weight});
  SYSLAB_ASSERT(problem.empty());
  list_shards();
}

void HierarchicalRouter::removed(std::size_t) {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    for (const PlacedNode& shard : groups_[g]->shards()) {
      if (index_of(top_->shards()[g].name + "/" + shard.name) != kNone) continue;
      const std::string problem = groups_[g]->remove(std::string(shard.name));
      SYSLAB_ASSERT(problem.empty());
      return list_shards();
    }
  }
}

void HierarchicalRouter::weighed(std::size_t place) {
  const Leaf leaf = leaf_of(shards_[place].name);
  const std::string problem = groups_[leaf.group]->weigh(leaf.shard, shards_[place].weight);
  SYSLAB_ASSERT(problem.empty());
}

void HierarchicalRouter::check_invariants() const {
  Router::check_invariants();
  top_->check_invariants();
  std::size_t shards = 0;
  for (const auto& group : groups_) {
    group->check_invariants();
    shards += group->shards().size();
  }
  SYSLAB_ASSERT(shards == shards_.size());
}

}  // namespace syslab
