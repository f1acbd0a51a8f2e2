#include "core/hash/jump.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component jump{{
    .name = "hash.jump",
    .summary = "Jump consistent hash: no table, perfectly even, minimal movement; but nodes are numbered in "
               "the order in "
               "which they came, and only the last one can leave.",
    .params = {nodes_param()},
    .returns = "Placement",
    .cost = "O(ln nodes) a key, 4 bytes a node",
    .paper = "Lamping & Veach 2014, A fast, minimal memory, consistent hash algorithm",
    .example = R"(local four = lab.hash.jump{ nodes = { "a", "b", "c", "d" } }
local five = four:copy()
five:add("e")
local moved = four:moved(five, 10000)
return moved.needless == 0 and moved.moved == five:spread(10000).keys.e and not pcall(five.remove, five, "a"))",
    .make = [](lua_State* L, Arguments& a) { return push_placement(L, a, make_jump()); },
}};

const Component jump_bucket_function{{
    .name = "hash.jump_bucket",
    .summary = "The bucket of a number among so many, counted from 0, by jump consistent hash; the number is "
               "not hashed "
               "before, as in the paper.",
    .params = {count("key", "the key, as a whole number").at_most(0x1p53),
               count("buckets", "how many there are").at_least(1).at_most(0x7FFFFFFF)},
    .returns = "number",
    .cost = "O(ln buckets)",
    .paper = "Lamping & Veach 2014",
    .example = "return lab.hash.jump_bucket(256, 1024) == 520 and lab.hash.jump_bucket(42, 57) == 43",
    .make =
        [](lua_State* L, Arguments& a) {
          lua_pushnumber(L, jump_bucket(a.count("key"), static_cast<std::uint32_t>(a.count("buckets"))));
          return 1;
        },
}};

}  // namespace
}  // namespace syslab
