#include "core/hash/maglev.hpp"

#include <fmt/format.h>

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

std::uint32_t size_of(const Arguments& a) {
  const std::uint64_t size = a.count("size", Maglev::kSize);
  if (!is_prime(static_cast<std::uint32_t>(size))) {
    std::uint32_t below = static_cast<std::uint32_t>(size), above = below;
    while (below > 2 && !is_prime(below)) --below;
    while (!is_prime(above)) ++above;
    a.reject("size",
             fmt::format("expected a prime number, got {} (near it are {} and {})", size, below, above));
  }
  return static_cast<std::uint32_t>(size);
}

const Component maglev{{
    .name = "hash.maglev",
    .summary = "A table that nodes fill in turns: the most even and the fastest, at the price of a few keys "
               "that move "
               "needlessly.",
    .params = {nodes_param(), count("size", "entries of the table: a prime, 100 times the nodes or more")
                                  .at_least(2)
                                  .at_most(Maglev::kMostSize)
                                  .optional("65537")},
    .returns = "Placement",
    .cost = "O(1) a key, 1 ns; 4 bytes an entry, built anew at a change of nodes (2 ms)",
    .paper = "Eisenbud et al. 2016, Maglev: a fast and reliable software network load balancer",
    .example = R"(local five = lab.hash.maglev{ nodes = { "a", "b", "c", "d", "e" } }
local four = five:copy()
four:remove("c")
local moved = five:moved(four, 100000)
return five:spread(100000).max_over_fair < 1.02 and moved.needless / moved.keys < 0.01)",
    .make = [](lua_State* L, Arguments& a) { return push_placement(L, a, make_maglev(size_of(a))); },
}};

std::vector<std::uint32_t> whole_numbers(lua_State* L, const Arguments& a, const char* name,
                                         std::uint32_t low, std::uint32_t below) {
  std::vector<std::uint32_t> out;
  const int index = a.index_of(name);
  for (int i = 1; i <= static_cast<int>(lua_objlen(L, index)); ++i) {
    lua_rawgeti(L, index, i);
    const double n = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
    if (!(n >= low && n < below) || n != static_cast<double>(static_cast<std::uint32_t>(n))) {
      a.reject(name, fmt::format("expected whole numbers from {} to {}, got {} at [{}]", low, below - 1,
                                 describe_argument(L, lua_gettop(L)), i));
    }
    out.push_back(static_cast<std::uint32_t>(n));
    lua_pop(L, 1);
  }
  return out;
}

const Component maglev_table_function{{
    .name = "hash.maglev_table",
    .summary = "Maglev's look-up table from given permutations: which node, counted from 1, has each entry.",
    .params = {list("offsets", "the first entry that each node tries, from 0"),
               list("skips", "how far on each node tries next, from 1"),
               count("size", "entries of the table: a prime").at_least(2).at_most(Maglev::kMostSize)},
    .returns = "list of node numbers",
    .cost = "O(size ln size)",
    .paper = "Eisenbud et al. 2016, table 1",
    .example = R"(local before = lab.hash.maglev_table{ offsets = { 3, 0, 3 }, skips = { 4, 2, 1 }, size = 7 }
return table.concat(before, " ") == "2 1 2 1 3 3 1")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::uint32_t size = size_of(a);
          const auto offsets = whole_numbers(L, a, "offsets", 0, size);
          const auto skips = whole_numbers(L, a, "skips", 1, size);
          if (offsets.empty() || offsets.size() > size) {
            a.reject("offsets", fmt::format("expected 1 to {} nodes, got {}", size, offsets.size()));
          }
          if (skips.size() != offsets.size()) {
            a.reject("skips",
                     fmt::format("expected as many as offsets, {}, got {}", offsets.size(), skips.size()));
          }
          const auto table = maglev_table(offsets, skips, size);
          lua_createtable(L, static_cast<int>(table.size()), 0);
          for (std::size_t i = 0; i < table.size(); ++i) {
            lua_pushnumber(L, table[i] + 1.0);
            lua_rawseti(L, -2, static_cast<int>(i + 1));
          }
          return 1;
        },
}};

}  // namespace
}  // namespace syslab
