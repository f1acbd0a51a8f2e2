// lab.explore: core/sim/explore.hpp for experiments written in Lua.
#include "core/sim/explore.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/script_error.hpp"
#include "bindings/world/trial.hpp"

namespace syslab {
namespace {

// A state's memory knows nothing of the worlds that its handles keep, so the collector is called after so
// many.
constexpr std::size_t kWorldsAtOnce = 8;

// What an experiment says went wrong, from what it returned: a text, or a checker's table with the verdict
// "violated".
std::optional<std::string> complaint(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) return lua_tostring(L, index);
  if (!lua_istable(L, index)) return std::nullopt;
  lua_getfield(L, index, "verdict");
  lua_getfield(L, index, "message");
  const bool violated = lua_type(L, -2) == LUA_TSTRING && std::string_view(lua_tostring(L, -2)) == "violated";
  const char* message = lua_tostring(L, -1);
  std::optional<std::string> text;
  if (violated) text = message == nullptr ? "violated" : message;
  lua_pop(L, 2);
  return text;
}

class ScriptExperiment {
 public:
  ScriptExperiment(lua_State* L, int function) : L_(L), function_(function) {}

  // `keep`: leaves the worlds open.
  Trial run(std::uint64_t seed, const FaultSchedule* schedule, bool keep = false) {
    LuaHost& host = LuaHost::of(L_);
    WorldTrial trial(schedule);
    const int top = lua_gettop(L_);
    lua_pushvalue(L_, function_);
    lua_pushnumber(L_, static_cast<double>(seed));
    std::optional<std::string> wrong;
    if (lua_pcall(L_, 1, 1, 0) == 0) {
      wrong = complaint(L_, lua_gettop(L_));
    } else {
      const char* text = lua_tostring(L_, -1);
      wrong = text == nullptr ? "the experiment failed" : text;
    }
    lua_settop(L_, top);
    if (host.interrupted()) throw ScriptError("interrupted");
    Trial result = trial.result(std::move(wrong));
    if (!keep) trial.close_worlds();
    worlds_ += trial.worlds();
    if (worlds_ >= kWorldsAtOnce) {
      worlds_ = 0;
      lua_gc(L_, LUA_GCCOLLECT, 0);
    }
    return result;
  }

 private:
  lua_State* L_;
  int function_;
  std::size_t worlds_ = 0;
};

int push_finding(lua_State* L, const Finding& finding) {
  const auto text = [&](const char* field, const std::string& value) {
    lua_pushlstring(L, value.data(), value.size());
    lua_setfield(L, -2, field);
  };
  const auto number = [&](const char* field, std::uint64_t value) {
    lua_pushnumber(L, static_cast<double>(value));
    lua_setfield(L, -2, field);
  };
  lua_createtable(L, 0, 7);
  number("seed", finding.seed);
  text("violation", finding.violation);
  text("schedule", schedule_lua(finding.schedule));
  number("faults", finding.schedule.size());
  number("faults_before", finding.faults);
  number("seeds", finding.seeds);
  number("runs", finding.runs);
  return 1;
}

const Component explore_component{{
    .name = "explore",
    .summary = "Runs an experiment under seed after seed until something goes wrong, then leaves out faults "
               "until none can be "
               "spared. In the end it has run once more with those that are left, and its worlds are still "
               "there to look at.",
    .params =
        {function(
             "experiment",
             "experiment(seed): makes a world of that seed, loads it, breaks it, judges it; returns what is "
             "wrong in words, or a checker's verdict. An error is a violation, too, and so is what a "
             "protocol's watch sees (w:violation())"),
         count("seeds", "how many seeds").at_least(1).optional("100"),
         count("first", "the first of them").optional("1"),
         count("runs", "of the experiment, at most, to leave out faults").optional("200")},
    .returns = "table { seed, violation, schedule, faults, faults_before, seeds, runs } | nil where all went "
               "well; the "
               "schedule is Lua source that returns function(w), which plans the faults",
    .cost = "a run for each seed, and about n log n for n faults to leave some out",
    .paper = "Zeller & Hildebrandt 2002, Simplifying and Isolating Failure-Inducing Input",
    .example = R"(
local finding = lab.explore{ seeds = 20, experiment = function(seed)
  local w = lab.world{ seed = seed }
  local app = w:service("app")
  w:service("db")
  w:inject(lab.fault.chaos{ faults = { lab.fault.crash("app"), lab.fault.crash("db") }, every = 0.3, span = 3 })
  for _ = 1, 30 do
    w:run(0.1)
    if not app:up() then return "the app is down" end
  end
end }
return finding.faults == 1 and finding.schedule:find("lab.fault.crash{", 1, true) ~= nil)",
    .make =
        [](lua_State* L, Arguments& a) {
          if (LuaHost::of(L).tasks().current(L) != nullptr) throw ScriptError("a task cannot explore");
          ScriptExperiment experiment(L, a.index_of("experiment"));
          const std::optional<Finding> finding =
              explore([&](std::uint64_t seed,
                          const FaultSchedule* schedule) { return experiment.run(seed, schedule); },
                      a.count("first", 1), a.count("seeds", 100), a.count("runs", 200));
          if (!finding) return 0;
          experiment.run(finding->seed, &finding->schedule, true);
          return push_finding(L, *finding);
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
