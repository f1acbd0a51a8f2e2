#include "core/sketch/space_saving.hpp"

#include "bindings/sketch/sketch.hpp"

namespace syslab {
namespace {

// A key that the table can keep: a text, or a whole number.
template <class Text, class Number>
auto with_key(lua_State* L, int index, Text&& text, Number&& number) {
  if (lua_type(L, index) == LUA_TSTRING) return text(string_argument(L, index, "key"));
  const double n = lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : -1;
  if (!(n >= 0 && n <= 0x1p53 && n == std::floor(n))) {
    throw ScriptError(
        fmt::format("bad argument 'key': expected a string or a whole number from 0 to 2^53, got {}",
                    describe_argument(L, index)));
  }
  return number(static_cast<std::uint64_t>(n));
}

int add(lua_State* L, SpaceSaving& sketch) {
  const std::uint64_t count = count_argument(L, 3);
  const bool added = with_key(
      L, 2, [&](std::string_view text) { return sketch.add(text, count); },
      [&](std::uint64_t id) { return sketch.add(id, count); });
  if (!added) return push_failure(L, make_error("full", "all counts together would be 2^64 or more"));
  lua_pushboolean(L, true);
  return 1;
}

int add_all(lua_State* L, SpaceSaving& sketch) {
  const auto ids = ids_argument(L, 2);
  for (const std::uint64_t id : ids) sketch.add(id);
  lua_pushnumber(L, static_cast<double>(ids.size()));
  return 1;
}

int estimate(lua_State* L, SpaceSaving& sketch) {
  const SpaceSaving::Heavy h = with_key(
      L, 2, [&](std::string_view text) { return sketch.find(text); },
      [&](std::uint64_t id) { return sketch.find(id); });
  lua_pushnumber(L, static_cast<double>(h.count));
  lua_pushnumber(L, static_cast<double>(h.error));
  return 2;
}

int top(lua_State* L, SpaceSaving& sketch) {
  const double n = lua_isnoneornil(L, 2) ? static_cast<double>(sketch.size()) : number_argument(L, 2, "n");
  if (!(n >= 0)) throw ScriptError("bad argument 'n': expected a number of keys of at least 0");
  const auto heavy = sketch.top(static_cast<std::size_t>(std::min(n, 1e9)));
  lua_createtable(L, static_cast<int>(heavy.size()), 0);
  for (std::size_t i = 0; i < heavy.size(); ++i) {
    lua_createtable(L, 0, 3);
    if (heavy[i].is_text) {
      lua_pushlstring(L, heavy[i].text.data(), heavy[i].text.size());
    } else {
      lua_pushnumber(L, static_cast<double>(heavy[i].id));
    }
    lua_setfield(L, -2, "key");
    lua_pushnumber(L, static_cast<double>(heavy[i].count));
    lua_setfield(L, -2, "count");
    lua_pushnumber(L, static_cast<double>(heavy[i].error));
    lua_setfield(L, -2, "error");
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int total(lua_State* L, SpaceSaving& sketch) {
  lua_pushnumber(L, static_cast<double>(sketch.total()));
  return 1;
}

const Type space_saving_type{describe_type<SpaceSaving>(
    "SpaceSaving", "The keys that came most often, and their counts. Keys are strings or whole numbers.",
    with_sketch_methods<SpaceSaving>({
        method<&add>("add", "(key, count = 1) -> true | nil, err", "Counts a key."),
        method<&add_all>("add_all", "(trace | n) -> number", "Counts the ids of a trace, or 1 to n."),
        method<&estimate>("estimate", "(key) -> count, error",
                          "How often a key came: at most count, and at least count - error."),
        method<&top>("top", "(n?) -> list of {key, count, error}", "The keys with the largest counts."),
        method<&total>("total", "() -> number", "All counts."),
    }),
    &sketch_methods::show<SpaceSaving>)};

const Component space_saving{{
    .name = "sketch.space_saving",
    .summary = "Space-saving: which keys come most often? A table of fixed size holds every key that came "
               "more often "
               "than 1/places of all.",
    .params = {count("places", "keys that it holds").at_least(1).at_most(1e7).optional(),
               number("epsilon",
                      "the largest error of a count, as a share of all counts; gives 1/epsilon places")
                   .above(0)
                   .at_most(1)
                   .optional("0.01")},
    .returns = "SpaceSaving",
    .cost = "O(1) a key, about 80 bytes a place",
    .paper = "Metwally, Agrawal & El Abbadi 2005, Efficient computation of frequent and top-k elements in "
             "data streams",
    .example = R"(local t = lab.sketch.space_saving{ places = 2 }
for key in ("abacadaa"):gmatch(".") do t:add(key) end
local first = t:top(1)[1]
return first.key == "a" and first.count == 5 and first.error == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          if (a.has("places") && a.has("epsilon")) a.reject("places", "give either it or epsilon");
          const double places = a.has("places") ? static_cast<double>(a.count("places"))
                                                : std::ceil(1 / a.number("epsilon", 0.01));
          if (places > 1e7) a.reject("epsilon", "this would take more than 10 million places");
          return push(L, std::make_shared<SpaceSaving>(static_cast<std::size_t>(places)));
        },
}};

}  // namespace
}  // namespace syslab
