#include <catch2/catch.hpp>

#include "bindings/cache/scripted_policy.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;

namespace {

// One host for all caches of the conformance test, which come and go while it stays.
lua_State* state() {
  static LuaHost host{LuaOptions{}};
  return host.state();
}

// A policy in Lua: the hooks as a table.
std::unique_ptr<Cache> scripted(const char* code, CacheCapacity capacity) {
  lua_State* L = state();
  const int top = lua_gettop(L);
  int results = 0;
  const LuaHost::Outcome outcome = LuaHost::of(L).run_string(code, "=policy", &results);
  INFO(outcome.message);
  REQUIRE(outcome.ok());
  const int hooks = lua_gettop(L);
  const auto hook = [&](const char* name) {
    lua_getfield(L, hooks, name);
    return lua_isnil(L, -1) ? 0 : lua_gettop(L);
  };
  auto cache = make_custom(L, capacity,
                           {.start = hook("start"),
                            .on_insert = hook("on_insert"),
                            .on_hit = hook("on_hit"),
                            .victim = hook("victim"),
                            .on_remove = hook("on_remove"),
                            .advance = hook("advance")});
  lua_settop(L, top);
  return cache;
}

// Least recently used, by numbering the uses: victim() looks at all. Slow, short, and right.
constexpr const char* kLru = R"(return {
  start = function(p) p.now, p.used = 0, {} end,
  on_insert = function(p, key) p.now = p.now + 1; p.used[key] = p.now end,
  on_hit = function(p, key) p.now = p.now + 1; p.used[key] = p.now end,
  victim = function(p)
    local oldest
    for key, at in pairs(p.used) do
      if not oldest or at < p.used[oldest] then oldest = key end
    end
    return oldest
  end,
  on_remove = function(p, key) p.used[key] = nil end,
})";

const test::RegisteredCache registered("custom",
                                       [](CacheCapacity capacity) { return scripted(kLru, capacity); });

}  // namespace

TEST_CASE("custom: a policy written in Lua evicts whom it names", "[cache][custom]") {
  const auto cache = scripted(kLru, CacheCapacity::entries(2));
  cache->put("a", 1.0);
  cache->put("b", 2.0);
  cache->get("a");
  cache->put("c", 3.0);
  REQUIRE(cache->contains("a"));
  REQUIRE_FALSE(cache->contains("b"));
  cache->check_invariants();
}

TEST_CASE("custom: each cache has a table of its own", "[cache][custom]") {
  const auto cache = scripted(kLru, CacheCapacity::entries(2));
  cache->replay(std::vector<std::uint64_t>{1, 2, 3});
  const auto other = cache->fresh();
  other->replay(std::vector<std::uint64_t>{7, 8, 9, 8});
  other->check_invariants();
  cache->replay(std::vector<std::uint64_t>{2, 4});
  REQUIRE(cache->contains(2u));
  cache->clear();
  cache->check_invariants();
  cache->replay(std::vector<std::uint64_t>{5, 6, 7});
  REQUIRE(cache->size() == 2);
}

TEST_CASE("custom: a policy that fails puts the cache out of order until clear", "[cache][custom]") {
  const auto cache = scripted(R"(return {
    on_insert = function(p, key) if key == "bad" then error("no") end end,
    victim = function() return "not here" end,
    on_remove = function() end,
  })",
                              CacheCapacity::entries(2));
  cache->put("a", 1.0);
  REQUIRE_THROWS_WITH(cache->put("bad", 1.0), Catch::Contains("on_insert: policy:2: no"));
  REQUIRE_THROWS_WITH(cache->put("b", 1.0), Catch::Contains("out of order until clear()"));
  cache->clear();
  cache->put("a", 1.0);
  cache->put("b", 1.0);
  REQUIRE_THROWS_WITH(cache->put("c", 1.0), Catch::Contains("expected a key that is in the cache, got"));
  cache->clear();
  cache->check_invariants();
}

TEST_CASE("custom: a policy that ages is told the time, and never an earlier one", "[cache][custom]") {
  const auto cache = scripted(R"(return {
    start = function(p) p.now, p.since = 0, {} end,
    advance = function(p, now) assert(now >= p.now); p.now = now end,
    on_insert = function(p, key) p.since[key] = p.now end,
    victim = function(p)  -- whoever has been here for the longest time
      local oldest
      for key, at in pairs(p.since) do
        if not oldest or at < p.since[oldest] then oldest = key end
      end
      return oldest
    end,
    on_remove = function(p, key) p.since[key] = nil end,
  })",
                              CacheCapacity::entries(2));
  const auto at = [](int seconds) { return Instant(std::chrono::seconds(seconds)); };
  cache->advance(at(5));
  cache->put("young", true);
  cache->advance(at(3));  // ignored
  cache->put("also young", true);
  cache->advance(at(9));
  cache->erase("young");
  cache->put("new", true);
  cache->put("newest", true);
  REQUIRE_FALSE(cache->contains("also young"));
  REQUIRE(cache->contains("new"));
  const std::vector<std::uint64_t> ids{1, 2, 3};
  const auto timed = cache->fresh();
  timed->replay_timed(ids, {}, std::vector<Instant>{at(1), at(2), at(3)});
  REQUIRE_FALSE(timed->contains(1u));
}

TEST_CASE("custom: ids that Lua cannot tell apart are refused", "[cache][custom]") {
  const auto cache = scripted(kLru, CacheCapacity::entries(4));
  const std::uint64_t id = (1ull << 60) + 1;
  cache->put(id, true);
  REQUIRE_THROWS_WITH(cache->put(id + 1, true), Catch::Contains("one number in Lua"));
}
