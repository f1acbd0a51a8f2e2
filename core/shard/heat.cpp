#include "core/shard/heat.hpp"

#include <algorithm>

namespace syslab {

void Heat::record(const Router& router, const Value& key, std::uint64_t requests) {
  const std::string& shard = router.shards()[router.route(key)].name;
  auto at = std::lower_bound(shards_.begin(), shards_.end(), shard,
                             [](const auto& entry, const std::string& name) { return entry.first < name; });
  if (at == shards_.end() || at->first != shard) at = shards_.insert(at, {shard, 0});
  at->second += requests;
  total_ += requests;
  keys_.add(key.json(), requests);
}

void Heat::clear() {
  keys_.clear();
  shards_.clear();
  total_ = 0;
}

std::vector<Heat::Shard> Heat::shards(const Router& router) const {
  double weights = 0;
  for (const PlacedNode& shard : router.shards()) weights += shard.weight;
  const std::vector<Key> hottest = keys(router, options_.places);
  std::vector<Shard> out;
  for (std::size_t i = 0; i < router.shards().size(); ++i) {
    const PlacedNode& shard = router.shards()[i];
    Shard s{.name = shard.name};
    for (const auto& [name, requests] : shards_) {
      if (name == shard.name) s.requests = requests;
    }
    const double fair = static_cast<double>(total_) * shard.weight / weights;
    s.over_fair = fair > 0 ? static_cast<double>(s.requests) / fair : 0;
    s.hot = s.over_fair > options_.hot;
    const auto mine =
        std::find_if(hottest.begin(), hottest.end(), [&](const Key& k) { return k.shard == i; });
    s.one_key = s.hot && mine != hottest.end() && static_cast<double>(mine->count - mine->error) > fair;
    out.push_back(std::move(s));
  }
  return out;
}

std::vector<Heat::Key> Heat::keys(const Router& router, std::size_t most) const {
  std::vector<Key> out;
  for (const SpaceSaving::Heavy& heavy : keys_.top(most)) {
    const Expected<Value> key = Value::parse_json(heavy.text);
    if (!key.ok() || !router.refusal_of_key(*key).empty()) continue;
    out.push_back({*key, heavy.count, heavy.error, router.route(*key)});
  }
  return out;
}

}  // namespace syslab
