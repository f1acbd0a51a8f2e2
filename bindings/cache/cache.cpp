#include "bindings/cache/cache.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/workload/workload.hpp"
#include "core/cache/ttl.hpp"

namespace syslab {
namespace {

Key key_argument(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TNUMBER) {
    const double number = lua_tonumber(L, index);
    if (number == number) return number;
  } else if (lua_type(L, index) == LUA_TSTRING) {
    return string_argument(L, index, "key");
  }
  throw ScriptError(
      fmt::format("bad argument 'key': expected a string or a number, got {}", describe_argument(L, index)));
}

int push_hit(lua_State* L, const Value* value) {
  if (value == nullptr) {
    lua_pushnil(L);
  } else {
    push_value(L, *value);
  }
  return 1;
}

int get(lua_State* L, Cache& cache) {
  return push_hit(L, cache.get(key_argument(L, 2)));
}

int peek(lua_State* L, Cache& cache) {
  return push_hit(L, cache.peek(key_argument(L, 2)));
}

int contains(lua_State* L, Cache& cache) {
  lua_pushboolean(L, cache.contains(key_argument(L, 2)));
  return 1;
}

Value value_argument(lua_State* L, int index) {
  return lua_isnoneornil(L, index) ? Value(true) : to_value(L, index);
}

std::uint64_t size_argument(lua_State* L, int index, const Cache& cache, const Key& key, const Value& value) {
  if (!lua_isnoneornil(L, index)) {
    const double bytes = number_argument(L, index, "size");
    if (!(bytes >= 0 && bytes <= 0x1p53)) {
      throw ScriptError(fmt::format("bad argument 'size': expected a number of bytes, got {}", bytes));
    }
    return static_cast<std::uint64_t>(bytes);
  }
  if (cache.capacity().unit != CacheCapacity::Unit::bytes) return 1;
  return (key.kind() == Key::Kind::text ? key.text().size() : 8) + value.size_bytes();
}

int put(lua_State* L, Cache& cache) {
  const Key key = key_argument(L, 2);
  Value value = value_argument(L, 3);
  const std::uint64_t size = size_argument(L, 4, cache, key, value);
  lua_pushboolean(L, cache.put(key, std::move(value), size));
  return 1;
}

int put_for(lua_State* L, Cache& cache) {
  auto* mortal = dynamic_cast<TtlCache*>(&cache);
  if (mortal == nullptr) throw ScriptError("entries of this cache do not expire; put it into lab.cache.ttl");
  const Duration ttl = duration_argument(L, 2, "ttl");
  if (ttl <= Duration::zero()) throw ScriptError("bad argument 'ttl': expected a time above 0");
  const Key key = key_argument(L, 3);
  Value value = value_argument(L, 4);
  const std::uint64_t size = size_argument(L, 5, cache, key, value);
  lua_pushboolean(L, mortal->put_for(key, std::move(value), ttl, size));
  return 1;
}

int advance(lua_State* L, Cache& cache) {
  cache.advance(Instant(duration_argument(L, 2, "now")));
  return 0;
}

int erase(lua_State* L, Cache& cache) {
  lua_pushboolean(L, cache.erase(key_argument(L, 2)));
  return 1;
}

int clear(lua_State*, Cache& cache) {
  cache.clear();
  return 0;
}

int keys(lua_State* L, Cache& cache) {
  const std::vector<Value> all = cache.keys();
  lua_createtable(L, static_cast<int>(all.size()), 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    push_value(L, all[i]);
    lua_rawseti(L, -2, static_cast<int>(i + 1));
  }
  return 1;
}

int size(lua_State* L, Cache& cache) {
  lua_pushnumber(L, static_cast<double>(cache.size()));
  return 1;
}

int used(lua_State* L, Cache& cache) {
  lua_pushnumber(L, static_cast<double>(cache.used()));
  return 1;
}

int capacity(lua_State* L, Cache& cache) {
  lua_pushnumber(L, static_cast<double>(cache.capacity().amount));
  lua_pushstring(L, cache.capacity().unit == CacheCapacity::Unit::bytes ? "bytes" : "entries");
  return 2;
}

// What happened since `before`.
void push_stats(lua_State* L, const CacheStats& now, const CacheStats& before) {
  const auto hits = static_cast<double>(now.hits - before.hits);
  const auto misses = static_cast<double>(now.misses - before.misses);
  lua_createtable(L, 0, 7);
  const auto set = [L](const char* name, double number) {
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
  };
  set("hits", hits);
  set("misses", misses);
  set("hit_ratio", hits + misses > 0 ? hits / (hits + misses) : 0);
  set("insertions", static_cast<double>(now.insertions - before.insertions));
  set("evictions", static_cast<double>(now.evictions - before.evictions));
  set("rejections", static_cast<double>(now.rejections - before.rejections));
}

int stats(lua_State* L, Cache& cache) {
  push_stats(L, cache.stats(), {});
  if (const auto* mortal = dynamic_cast<const TtlCache*>(&cache)) {
    lua_pushnumber(L, static_cast<double>(mortal->expired()));
    lua_setfield(L, -2, "expired");
  }
  return 1;
}

int reset_stats(lua_State*, Cache& cache) {
  cache.reset_stats();
  return 0;
}

int replay(lua_State* L, Cache& cache) {
  const CacheStats before = cache.stats();
  if (lua_type(L, 2) == LUA_TTABLE) {
    const auto n = static_cast<int>(lua_objlen(L, 2));
    for (int i = 1; i <= n; ++i) {
      lua_rawgeti(L, 2, i);
      const Key key = key_argument(L, -1);
      if (cache.get(key) == nullptr) cache.put(key, Value());
      lua_pop(L, 1);
    }
  } else {
    RequestTrace* trace = object_at<RequestTrace>(L, 2);
    if (trace == nullptr) {
      throw ScriptError(fmt::format("bad argument 'trace': expected a RequestTrace or a list of keys, got {}",
                                    describe_argument(L, 2)));
    }
    for_each_batch(L, *trace, [&](const RequestBatch& batch) {
      if (batch.times.empty()) {
        cache.replay(batch.ids, batch.sizes);
      } else {
        cache.replay_timed(batch.ids, batch.sizes, batch.times);
      }
    });
  }
  push_stats(L, cache.stats(), before);
  return 1;
}

std::string show(lua_State* L, int index) {
  const auto& cache = *object_at<Cache>(L, index);
  const bool bytes = cache.capacity().unit == CacheCapacity::Unit::bytes;
  return fmt::format("{}, {} of {} {}", cache.name(), cache.used(), cache.capacity().amount,
                     bytes ? "bytes" : "entries");
}

const Type cache{describe_type<Cache>(
    "Cache",
    "Holds values under keys up to a capacity; its policy decides who leaves. Keys are strings or numbers; "
    "values are "
    "copied: nil, booleans, numbers, strings, lists and maps.",
    {
        method<&get>("get", "(key) -> value | nil",
                     "The value, or nil on a miss. Counts as a hit or a miss."),
        method<&put>(
            "put", "(key, value = true, size?) -> boolean",
            "Inserts or replaces, evicting others until it fits. False if it is larger than the whole cache. "
            "Without a size, a cache of bytes takes that of key and value."),
        method<&put_for>("put_for", "(ttl, key, value = true, size?) -> boolean",
                         "As put, with a time to live of its own. Only for a lab.cache.ttl."),
        method<&advance>("advance", "(now)",
                         "It is `now`, in seconds; earlier times are ignored. Only caches that age listen: "
                         "lab.cache.ttl, and lab.cache.sampled by lfu."),
        method<&peek>("peek", "(key) -> value | nil",
                      "The value, without counting and without telling the policy."),
        method<&contains>("contains", "(key) -> boolean", "Whether it is here, without telling the policy."),
        method<&erase>("erase", "(key) -> boolean", "Removes one entry; true if it was there."),
        method<&clear>("clear", "()", "Removes everything; the counters stay."),
        method<&keys>("keys", "() -> list", "All keys, the next victim last."),
        method<&size>("size", "() -> number", "How many entries are here."),
        method<&used>("used", "() -> number", "How much of the capacity is used."),
        method<&capacity>("capacity", "() -> number, 'entries' | 'bytes'", "The capacity and its unit."),
        method<&stats>("stats", "() -> {hits, misses, hit_ratio, insertions, evictions, rejections}",
                       "What happened so far. A lab.cache.ttl also has `expired`."),
        method<&reset_stats>("reset_stats", "()", "Sets the counters to zero."),
        method<&replay>(
            "replay", "(trace | list of keys) -> the same counters, of this replay",
            "Gets every key of a trace in turn, from its beginning, and on a miss puts it. The times of "
            "a trace that has some are told to the cache."),
    },
    &show)};

}  // namespace

std::vector<Param> cache_params(std::vector<Param> more) {
  std::vector<Param> params = {
      count("capacity", "most entries it holds").at_least(1).optional("capacity_bytes"),
      syslab::size("capacity_bytes", "most bytes it holds").at_least(1).optional("capacity"),
  };
  params.insert(params.end(), more.begin(), more.end());
  return params;
}

CacheCapacity cache_capacity(const Arguments& arguments) {
  if (arguments.has("capacity") && arguments.has("capacity_bytes")) {
    arguments.reject("capacity_bytes", "the capacity is in entries or in bytes, not both");
  }
  if (arguments.has("capacity_bytes")) return CacheCapacity::bytes(arguments.count("capacity_bytes"));
  if (!arguments.has("capacity"))
    arguments.reject("capacity", "it is missing: most entries it holds (or capacity_bytes)");
  return CacheCapacity::entries(arguments.count("capacity"));
}

}  // namespace syslab
