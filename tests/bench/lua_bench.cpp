// The border between Lua and C++, and processes written in Lua.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bindings/host/lua_host.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

// Compiles a function in a host; calling it is one side of a row.
struct LuaBody {
  LuaHost& host;
  int function;
  void operator()() const {
    lua_State* L = host.state();
    lua_rawgeti(L, LUA_REGISTRYINDEX, function);
    if (lua_pcall(L, 0, 0, 0) != 0) {
      std::fprintf(stderr, "%s\n", lua_tostring(L, -1));
      std::exit(1);
    }
  }
};

LuaBody lua_body(LuaHost& host, const std::string& code) {
  int results = 0;
  const LuaHost::Outcome outcome = host.run_string(code, "=bench", &results);
  if (!outcome.ok() || results != 1) {
    std::fprintf(stderr, "%s\n", outcome.message.c_str());
    std::exit(1);
  }
  return {host, luaL_ref(host.state(), LUA_REGISTRYINDEX)};
}

// What a hand-written binding of one method looks like: the reference.
struct Bare {
  double value;
};
int bare_mean(lua_State* L) {
  lua_pushnumber(L, static_cast<Bare*>(luaL_checkudata(L, 1, "bench.Bare"))->value);
  return 1;
}

const RatioRow method_call("lua: a method of ours", 1 / 1.3, [](RatioRun& run) {
  LuaHost host{LuaOptions{}};
  lua_State* L = host.state();
  static_cast<Bare*>(lua_newuserdata(L, sizeof(Bare)))->value = 1;
  luaL_newmetatable(L, "bench.Bare");
  lua_newtable(L);
  lua_pushcfunction(L, &bare_mean);
  lua_setfield(L, -2, "mean");
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setglobal(L, "bare");
  const std::string loop = " return function() local s = 0 for i = 1, 1000000 do s = s + x:mean() end end";
  run.compare(1e6, lua_body(host, "local x = lab.dist.constant(1)" + loop),
              lua_body(host, "local x = bare" + loop));
});

// M/M/1 as it is written with processes in either; customers a second. SimPy runs in a process of its own,
// which times itself, so that Python's start does not count.
const RatioRow mm1("lua: M/M/1 processes, against SimPy", 20, [](RatioRun& run) {
  constexpr int kOurs = 400'000, kTheirs = 20'000;
  const std::string script =
      "python3 " SYSLAB_SOURCE_DIR "/tests/bench/simpy_mm1.py " + std::to_string(kTheirs) + " 2>/dev/null";
  const auto simpy_seconds = [&] {
    std::FILE* out = popen(("/usr/bin/" + script).c_str(), "r");
    double seconds = 0;
    if (out == nullptr || std::fscanf(out, "%lf", &seconds) != 1) seconds = 0;
    if (out != nullptr) pclose(out);
    return seconds;
  };
  const std::string code = R"(return function()
    local w = lab.world{ seed = 1, keep = 0 }
    local server = w:resource{ slots = 1 }
    local arrival, service = lab.dist.exp{ mean = 1 / 0.9 }, lab.dist.exp{ mean = 1 }
    local sum, n = 0, 0
    local function customer()
      local arrived = w:now()
      server:acquire()
      w:sleep(service)
      server:release()
      sum, n = sum + w:now() - arrived, n + 1
    end
    w:spawn(function() for i = 1, )" +
                           std::to_string(kOurs) + R"( do w:sleep(arrival); w:spawn(customer) end end)
    w:run(1e9)
    assert(n == )" + std::to_string(kOurs) +
                           R"()
    w:close()
  end)";
  if (simpy_seconds() <= 0) {
    std::fprintf(stderr, "SimPy is missing (python3-simpy3): no row for M/M/1\n");
    return;
  }
  LuaHost host{LuaOptions{}};
  const LuaBody ours = lua_body(host, code);
  std::vector<double> a, b;
  ours();
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ours();
    a.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    b.push_back(simpy_seconds());
  }
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  run.ours_per_second = kOurs / a[2];
  run.reference_per_second = kTheirs / b[2];
});

// A policy in Lua, against the same in C++: what a call into the script for each hook costs.
const RatioRow custom_policy("lua: a policy in Lua, against the same in C++", 0.02, [](RatioRun& run) {
  LuaHost host{LuaOptions{}};
  const std::string head = "local trace = lab.workload.zipf{ count = 100000 }:trace{ requests = 50000 } ";
  run.compare(
      50000, lua_body(host, head + R"(local c = lab.cache.custom{
      capacity  = 10000,
      start     = function(p) p.queue, p.first, p.last = {}, 1, 0 end,
      on_insert = function(p, key) p.last = p.last + 1; p.queue[p.last] = key end,
      victim    = function(p) return p.queue[p.first] end,
      on_remove = function(p, key) p.queue[p.first] = nil; p.first = p.first + 1 end,
    }
    return function() c:replay(trace) end)"),
      lua_body(host,
               head + "local c = lab.cache.fifo{ capacity = 10000 } return function() c:replay(trace) end"));
});

// Simulated requests a second to a service with a filter, against the same without. `setup` may make what the
// filter needs in the world `w`.
RatioRow filter_row(const std::string& name, double goal, const std::string& filter,
                    const std::string& setup = "") {
  return {"lua: requests through " + name + ", against none", goal, [=](RatioRun& run) {
            constexpr int kRequests = 20000;
            LuaHost host{LuaOptions{}};
            const auto world = [&](const std::string& filters) {
              return lua_body(host, "return function() local w = lab.world{ seed = 1, keep = 0 } " + setup +
                                        " local api = w:service('api', { slots = 1e6, filters = { " +
                                        filters +
                                        " } }) local load = w:load{ to = api, rate = 20000, "
                                        "keys = lab.workload.zipf{ count = 1000 } } w:run(" +
                                        std::to_string(kRequests / 20000) + ") w:close() end");
            };
            run.compare(kRequests, world(filter), world(""));
          }};
}

const RatioRow filter_rows[] = {
    filter_row("lab.cache.filter", 0.5, "lab.cache.filter{ cache = lab.cache.lru{ capacity = 100 } }"),
    filter_row("lab.cache.filter on memcached", 0.2, "lab.cache.filter{ cache = mc }",
               "local mc = w:cache('mc', lab.cache.memcached())"),
    filter_row("lab.cache.filter on redis", 0.2, "lab.cache.filter{ cache = mc }",
               "local mc = w:cache('mc', lab.cache.redis{ replicas = 0 })"),
    filter_row("lab.limit.filter", 0.7, "lab.limit.filter{ limiter = lab.limit.token_bucket{ rate = 1e6 } }"),
    filter_row("lab.limit.shared, local", 0.7, "lab.limit.shared{ form = 'local', rate = 1e6, nodes = 1 }"),
    filter_row("lab.limit.shared, batched", 0.7,
               "lab.limit.shared{ form = 'batched', rate = 1e6, store = store, interval = 0.01 }",
               "local store = w:service('store', { slots = 4, filters = { lab.limit.store() } })"),
    filter_row("lab.limit.shared, central", 0.2,
               "lab.limit.shared{ form = 'central', rate = 1e6, store = store }",
               "local store = w:service('store', { slots = 4, filters = { lab.limit.store() } })"),
    filter_row("lab.id.filter", 0.7, "lab.id.filter{ generator = lab.id.snowflake{} }"),
    filter_row("lab.id.tickets", 0.7, "lab.id.tickets{ server = 'tickets', lease = 1000 }",
               "w:service('tickets', { filters = { lab.id.ticket_server{} } })"),
};

}  // namespace
}  // namespace syslab::bench
