#include "core/sim/target.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/nearest.hpp"
#include "core/sim/world.hpp"

namespace syslab {
namespace {

constexpr std::array<std::string_view, 5> kPicks = {"one", "minority", "majority", "all", "primaries"};

bool is_pick(std::string_view word) {
  return std::find(kPicks.begin(), kPicks.end(), word) != kPicks.end();
}

Expected<std::vector<std::string>> parse_names(const Value& value) {
  if (value.is_string()) return std::vector<std::string>{std::string(value.string())};
  std::vector<std::string> names;
  if (value.is_list()) {
    for (const Value& item : value.list()) {
      if (!item.is_string())
        return make_error("unknown", "a list of targets holds names, not " + item.json());
      names.emplace_back(item.string());
    }
    return names;
  }
  return make_error("unknown",
                    "a target is a name, a list of names, or a map like {random = 2}, not " + value.json());
}

Value names_value(const std::vector<std::string>& names) {
  if (names.size() == 1) return names.front();
  return Value::list(Value::List(names.begin(), names.end()));
}

bool is_primary(const Host& host) {
  const Value shown = host.show();
  const Value& role = shown["role"];
  return role.is_string() && (role.string() == "leader" || role.string() == "primary");
}

bool is_asker(const Host& host) {
  return host.kind() == "load" || host.kind() == "clients";
}

std::vector<NodeId> default_pool(const World& world) {
  std::vector<NodeId> protocol, others;
  for (std::uint32_t i = 0; i < world.node_count(); ++i) {
    const Host& host = world.host(NodeId{i});
    if (is_asker(host)) continue;
    (host.runs_node() ? protocol : others).push_back(NodeId{i});
  }
  return protocol.empty() ? others : protocol;
}

std::vector<NodeId> pick_random(std::vector<NodeId> pool, std::size_t count, Rng& rng) {
  count = std::min(count, pool.size());
  for (std::size_t i = 0; i < count; ++i) std::swap(pool[i], pool[i + rng.below(pool.size() - i)]);
  pool.resize(count);
  std::sort(pool.begin(), pool.end());
  return pool;
}

}  // namespace

bool Target::is_reserved(const std::string& name) {
  return is_pick(name);
}

Expected<Target> Target::parse(const Value& value) {
  Target target;
  if (value.is_nil()) return target;
  if (value.is_string() && is_pick(value.string())) {
    target.pick_ = value.string();
    return target;
  }
  if (value.is_string() || value.is_list()) {
    Expected<std::vector<std::string>> names = parse_names(value);
    if (!names) return names.error();
    target.names_ = std::move(*names);
    if (target.names_.empty()) target.pick_ = "nobody";
    return target;
  }
  if (!value.is_map()) return parse_names(value).error();
  for (const auto& [key, item] : value.map()) {
    if (key == "of") {
      Expected<std::vector<std::string>> names = parse_names(item);
      if (!names) return names.error();
      target.names_ = std::move(*names);
    } else if (key == "zone" && item.is_string()) {
      target.pick_ = "zone";
      target.zone_ = item.string();
    } else if (key == "random" && item.is_number() && item.number() >= 0 &&
               item.number() == std::floor(item.number())) {
      target.pick_ = "random";
      target.count_ = static_cast<std::size_t>(item.number());
    } else if (key == "pick" && item.is_string() && is_pick(item.string())) {
      target.pick_ = item.string();
    } else if (key == "pick" && item.is_string()) {
      return make_error("unknown", "bad pick '" + std::string(item.string()) + "'" +
                                       did_you_mean(item.string(), {kPicks.begin(), kPicks.end()}));
    } else {
      return make_error(
          "unknown", "bad target option '" + key + "'" + did_you_mean(key, {"of", "pick", "random", "zone"}));
    }
  }
  return target;
}

Target Target::of(const World& world, const std::vector<NodeId>& nodes) {
  Target target;
  for (NodeId node : nodes) target.names_.push_back(world.name_of(node));
  if (nodes.empty()) target.pick_ = "nobody";
  return target;
}

Expected<bool> Target::check(const World& world) const {
  for (const std::string& name : names_) {
    if (world.members(name).empty()) return world.find(name).error();
  }
  if (!zone_.empty()) {
    const std::vector<std::string> zones = world.zones();
    if (std::find(zones.begin(), zones.end(), zone_) == zones.end()) {
      return make_error("not_found", "no node is in a zone '" + zone_ + "'" + did_you_mean(zone_, zones));
    }
  }
  return true;
}

std::vector<NodeId> Target::resolve(const World& world, Rng& rng) const {
  std::vector<NodeId> pool;
  for (const std::string& name : names_) {
    const std::vector<NodeId> members = world.members(name);
    pool.insert(pool.end(), members.begin(), members.end());
  }
  std::sort(pool.begin(), pool.end());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
  if (pick_.empty() || pick_ == "nobody") return pool;
  if (names_.empty() && pick_ != "zone") pool = default_pool(world);
  if (pick_ == "zone") {
    if (names_.empty()) {
      for (std::uint32_t i = 0; i < world.node_count(); ++i) pool.push_back(NodeId{i});
    }
    std::erase_if(
        pool, [&](NodeId node) { return world.host(node).zone() != zone_ || is_asker(world.host(node)); });
    return pool;
  }
  if (pick_ == "primaries") {
    std::erase_if(pool, [&](NodeId node) { return !is_primary(world.host(node)); });
    return pool;
  }
  if (pick_ == "all") return pool;
  std::size_t count = count_;
  if (pick_ == "one") count = 1;
  if (pick_ == "minority") count = pool.empty() ? 0 : (pool.size() - 1) / 2;
  if (pick_ == "majority") count = pool.size() / 2 + 1;
  return pick_random(std::move(pool), count, rng);
}

std::vector<NodeId> Target::resolve_in_order(const World& world, Rng& rng) const {
  std::vector<NodeId> nodes;
  for (const std::string& name : names_) {
    if (const Expected<NodeId> node = world.find(name)) nodes.push_back(*node);
  }
  if (pick_.empty() && nodes.size() == names_.size()) return nodes;
  nodes = resolve(world, rng);
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i)
    std::swap(nodes[i], nodes[i + rng.below(nodes.size() - i)]);
  return nodes;
}

Value Target::value() const {
  if (pick_.empty() || pick_ == "nobody") return names_value(names_);
  if (names_.empty() && is_pick(pick_)) return pick_;
  Value::Map map;
  if (!names_.empty()) map.emplace_back("of", names_value(names_));
  if (pick_ == "zone") {
    map.emplace_back("zone", zone_);
  } else if (pick_ == "random") {
    map.emplace_back("random", static_cast<double>(count_));
  } else {
    map.emplace_back("pick", pick_);
  }
  return Value::map(std::move(map));
}

std::string Target::describe() const {
  std::string text;
  for (const std::string& name : names_) text += (text.empty() ? "" : ", ") + name;
  if (pick_ == "nobody") return "nobody";
  if (pick_.empty()) return text;
  std::string pick = pick_;
  if (pick_ == "zone") pick = "zone " + zone_;
  if (pick_ == "random") pick = std::to_string(count_) + " at random";
  return text.empty() ? pick : pick + " of " + text;
}

Expected<bool> LinkTarget::check(const World& world) const {
  for (const Target* part : {&target, &from, &to}) {
    if (Expected<bool> good = part->check(world); !good) return good;
  }
  if (!target.empty() && (!from.empty() || !to.empty())) {
    return make_error("unknown", "give either target, or from and to");
  }
  return true;
}

LinkTarget LinkTarget::resolve(const World& world, Rng& rng) const {
  LinkTarget resolved;
  if (!target.empty()) resolved.target = Target::of(world, target.resolve(world, rng));
  if (!from.empty()) resolved.from = Target::of(world, from.resolve(world, rng));
  if (!to.empty()) resolved.to = Target::of(world, to.resolve(world, rng));
  resolved.both = both;
  return resolved;
}

std::vector<std::pair<NodeSet, NodeSet>> LinkTarget::spans(const World& world) const {
  Rng unused(0);
  const auto set = [&](const Target& part) {
    return part.empty() ? NodeSet::all() : NodeSet(part.resolve(world, unused));
  };
  if (!target.empty()) {
    const NodeSet nodes = set(target);
    return {{nodes, NodeSet::all()}, {NodeSet::all(), nodes}};
  }
  const NodeSet sources = set(from);
  const NodeSet targets = set(to);
  if (!both) return {{sources, targets}};
  return {{sources, targets}, {targets, sources}};
}

void LinkTarget::add_to(Value::Map& options) const {
  if (!target.empty()) options.emplace_back("target", target.value());
  if (!from.empty()) options.emplace_back("from", from.value());
  if (!to.empty()) options.emplace_back("to", to.value());
  if (both) options.emplace_back("both", true);
}

std::string LinkTarget::describe() const {
  if (!target.empty()) return "around " + target.describe();
  if (from.empty() && to.empty()) return "on all links";
  const std::string arrow = both ? " and " : " to ";
  return (both ? "between " : "from ") + (from.empty() ? "all" : from.describe()) + arrow +
         (to.empty() ? "all" : to.describe());
}

}  // namespace syslab
