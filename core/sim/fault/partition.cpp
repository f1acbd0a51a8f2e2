#include "core/sim/fault/partition.hpp"

#include <algorithm>

#include "core/sim/world.hpp"

namespace syslab {
namespace {

using Side = std::vector<NodeId>;

Side others(const World& world, const Side& chosen, bool clients) {
  Side rest;
  for (std::uint32_t i = 0; i < world.node_count(); ++i) {
    const Host& host = world.host(NodeId{i});
    const bool asks = host.kind() == "load" || host.kind() == "clients";
    if ((asks && !clients) || std::find(chosen.begin(), chosen.end(), NodeId{i}) != chosen.end()) continue;
    rest.push_back(NodeId{i});
  }
  return rest;
}

class Partition final : public Fault {
 public:
  explicit Partition(PartitionOptions options) : options_(std::move(options)) {}

  std::string_view name() const override { return "partition"; }

  Value options() const override {
    Value::Map map;
    if (!options_.sides.empty()) {
      Value::List sides;
      for (const Target& side : options_.sides) {
        const Value value = side.value();
        sides.push_back(value.is_string() ? Value::list({value}) : value);
      }
      map.emplace_back("sides", Value::list(std::move(sides)));
    }
    if (!options_.target.empty()) map.emplace_back("target", options_.target.value());
    if (!options_.isolate.empty()) map.emplace_back("isolate", options_.isolate.value());
    if (!options_.bridge.empty()) map.emplace_back("bridge", options_.bridge.value());
    if (!options_.ring.empty()) map.emplace_back("ring", options_.ring.value());
    if (options_.one_way) map.emplace_back("one_way", true);
    if (options_.clients) map.emplace_back("clients", true);
    return Value::map(std::move(map));
  }

  std::string describe() const override {
    if (!options_.isolate.empty()) return "isolate " + options_.isolate.describe();
    if (!options_.bridge.empty()) return "bridge partition of " + options_.bridge.describe();
    if (!options_.ring.empty()) return "ring partition of " + options_.ring.describe();
    if (!options_.target.empty()) return "partition " + options_.target.describe() + " from the others";
    std::string text;
    for (const Target& side : options_.sides) {
      text += (text.empty() ? "" : options_.one_way ? " -> " : " | ") + side.describe();
    }
    return "partition " + text;
  }

  Expected<bool> check(const World& world) const override {
    int shapes = options_.sides.empty() ? 0 : 1;
    for (const Target* part : {&options_.target, &options_.isolate, &options_.bridge, &options_.ring}) {
      if (part->empty()) continue;
      ++shapes;
      if (Expected<bool> good = part->check(world); !good) return good;
    }
    for (const Target& side : options_.sides) {
      if (Expected<bool> good = side.check(world); !good) return good;
    }
    if (shapes == 1) return true;
    return make_error("unknown", "a partition needs exactly one of target, sides, isolate, bridge and ring");
  }

  FaultPtr resolve(const World& world, Rng& rng) const override {
    PartitionOptions resolved;
    resolved.one_way = options_.one_way;
    const auto in_order = [&](const Target& part) {
      return Target::of(world, part.resolve_in_order(world, rng));
    };
    if (!options_.target.empty()) {
      const Side chosen = options_.target.resolve(world, rng);
      resolved.sides = {Target::of(world, chosen),
                        Target::of(world, others(world, chosen, options_.clients))};
    }
    for (const Target& side : options_.sides) {
      resolved.sides.push_back(Target::of(world, side.resolve(world, rng)));
    }
    if (!options_.isolate.empty()) {
      resolved.isolate = Target::of(world, options_.isolate.resolve(world, rng));
      resolved.clients = options_.clients;
    }
    if (!options_.bridge.empty()) resolved.bridge = in_order(options_.bridge);
    if (!options_.ring.empty()) resolved.ring = in_order(options_.ring);
    return std::make_shared<Partition>(std::move(resolved));
  }

  void inject(World& world, Rng& rng) override {
    LinkRule rule;
    rule.verb = LinkRule::Verb::block;
    rule.rng = rng;
    const auto cut = [&](const Side& a, const Side& b) {
      rule.spans.emplace_back(NodeSet(a), NodeSet(b));
      if (!options_.one_way) rule.spans.emplace_back(NodeSet(b), NodeSet(a));
    };
    std::vector<Side> sides;
    for (const Target& side : options_.sides) sides.push_back(side.resolve(world, rng));
    for (std::size_t i = 0; i < sides.size(); ++i) {
      for (std::size_t k = i + 1; k < sides.size(); ++k) {
        if (!options_.one_way || i == 0) cut(sides[i], sides[k]);
      }
    }
    if (!options_.isolate.empty()) {
      for (NodeId node : options_.isolate.resolve(world, rng))
        cut({node}, others(world, {node}, options_.clients));
    }
    if (!options_.bridge.empty()) {
      const Side nodes = options_.bridge.resolve_in_order(world, rng);
      const auto half =
          static_cast<std::ptrdiff_t>((nodes.size() - std::min<std::size_t>(nodes.size(), 1)) / 2);
      if (half > 0)
        cut(Side(nodes.begin(), nodes.begin() + half), Side(nodes.begin() + half + 1, nodes.end()));
    }
    if (!options_.ring.empty()) {
      const Side nodes = options_.ring.resolve_in_order(world, rng);
      const std::size_t n = nodes.size();
      const std::size_t reach = (n / 2 + 1) / 2;  // to each side: a majority without itself, halved
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = i + 1; k < n; ++k) {
          if (std::min(k - i, n - (k - i)) > reach) cut({nodes[i]}, {nodes[k]});
        }
      }
    }
    rule_ = world.network().add_rule(std::move(rule));
  }

  void heal(World& world) override { world.network().remove_rule(rule_); }

 private:
  PartitionOptions options_;
  RuleId rule_ = 0;
};

}  // namespace

FaultPtr make_partition(PartitionOptions options) {
  return std::make_shared<Partition>(std::move(options));
}

}  // namespace syslab
