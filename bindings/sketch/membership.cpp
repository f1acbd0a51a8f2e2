// The Lua type MembershipFilter.
#include "core/sketch/membership.hpp"

#include "bindings/sketch/sketch.hpp"

namespace syslab {
namespace {

Error full(const MembershipFilter& filter) {
  return make_error("full", fmt::format("no room for another key: it holds {}", filter.size()));
}

int add(lua_State* L, MembershipFilter& filter) {
  if (!filter.add(key_hash_argument(L, 2))) return push_failure(L, full(filter));
  lua_pushboolean(L, true);
  return 1;
}

int add_all(lua_State* L, MembershipFilter& filter) {
  const std::uint64_t before = filter.size();
  for (const std::uint64_t id : ids_argument(L, 2)) {
    if (!filter.add(hash64(id))) return push_failure(L, full(filter));
  }
  lua_pushnumber(L, static_cast<double>(filter.size() - before));
  return 1;
}

int contains(lua_State* L, MembershipFilter& filter) {
  lua_pushboolean(L, filter.contains(key_hash_argument(L, 2)));
  return 1;
}

int remove(lua_State* L, MembershipFilter& filter) {
  if (!filter.removable()) {
    throw ScriptError(
        fmt::format("a {} cannot forget a key: its bits may be those of others, too", filter.name()));
  }
  lua_pushboolean(L, filter.remove(key_hash_argument(L, 2)));
  return 1;
}

int size(lua_State* L, MembershipFilter& filter) {
  lua_pushnumber(L, static_cast<double>(filter.size()));
  return 1;
}

int fp_rate(lua_State* L, MembershipFilter& filter) {
  const double keys =
      lua_isnoneornil(L, 2) ? static_cast<double>(filter.size()) : number_argument(L, 2, "keys");
  if (!(keys >= 0)) throw ScriptError("bad argument 'keys': expected a number of keys of at least 0");
  lua_pushnumber(L, filter.expected_false_positives(keys));
  return 1;
}

const Type membership{describe_type<MembershipFilter>(
    "MembershipFilter",
    "Says whether a key may have been added: no is certain, yes is wrong now and then. Keys are strings or "
    "numbers.",
    with_sketch_methods<MembershipFilter>({
        method<&add>(
            "add", "(key) -> true | nil, err",
            "Adds a key. err.code is 'full' where a cuckoo filter has no room; then nothing has changed."),
        method<&add_all>("add_all", "(trace | n) -> number | nil, err",
                         "Adds the ids of a trace, or 1 to n."),
        method<&contains>("contains", "(key) -> boolean", "False: it certainly was not added."),
        method<&fp_rate>(
            "fp_rate", "(keys?) -> number",
            "How often a stranger is reported, by theory, at the present number of keys or another."),
        method<&remove>(
            "remove", "(key) -> boolean",
            "Takes out a key that was added; false where it certainly was not. An error for a plain Bloom "
            "filter."),
        method<&size>("size", "() -> number", "Keys added, less those removed."),
    }),
    &sketch_methods::show<MembershipFilter>)};

}  // namespace
}  // namespace syslab
