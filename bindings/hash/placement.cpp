#include "bindings/hash/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "bindings/host/convert.hpp"
#include "core/hash/spread.hpp"

namespace syslab {
namespace {

constexpr double kMostKeys = 1e8;
constexpr std::size_t kBlock = 1 << 16;

void require_nodes(const Placement& placement) {
  if (placement.nodes().empty()) throw ScriptError("there is no node to place a key on; add one first");
}

// The hash of the key at a stack index, which is a string or a number; none where it is something else.
std::optional<std::uint64_t> hash_at(lua_State* L, int index, const Placement& placement) {
  const int type = lua_type(L, index);
  if (type == LUA_TSTRING) {
    std::size_t length = 0;
    const char* text = lua_tolstring(L, index, &length);
    return placement.hash_of(std::string_view(text, length));
  }
  if (type != LUA_TNUMBER) return std::nullopt;
  const double number = lua_tonumber(L, index);
  if (number >= 0 && number < 0x1p64) {
    const auto id = static_cast<std::uint64_t>(number);
    if (static_cast<double>(id) == number) return placement.hash_of(id);
  }
  return hash_key(number);
}

std::uint64_t hash_argument(lua_State* L, int index, const Placement& placement) {
  const auto hash = hash_at(L, index, placement);
  if (hash) return *hash;
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

void push_name(lua_State* L, const Placement& placement, std::size_t place) {
  const std::string& name = placement.nodes()[place].name;
  lua_pushlstring(L, name.data(), name.size());
}

int no_node(lua_State* L) {
  return push_failure(L, make_error("unavailable", "there is no node to place a key on"));
}

int place(lua_State* L, Placement& placement) {
  const std::uint64_t hash = hash_argument(L, 2, placement);
  if (placement.nodes().empty()) return no_node(L);
  push_name(L, placement, placement.place(hash));
  return 1;
}

int take(lua_State* L, Placement& placement) {
  const std::uint64_t hash = hash_argument(L, 2, placement);
  if (placement.nodes().empty()) return no_node(L);
  push_name(L, placement, placement.take(hash));
  return 1;
}

std::size_t place_argument(lua_State* L, int index, const Placement& placement) {
  const std::string_view name = string_argument(L, index, "name");
  const std::size_t place = placement.index_of(name);
  if (place == Placement::kNone) throw ScriptError(fmt::format("there is no node '{}'", name));
  return place;
}

int release(lua_State* L, Placement& placement) {
  lua_pushboolean(L, placement.release(place_argument(L, 2, placement)));
  return 1;
}

int replicas(lua_State* L, Placement& placement) {
  const std::uint64_t hash = hash_argument(L, 2, placement);
  const double count = number_argument(L, 3, "count");
  if (!(count >= 0)) throw ScriptError("bad argument 'count': expected a number of nodes of at least 0");
  const auto places = placement.place_replicas(hash, static_cast<std::size_t>(std::min(count, 1e9)));
  lua_createtable(L, static_cast<int>(places.size()), 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    push_name(L, placement, places[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int add(lua_State* L, Placement& placement) {
  const PlacedNode node{std::string(string_argument(L, 2, "name")), weight_argument(L, 3)};
  const std::string problem = placement.refusal(node);
  if (!problem.empty()) throw ScriptError(problem);
  placement.add(node);
  return 0;
}

int remove(lua_State* L, Placement& placement) {
  const std::string name(string_argument(L, 2, "name"));
  const std::string problem = placement.removal_refusal(name);
  if (!problem.empty()) throw ScriptError(problem);
  placement.remove(name);
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

int algorithm(lua_State* L, Placement& placement) {
  lua_pushlstring(L, placement.name().data(), placement.name().size());
  return 1;
}

int memory(lua_State* L, Placement& placement) {
  lua_pushnumber(L, static_cast<double>(placement.memory_bytes()));
  return 1;
}

int copy(lua_State* L, Placement& placement) {
  return push(L, placement.clone());
}

// The keys to judge by: a number n stands for the keys 1 to n; a list holds strings and numbers.
class Keys {
 public:
  Keys(lua_State* L, int index) : L_(L), index_(index) {
    if (lua_type(L, index) == LUA_TTABLE) {
      count_ = lua_objlen(L, index);
      if (count_ == 0)
        throw ScriptError("bad argument 'keys': expected a number or a list of keys, got an empty table");
      return;
    }
    if (lua_type(L, index) != LUA_TNUMBER) {
      throw ScriptError(fmt::format("bad argument 'keys': expected a number or a list of keys, got {}",
                                    describe_argument(L, index)));
    }
    const double n = lua_tonumber(L, index);
    if (!(n >= 1 && n <= kMostKeys)) {
      throw ScriptError(
          fmt::format("bad argument 'keys': expected a number of keys from 1 to {}, got {}", kMostKeys, n));
    }
    count_ = static_cast<std::size_t>(n);
    numbers_ = true;
  }

  std::vector<std::uint32_t> places(const Placement& placement) const {
    std::vector<std::uint32_t> out(count_);
    if (numbers_) {
      // In blocks, so that a hundred million keys need no list; all at once only where they depend on each
      // other.
      const std::size_t block = placement.traits().independent ? std::min(count_, kBlock) : count_;
      std::vector<std::uint64_t> keys(block);
      for (std::size_t start = 0; start < count_; start += block) {
        const std::size_t size = std::min(block, count_ - start);
        std::iota(keys.begin(), keys.end(), start + 1);
        placement.place_all(std::span(keys).first(size), std::span(out).subspan(start, size));
      }
      return out;
    }
    std::vector<std::uint64_t> hashes(count_);
    for (std::size_t i = 0; i < count_; ++i) {
      lua_rawgeti(L_, index_, static_cast<int>(i + 1));
      const auto hash = hash_at(L_, lua_gettop(L_), placement);
      if (!hash) {
        throw ScriptError(fmt::format("bad argument 'keys': expected strings and numbers, got {} at [{}]",
                                      describe_argument(L_, lua_gettop(L_)), i + 1));
      }
      hashes[i] = *hash;
      lua_pop(L_, 1);
    }
    placement.place_hashes(hashes, out);
    return out;
  }

 private:
  lua_State* L_;
  int index_;
  std::size_t count_ = 0;
  bool numbers_ = false;
};

void set_number(lua_State* L, const char* key, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, key);
}

// A table from the names of a placement's nodes to counts.
void set_counts(lua_State* L, const char* key, const Placement& placement,
                const std::vector<std::uint64_t>& counts) {
  lua_createtable(L, 0, static_cast<int>(counts.size()));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    push_name(L, placement, i);
    lua_pushnumber(L, static_cast<double>(counts[i]));
    lua_rawset(L, -3);
  }
  lua_setfield(L, -2, key);
}

int spread_data(lua_State* L, Placement& placement) {
  require_nodes(placement);
  const std::vector<std::uint32_t> places = Keys(L, 2).places(placement);
  const Spread s = spread_of_places(placement.nodes(), places);
  lua_createtable(L, 0, 5);
  set_counts(L, "keys", placement, s.keys);
  set_number(L, "total", static_cast<double>(places.size()));
  set_number(L, "max_over_fair", s.max_over_fair);
  set_number(L, "deviation", s.deviation);
  set_number(L, "chi_square", s.chi_square);
  return 1;
}

int moved_data(lua_State* L, Placement& before) {
  const Placement* after = object_at<Placement>(L, 2);
  if (after == nullptr) {
    throw ScriptError(
        fmt::format("bad argument 'after': expected a Placement, got {}", describe_argument(L, 2)));
  }
  require_nodes(before);
  require_nodes(*after);
  const Keys keys(L, 3);
  const Moved m = moved_of_places(before.nodes(), keys.places(before), after->nodes(), keys.places(*after));
  lua_createtable(L, 0, 5);
  set_number(L, "keys", static_cast<double>(m.keys));
  set_number(L, "moved", static_cast<double>(m.moved));
  set_number(L, "needless", static_cast<double>(m.needless));
  set_counts(L, "lost", before, m.lost);
  set_counts(L, "gained", *after, m.gained);
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
        method<&algorithm>("algorithm", "() -> string", "How it places keys: \"ring\"."),
        method<&place>("place", "(key) -> name | nil, Error",
                       "The home of a key; an error with code \"unavailable\" where there is no node."),
        method<&take>(
            "take", "(key) -> name | nil, Error",
            "As place, and the node carries the key from now on: for bounded_load, which looks at loads."),
        method<&release>("release", "(name) -> boolean",
                         "One of the keys that the node took is gone; false where it carries none."),
        method<&replicas>("replicas", "(key, count) -> list of names",
                          "The first nodes for a key, its home first."),
        method<&add>("add", "(name, weight = 1)", "Adds a node."),
        method<&remove>("remove", "(name)", "Removes a node."),
        method<&nodes>("nodes", "() -> list of {name, weight}", "All nodes, sorted by name."),
        method<&copy>("copy", "() -> Placement",
                      "The same placement, on its own: to compare before and after."),
        method<&memory>("memory", "() -> bytes", "What it takes, beside the names of the nodes."),
        lua_method("spread", "(keys) -> {keys, total, max_over_fair, deviation, chi_square}",
                   "How keys are shared, as numbers and, printed, as bars. `keys` is a list, or a number n "
                   "for the keys "
                   "1 to n. In the result: `keys` by node, the fullest against its fair share, the standard "
                   "deviation "
                   "of the shares, and chi-square (about nodes - 1 for a perfect hash).",
                   "placement_view", "spread"),
        method<&spread_data>("spread_data", "(keys) -> table", "The numbers of spread, without the picture."),
        lua_method("moved", "(after, keys) -> {keys, moved, needless, lost, gained}",
                   "How many keys have another home in `after`, how many of those needlessly (between nodes "
                   "that are "
                   "in both), and what each node lost and gained; printed, as bars.",
                   "placement_view", "moved"),
        method<&moved_data>("moved_data", "(after, keys) -> table",
                            "The numbers of moved, without the picture."),
    },
    &show)};

}  // namespace

Param nodes_param() {
  return list("nodes", "a list of names or of { name =, weight = }, or a map from names to weights")
      .optional("none yet");
}

std::vector<PlacedNode> placed_nodes(lua_State* L, const Arguments& arguments, const char* option) {
  std::vector<PlacedNode> nodes;
  const int index = arguments.index_of(option);
  if (index == 0) return nodes;
  const auto weight_at = [&](int where) {
    if (lua_isnil(L, where)) return 1.0;
    const double weight = lua_type(L, where) == LUA_TNUMBER ? lua_tonumber(L, where) : 0;
    if (!(weight > 0 && weight <= 1000)) {
      arguments.reject(option, fmt::format("expected a weight above 0 and at most 1000, got {}",
                                           describe_argument(L, where)));
    }
    return weight;
  };
  const auto text_at = [&](int where) {
    std::size_t length = 0;
    const char* text = lua_tolstring(L, where, &length);
    return std::string(text, length);
  };
  // The list first, in its order, which some placements depend on; then the map, by name.
  const auto listed = static_cast<int>(lua_objlen(L, index));
  for (int i = 1; i <= listed; ++i) {
    lua_rawgeti(L, index, i);
    const int content = lua_gettop(L);
    if (lua_type(L, content) == LUA_TSTRING) {
      nodes.push_back({text_at(content), 1});
    } else if (lua_type(L, content) == LUA_TTABLE) {
      lua_getfield(L, content, "name");
      lua_getfield(L, content, "weight");
      if (lua_type(L, -2) != LUA_TSTRING) {
        arguments.reject(option,
                         fmt::format("a node's name should be a string, got {}", describe_argument(L, -2)));
      }
      nodes.push_back({text_at(-2), weight_at(lua_gettop(L))});
    } else {
      arguments.reject(option, fmt::format("expected names, got {}", describe_argument(L, content)));
    }
    lua_settop(L, content - 1);
  }
  std::vector<PlacedNode> mapped;
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const int content = lua_gettop(L);
    if (lua_type(L, content - 1) == LUA_TSTRING) {
      mapped.push_back({text_at(content - 1), weight_at(content)});
    } else if (lua_type(L, content - 1) != LUA_TNUMBER) {
      arguments.reject(option, fmt::format("expected names, got {}", describe_argument(L, content - 1)));
    }
    lua_settop(L, content - 1);
  }
  std::sort(mapped.begin(), mapped.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  nodes.insert(nodes.end(), mapped.begin(), mapped.end());
  return nodes;
}

int push_placement(lua_State* L, const Arguments& arguments, std::unique_ptr<Placement> placement) {
  const std::string problem = placement->reset(placed_nodes(L, arguments));
  if (!problem.empty()) arguments.reject("nodes", problem);
  return push(L, std::move(placement));
}

}  // namespace syslab
