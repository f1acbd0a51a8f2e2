#include "core/check/linearizable.hpp"

#include "bindings/check/judgement.hpp"
#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

void set_text(lua_State* L, const char* field, std::string_view text) {
  lua_pushlstring(L, text.data(), text.size());
  lua_setfield(L, -2, field);
}

void set_count(lua_State* L, const char* field, std::uint64_t count) {
  lua_pushnumber(L, static_cast<double>(count));
  lua_setfield(L, -2, field);
}

int push_verdict(lua_State* L, Verdict verdict) {
  lua_createtable(L, 0, 10);
  set_text(L, "verdict", to_string(verdict.outcome));
  set_text(L, "message", verdict.message);
  set_text(L, "text", to_text(verdict));
  push_value(L, verdict.key);
  lua_setfield(L, -2, "key");
  set_count(L, "operations", verdict.operations);
  set_count(L, "keys", verdict.keys);
  set_count(L, "steps", verdict.steps);
  if (verdict.outcome == Outcome::violated) {
    set_count(L, "prefix", verdict.prefix_events);
    set_text(L, "picture", verdict.picture);
    push(L, std::make_shared<History>(std::move(verdict.history)));
    lua_setfield(L, -2, "history");
  }
  set_verdict_metatable(L);
  return 1;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Model* model : models()) names.emplace_back(model->name());
  return names;
}

const Component linearizable{{
    .name = "check.linearizable",
    .summary = "Is there an order of a history's operations, each between its call and its answer, that "
               "explains every "
               "answer? Says ok, violated (with the shortest failing part) or unknown.",
    .params =
        {history_param(),
         choice("model", model_names(), "what the system should behave like").optional("'register'"),
         count("steps", "how long to search each key before the verdict is unknown").optional("50 million"),
         size("memory", "what the search of a key may remember before the verdict is unknown")
             .optional("1 GiB"),
         count("threads",
               "how many keys to search at once; 0: as many as the machine runs. The result is the same")
             .at_most(256)
             .optional("1")},
    .returns = "table { verdict, message, history, key, picture, ... }",
    .cost = "about 20 ns a step; exponential in the number of operations that overlap, at worst",
    .paper = "Wing & Gong 1993; Lowe 2017, Testing for linearizability",
    .example = R"(
local stale = lab.history{ events = {
  { process = 1, type = "invoke", f = "write", value = 1 }, { process = 1, type = "ok", f = "write" },
  { process = 2, type = "invoke", f = "read" },             { process = 2, type = "ok", f = "read" } } }
return lab.check.linearizable(stale, "register").verdict == "violated")",
    .make = [](lua_State* L, Arguments& a) -> int {
      const auto model = model_named(a.string("model", "register"));
      LinearizableOptions options;
      options.steps_max = a.count("steps", options.steps_max);
      options.memory_bytes_max = static_cast<std::size_t>(a.number("memory", 0x1p30));
      options.threads = static_cast<unsigned>(a.count("threads", 1));
      options.give_up = [L] { return LuaHost::of(L).interrupted(); };
      auto verdict = check_linearizable(*a.object<History>("history"), **model, options);
      if (!verdict) a.reject("history", verdict.error().message);
      return push_verdict(L, std::move(*verdict));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
