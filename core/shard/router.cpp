#include "core/shard/router.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/assert.hpp"
#include "core/hash/spread.hpp"

namespace syslab {
namespace {

bool by_name(const PlacedNode& a, const PlacedNode& b) {
  return a.name < b.name;
}

}  // namespace

std::size_t Router::index_of(std::string_view shard) const {
  return syslab::index_of(shards_, shard);
}

std::string Router::refusal(const PlacedNode& shard) const {
  if (traits().weighted || shard.weight == 1) return "";
  return std::string(name()) + " knows no weights: '" + shard.name + "' should weigh 1";
}

std::string Router::refusal_of_weight(std::size_t place, double weight) const {
  return Router::refusal({shards_[place].name, weight});
}

std::string Router::reset(std::vector<PlacedNode> shards) {
  std::vector<std::uint32_t> sorted(shards.size()), order(shards.size());
  std::iota(sorted.begin(), sorted.end(), 0u);
  std::sort(sorted.begin(), sorted.end(), [&](auto a, auto b) { return shards[a].name < shards[b].name; });
  for (std::uint32_t place = 0; place < shards.size(); ++place) order[sorted[place]] = place;
  std::sort(shards.begin(), shards.end(), by_name);
  for (std::size_t i = 0; i < shards.size(); ++i) {
    SYSLAB_ASSERT(shards[i].weight > 0);
    if (i > 0 && shards[i - 1].name == shards[i].name) return "'" + shards[i].name + "' is there twice";
    std::string problem = Router::refusal(shards[i]);
    if (!problem.empty()) return problem;
  }
  std::string problem = refusal_of_all(shards);
  if (!problem.empty()) return problem;
  shards_ = std::move(shards);
  build(order);
  return "";
}

std::string Router::add(PlacedNode shard) {
  SYSLAB_ASSERT(shard.weight > 0);
  if (index_of(shard.name) != kNone) return "there is a shard '" + shard.name + "' already";
  std::string problem = refusal(shard);
  if (!problem.empty()) return problem;
  const auto at = std::lower_bound(shards_.begin(), shards_.end(), shard, by_name);
  const auto place = static_cast<std::size_t>(at - shards_.begin());
  shards_.insert(at, std::move(shard));
  added(place);
  return "";
}

std::string Router::remove(std::string_view shard) {
  const std::size_t place = index_of(shard);
  if (place == kNone) return "there is no shard '" + std::string(shard) + "'";
  std::string problem = refusal_of_removal(place);
  if (!problem.empty()) return problem;
  shards_.erase(shards_.begin() + static_cast<std::ptrdiff_t>(place));
  removed(place);
  return "";
}

std::string Router::weigh(std::string_view shard, double weight) {
  SYSLAB_ASSERT(weight > 0);
  const std::size_t place = index_of(shard);
  if (place == kNone) return "there is no shard '" + std::string(shard) + "'";
  std::string problem = refusal_of_weight(place, weight);
  if (!problem.empty()) return problem;
  shards_[place].weight = weight;
  weighed(place);
  return "";
}

void Router::route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const {
  SYSLAB_ASSERT(keys.size() == places.size());
  for (std::size_t i = 0; i < keys.size(); ++i) places[i] = static_cast<std::uint32_t>(route(keys[i]));
}

std::vector<std::size_t> Router::touched(const KeyRange& range) const {
  if (!range.to.is_nil() && !(range.from < range.to)) return {};
  std::vector<std::size_t> all(shards_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::vector<std::size_t> Router::touched_by(std::span<const Value> keys) const {
  std::vector<std::size_t> places;
  for (const Value& key : keys) places.push_back(route(key));
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

void Router::check_invariants() const {
  SYSLAB_ASSERT(std::is_sorted(shards_.begin(), shards_.end(), by_name));
  for (const PlacedNode& shard : shards_) SYSLAB_ASSERT(shard.weight > 0);
}

void place_added(std::vector<std::uint32_t>& owners, std::size_t place) {
  for (std::uint32_t& owner : owners) owner += owner != kNobody && owner >= place;
}

void place_removed(std::vector<std::uint32_t>& owners, std::size_t place) {
  for (std::uint32_t& owner : owners) {
    if (owner == place) owner = kNobody;
    owner -= owner != kNobody && owner > place;
  }
}

std::vector<std::uint32_t> shares_of(std::uint32_t things, std::span<const PlacedNode> shards,
                                     std::span<const std::uint32_t> has) {
  SYSLAB_ASSERT(!shards.empty() && shards.size() == has.size());
  double weights = 0;
  for (const PlacedNode& shard : shards) weights += shard.weight;
  std::vector<std::uint32_t> share(shards.size()), order(shards.size());
  std::vector<double> rest(shards.size());
  std::uint32_t left = things;
  for (std::uint32_t i = 0; i < shards.size(); ++i) {
    const double exact = things * (shards[i].weight / weights);
    share[i] = std::min(left, static_cast<std::uint32_t>(exact));
    rest[i] = exact - std::floor(exact);
    order[i] = i;
    left -= share[i];
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return rest[a] != rest[b] ? rest[a] > rest[b] : has[a] > has[b]; });
  for (std::size_t i = 0; left > 0; i = (i + 1) % order.size(), --left) ++share[order[i]];
  return share;
}

std::vector<Flow> flows_of_places(std::span<const PlacedNode> before, std::span<const std::uint32_t> from,
                                  std::span<const PlacedNode> after, std::span<const std::uint32_t> to) {
  SYSLAB_ASSERT(from.size() == to.size());
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> counts;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (before[from[i]].name != after[to[i]].name) ++counts[{from[i], to[i]}];
  }
  std::vector<Flow> flows;
  for (const auto& [way, keys] : counts) {
    flows.push_back({before[way.first].name, after[way.second].name, keys});
  }
  std::stable_sort(flows.begin(), flows.end(), [](const Flow& a, const Flow& b) { return a.keys > b.keys; });
  return flows;
}

}  // namespace syslab
