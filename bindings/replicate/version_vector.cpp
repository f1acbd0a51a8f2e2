#include "core/replicate/version_vector.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

// Another VersionVector, or a table of replica to number.
VersionVector vector_at(lua_State* L, int index) {
  if (const auto* other = object_at<VersionVector>(L, index)) return *other;
  const auto decoded = VersionVector::decode(to_value(L, index));
  if (!decoded) throw ScriptError(decoded.error().message);
  return *decoded;
}

int compare(lua_State* L, VersionVector& v) {
  const std::string_view text = to_string(v.compare(vector_at(L, 2)));
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int get(lua_State* L, VersionVector& v, Arguments& a) {
  lua_pushnumber(L, static_cast<double>(v[a.string("replica")]));
  return 1;
}

int increment(lua_State* L, VersionVector& v, Arguments& a) {
  lua_pushnumber(L, static_cast<double>(v.increment(a.string("replica"))));
  return 1;
}

int merge(lua_State* L, VersionVector& v) {
  lua_pushboolean(L, v.merge(vector_at(L, 2)));
  return 1;
}

int values(lua_State* L, VersionVector& v) {
  push_value(L, v.encode());
  return 1;
}

const Param replica = string("replica", "its name");

const Type version_vector_type{describe_type<VersionVector>(
    "VersionVector", "For each replica, how many of its events are known.",
    {
        method<&compare>("compare", "(other) -> string",
                         "Of a VersionVector or a table: 'equal', 'before', 'after' or 'concurrent'."),
        method<&get>("get", {replica}, "number", "How many events of the replica are known."),
        method<&increment>("increment", {replica}, "number", "One more event of the replica: its number."),
        method<&merge>("merge", "(other) -> boolean",
                       "Knows from now on what either knew; whether that is more."),
        method<&values>("values", "() -> table", "Replica to number."),
    },
    [](lua_State* L, int index) { return object_at<VersionVector>(L, index)->encode().json(); })};

const Component version_vector{{
    .name = "replicate.version_vector",
    .summary = "For each replica, how many of its events are known: which of two states is newer, and when "
               "neither is.",
    .params = {table("values", "replica to number").optional("nothing is known")},
    .returns = "VersionVector",
    .cost = "O(replicas) a comparison",
    .paper = "Parker et al. 1983, Detection of Mutual Inconsistency in Distributed Systems",
    .example = R"(local v = lab.replicate.version_vector{ values = { a = 2, b = 1 } }
local u = lab.replicate.version_vector{ values = { a = 2 } }
local before = u:compare(v)
u:increment("c")
return before == "before" and u:compare(v) == "concurrent")",
    .make =
        [](lua_State* L, Arguments& a) {
          VersionVector v;
          if (a.has("values")) {
            const auto decoded = VersionVector::decode(to_value(L, a.index_of("values")));
            if (!decoded) a.reject("values", decoded.error().message);
            v = *decoded;
          }
          return push(L, std::make_shared<VersionVector>(std::move(v)));
        },
}};

}  // namespace
}  // namespace syslab
