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

}  // namespace
}  // namespace syslab::bench
