#include "bindings/hash/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bindings/host/convert.hpp"
#include "core/hash/spread.hpp"

namespace syslab {
namespace {

constexpr double kMostKeys = 1e8;

void require_nodes(const Placement& placement) {
  if (placement.nodes().empty()) throw ScriptError("there is no node to place a key on; add one first");
}

std::uint64_t hash_argument(lua_State* L, int index) {
  const int type = lua_type(L, index);
  if (type == LUA_TSTRING) return hash64(string_argument(L, index, "key"));
  if (type == LUA_TNUMBER) return hash_key(lua_tonumber(L, index));
  throw ScriptError(
      fmt::format("bad argument 'key': expected a string or a number, got {}", describe_argument(L, index)));
}

double weight_argument(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return 1;
  const double weight = number_argument(L, index, "weight");
  if (!(weight > 0 && weight <= 1000)) {
    throw ScriptError(
        fmt::format("bad argument 'weight': expected a number above 0 and at most 1000, got {}", weight));
  }
  return weight;
}

int place(lua_State* L, Placement& placement) {
  const std::uint64_t hash = hash_argument(L, 2);
  require_nodes(placement);
  const std::string& name = placement.nodes()[placement.place(hash)].name;
  lua_pushlstring(L, name.data(), name.size());
  return 1;
}

int replicas(lua_State* L, Placement& placement) {
  const std::uint64_t hash = hash_argument(L, 2);
  const double count = number_argument(L, 3, "count");
  if (!(count >= 0)) throw ScriptError("bad argument 'count': expected a number of nodes of at least 0");
  const auto places = placement.place_replicas(hash, static_cast<std::size_t>(std::min(count, 1e9)));
  lua_createtable(L, static_cast<int>(places.size()), 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string& name = placement.nodes()[places[i]].name;
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int add(lua_State* L, Placement& placement) {
  const std::string name(string_argument(L, 2, "name"));
  if (!placement.add({name, weight_argument(L, 3)})) {
    throw ScriptError(fmt::format("there is a node '{}' already", name));
  }
  return 0;
}

int remove(lua_State* L, Placement& placement) {
  const std::string name(string_argument(L, 2, "name"));
  if (!placement.remove(name)) throw ScriptError(fmt::format("there is no node '{}'", name));
  return 0;
}

int nodes(lua_State* L, Placement& placement) {
  lua_createtable(L, static_cast<int>(placement.nodes().size()), 0);
  int i = 0;
  for (const PlacedNode& node : placement.nodes()) {
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, node.name.data(), node.name.size());
    lua_setfield(L, -2, "name");
    lua_pushnumber(L, node.weight);
    lua_setfield(L, -2, "weight");
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

int copy(lua_State* L, Placement& placement) {
  return push(L, placement.clone());
}

// A number n stands for the keys 1 to n.
std::vector<std::uint64_t> keys_argument(lua_State* L, int index) {
  const double n = number_argument(L, index, "keys");
  if (!(n >= 1 && n <= kMostKeys)) {
    throw ScriptError(
        fmt::format("bad argument 'keys': expected a number of keys from 1 to {}, got {}", kMostKeys, n));
  }
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(n));
  std::iota(keys.begin(), keys.end(), 1);
  return keys;
}

int spread_of(lua_State* L, Placement& placement) {
  require_nodes(placement);
  const Spread s = spread(placement, keys_argument(L, 2));
  lua_createtable(L, 0, 3);
  lua_createtable(L, 0, static_cast<int>(s.keys.size()));
  for (std::size_t i = 0; i < s.keys.size(); ++i) {
    const std::string& name = placement.nodes()[i].name;
    lua_pushlstring(L, name.data(), name.size());
    lua_pushnumber(L, static_cast<double>(s.keys[i]));
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, "keys");
  lua_pushnumber(L, s.max_over_fair);
  lua_setfield(L, -2, "max_over_fair");
  lua_pushnumber(L, s.deviation);
  lua_setfield(L, -2, "deviation");
  return 1;
}

int moved_to(lua_State* L, Placement& before) {
  const Placement* after = object_at<Placement>(L, 2);
  if (after == nullptr) {
    throw ScriptError(
        fmt::format("bad argument 'after': expected a Placement, got {}", describe_argument(L, 2)));
  }
  require_nodes(before);
  require_nodes(*after);
  const Moved m = moved(before, *after, keys_argument(L, 3));
  lua_createtable(L, 0, 3);
  lua_pushnumber(L, static_cast<double>(m.keys));
  lua_setfield(L, -2, "keys");
  lua_pushnumber(L, static_cast<double>(m.moved));
  lua_setfield(L, -2, "moved");
  lua_pushnumber(L, static_cast<double>(m.needless));
  lua_setfield(L, -2, "needless");
  return 1;
}

std::string show(lua_State* L, int index) {
  const auto& placement = *object_at<Placement>(L, index);
  const std::size_t n = placement.nodes().size();
  return fmt::format("{}, {} node{}", placement.name(), n, n == 1 ? "" : "s");
}

const Type placement{describe_type<Placement>(
    "Placement", "Says which of the nodes is a key's home. Keys are strings or numbers.",
    {
        method<&place>("place", "(key) -> name", "The home of a key."),
        method<&replicas>("replicas", "(key, count) -> list of names",
                          "The first nodes for a key, its home first."),
        method<&add>("add", "(name, weight = 1)", "Adds a node."),
        method<&remove>("remove", "(name)", "Removes a node."),
        method<&nodes>("nodes", "() -> list of {name, weight}", "All nodes, sorted by name."),
        method<&copy>("copy", "() -> Placement",
                      "The same placement, on its own: to compare before and after."),
        method<&spread_of>(
            "spread", "(n) -> {keys, max_over_fair, deviation}",
            "How the keys 1 to n are shared: a count by node, the fullest against its fair share, and the "
            "standard deviation of the shares."),
        method<&moved_to>(
            "moved", "(after, n) -> {keys, moved, needless}",
            "How many of the keys 1 to n have another home in `after`, and how many of those needlessly: "
            "between nodes that are in both."),
    },
    &show)};

}  // namespace

Param nodes_param() {
  return list("nodes", "a list of names or of { name =, weight = }, or a map from names to weights")
      .optional("none yet");
}

std::vector<PlacedNode> placed_nodes(lua_State* L, const Arguments& arguments) {
  std::vector<PlacedNode> nodes;
  const int index = arguments.index_of("nodes");
  if (index == 0) return nodes;
  const auto weight_at = [&](int where) {
    if (lua_isnil(L, where)) return 1.0;
    const double weight = lua_type(L, where) == LUA_TNUMBER ? lua_tonumber(L, where) : 0;
    if (!(weight > 0 && weight <= 1000)) {
      arguments.reject("nodes", fmt::format("expected a weight above 0 and at most 1000, got {}",
                                            describe_argument(L, where)));
    }
    return weight;
  };
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {  // order does not matter: nodes are sorted by name
    const int content = lua_gettop(L);
    std::size_t length = 0;
    if (lua_type(L, content - 1) == LUA_TSTRING) {
      const char* name = lua_tolstring(L, content - 1, &length);
      nodes.push_back({std::string(name, length), weight_at(content)});
    } else if (lua_type(L, content) == LUA_TSTRING) {
      const char* name = lua_tolstring(L, content, &length);
      nodes.push_back({std::string(name, length), 1});
    } else if (lua_type(L, content) == LUA_TTABLE) {
      lua_getfield(L, content, "name");
      lua_getfield(L, content, "weight");
      if (lua_type(L, -2) != LUA_TSTRING) {
        arguments.reject("nodes",
                         fmt::format("a node's name should be a string, got {}", describe_argument(L, -2)));
      }
      const char* name = lua_tolstring(L, -2, &length);
      nodes.push_back({std::string(name, length), weight_at(lua_gettop(L))});
    } else {
      arguments.reject("nodes", fmt::format("expected names, got {}", describe_argument(L, content)));
    }
    lua_settop(L, content - 1);
  }
  std::sort(nodes.begin(), nodes.end(),
            [](const PlacedNode& a, const PlacedNode& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i - 1].name == nodes[i].name)
      arguments.reject("nodes", fmt::format("'{}' is there twice", nodes[i].name));
  }
  return nodes;
}

}  // namespace syslab
