#include "bindings/check/judgement.hpp"

#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

const char kVerdictMetatable[] = "syslab.Verdict";

int verdict_to_string(lua_State* L) {
  lua_getfield(L, 1, "text");
  return 1;
}

}  // namespace

void set_verdict_metatable(lua_State* L) {
  if (luaL_newmetatable(L, kVerdictMetatable) != 0) {
    lua_pushcfunction(L, &verdict_to_string);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
}

int push_judgement(lua_State* L, const Arguments& a, Expected<Judgement> judged) {
  if (!judged) a.reject("history", judged.error().message);
  Judgement& judgement = *judged;
  Value::List anomalies;
  for (const Anomaly& anomaly : judgement.anomalies)
    anomalies.push_back(Value::map({{"name", anomaly.name}, {"message", anomaly.message}}));
  Value::Map fields;
  if (judgement.numbers.is_map()) fields = judgement.numbers.map();
  fields.emplace_back("verdict", to_string(judgement.outcome));
  fields.emplace_back("message", judgement.message);
  fields.emplace_back("text", to_text(judgement));
  fields.emplace_back("anomalies", Value::list(std::move(anomalies)));
  fields.emplace_back("operations", static_cast<double>(judgement.operations));
  fields.emplace_back("steps", static_cast<double>(judgement.steps));
  if (!judgement.picture.empty()) fields.emplace_back("picture", judgement.picture);
  push_value(L, Value::map(std::move(fields)));
  if (judgement.outcome == Outcome::violated) {
    push(L, std::make_shared<History>(std::move(judgement.history)));
    lua_setfield(L, -2, "history");
  }
  set_verdict_metatable(L);
  return 1;
}

std::string judgement_returns(const char* more) {
  return std::string("table { verdict, message, text, anomalies, history, ") + more + "... }";
}

}  // namespace syslab
