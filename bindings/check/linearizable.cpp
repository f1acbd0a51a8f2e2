#include "core/check/linearizable.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

const char kVerdictMetatable[] = "syslab.Verdict";

int verdict_to_string(lua_State* L) {
  lua_getfield(L, 1, "text");
  return 1;
}

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
  if (luaL_newmetatable(L, kVerdictMetatable) != 0) {
    lua_pushcfunction(L, &verdict_to_string);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
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
        {object("history", "History", "what to judge: h:history(), or lab.history{ file = ... }"),
         choice("model", model_names(), "what the system should behave like").optional("'register'"),
         count("steps", "how long to search each key before the verdict is unknown").optional("50 million")},
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
      options.give_up = [L] { return LuaHost::of(L).interrupted(); };
      auto verdict = check_linearizable(*a.object<History>("history"), **model, options);
      if (!verdict) a.reject("history", verdict.error().message);
      return push_verdict(L, std::move(*verdict));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
