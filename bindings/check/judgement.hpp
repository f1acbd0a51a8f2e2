// A Judgement as a Lua table, and the parameters that checkers share.
#pragma once

#include <lua.hpp>

#include "bindings/host/object.hpp"
#include "core/check/judgement.hpp"

namespace syslab {

// { verdict, message, text, anomalies = { { name, message } ... }, operations, history, picture, numbers ...
// }; what was counted is in it by name. tostring gives the text. What cannot be judged is a wrong `history`.
int push_judgement(lua_State* L, const Arguments& a, Expected<Judgement> judged);

// Makes tostring give the field `text` of the table on top of the stack.
void set_verdict_metatable(lua_State* L);

inline Param history_param() {
  return object("history", "History", "what to judge: h:history(), or lab.history{ file = ... }");
}
// "table { verdict, message, text, anomalies, history, ... }"
std::string judgement_returns(const char* more = "");

}  // namespace syslab
