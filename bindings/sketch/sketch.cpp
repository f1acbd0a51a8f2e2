#include "bindings/sketch/sketch.hpp"

#include <numeric>

namespace syslab {

void check_sketch_bytes(const Arguments& a, std::string_view option, double bytes) {
  if (bytes <= kMostSketchBytes) return;
  a.reject(option, fmt::format("this sketch would take {:.3g} GB; at most 2 are allowed", bytes / 1e9));
}

std::uint64_t key_hash_argument(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return hash64(string_argument(L, index, "key"));
  if (lua_type(L, index) == LUA_TNUMBER) {
    const double number = lua_tonumber(L, index);
    if (number == number) return hash_key(number);
    throw ScriptError("bad argument 'key': NaN is no key, for it equals nothing");
  }
  throw ScriptError(
      fmt::format("bad argument 'key': expected a string or a number, got {}", describe_argument(L, index)));
}

std::uint64_t count_argument(lua_State* L, int index) {
  if (lua_isnoneornil(L, index)) return 1;
  const double count = number_argument(L, index, "count");
  if (!(count >= 1 && count <= 0x1p53 && count == std::floor(count))) {
    throw ScriptError(
        fmt::format("bad argument 'count': expected a whole number from 1 to 2^53, got {}", count));
  }
  return static_cast<std::uint64_t>(count);
}

std::vector<std::uint64_t> ids_argument(lua_State* L, int index) {
  std::vector<std::uint64_t> ids;
  if (RequestTrace* trace = object_at<RequestTrace>(L, index)) {
    for_each_batch(L, *trace, [&](const RequestBatch& batch) {
      if (static_cast<double>(ids.size() + batch.ids.size()) > kMostSketchKeys) {
        throw ScriptError("bad argument 'keys': the trace has more than 100 million requests");
      }
      ids.insert(ids.end(), batch.ids.begin(), batch.ids.end());
    });
    return ids;
  }
  if (lua_type(L, index) != LUA_TNUMBER) {
    throw ScriptError(
        fmt::format("bad argument 'keys': expected a RequestTrace, or a number n for the keys 1 to n, "
                    "got {}",
                    describe_argument(L, index)));
  }
  const double n = lua_tonumber(L, index);
  if (!(n >= 1 && n <= kMostSketchKeys && n == std::floor(n))) {
    throw ScriptError(
        fmt::format("bad argument 'keys': expected a whole number from 1 to {}, got {}", kMostSketchKeys, n));
  }
  ids.resize(static_cast<std::size_t>(n));
  std::iota(ids.begin(), ids.end(), 1);
  return ids;
}

int push_accuracy(lua_State* L, const Accuracy& a) {
  lua_createtable(L, 0, 11);
  lua_pushstring(L, a.error.c_str());
  lua_setfield(L, -2, "error");
  const std::pair<const char*, double> numbers[] = {
      {"measured", a.measured},
      {"theory", a.theory},
      {"quotient", a.accuracy_quotient()},
      {"outside", a.outside},
      {"items", static_cast<double>(a.items)},
      {"keys", static_cast<double>(a.keys)},
      {"memory", static_cast<double>(a.memory_bytes)},
      {"theory_memory", static_cast<double>(a.theory_bytes)},
      {"memory_quotient", a.memory_quotient()},
      {"exact_memory", static_cast<double>(a.exact_bytes)},
  };
  for (const auto& [name, number] : numbers) {
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
  }
  return 1;
}

}  // namespace syslab
