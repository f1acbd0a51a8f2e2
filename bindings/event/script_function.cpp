#include "bindings/event/script_function.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"

namespace syslab {
namespace {

int get_row(lua_State* L, RowReader& rows) {
  if (rows.get == nullptr)
    throw ScriptError("rows can be read only inside of the function that was given them");
  push_value(L, (*rows.get)(std::string(string_argument(L, 2, "key"))));
  return 1;
}

const Type row_reader{describe_type<RowReader>(
    "Rows", "The rows of a projection or an outbox, as the function that changes them sees them.",
    {
        method<&get_row>("get", "(key) -> value | nil", "A copy of the row as it stands."),
    })};

}  // namespace

struct ScriptFunction::Script {
  Script(lua_State* L, int index) {
    lua_pushvalue(L, index);
    function = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_State* main = LuaHost::of(L).state();
    co = lua_newthread(main);
    thread = luaL_ref(main, LUA_REGISTRYINDEX);
  }
  ~Script() {
    for (const int ref : {function, thread}) luaL_unref(co, LUA_REGISTRYINDEX, ref);
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  int function = LUA_NOREF;
  int thread = LUA_NOREF;
  lua_State* co = nullptr;
};

ScriptFunction::ScriptFunction(lua_State* L, int index) : script_(std::make_shared<Script>(L, index)) {}

// Calls the function below its arguments.
Expected<Value> ScriptFunction::call(int arguments) const {
  lua_State* L = script_->co;
  const int base = lua_gettop(L) - arguments - 1;
  if (lua_pcall(L, arguments, 2, 0) != 0) {
    const char* text = lua_tostring(L, -1);
    const Error error = make_error("crashed", text == nullptr ? "an error that is no string" : text);
    lua_settop(L, base);
    return error;
  }
  if (lua_isnil(L, -2) && !lua_isnil(L, -1)) {
    Error error = to_error(L, base + 2);
    bool said = false;
    if (lua_istable(L, base + 2)) {
      lua_getfield(L, base + 2, "definite");
      said = lua_isboolean(L, -1);
    }
    // It changed nothing, since it only says what is to change.
    if (!said) error.definite = true;
    lua_settop(L, base);
    return error;
  }
  try {
    Value value = to_value(L, base + 1);
    lua_settop(L, base);
    return value;
  } catch (const ScriptError& e) {
    lua_settop(L, base);
    return make_error("crashed", e.what());
  }
}

Expected<Value> ScriptFunction::operator()(const Value& first, const Value& second) const {
  lua_State* L = script_->co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->function);
  push_value(L, first);
  push_value(L, second);
  return call(2);
}

Expected<Value> ScriptFunction::operator()(const Value& first,
                                           const std::function<Value(const std::string&)>& get) const {
  lua_State* L = script_->co;
  const auto rows = std::make_shared<RowReader>(RowReader{&get});
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->function);
  push_value(L, first);
  push(L, rows);
  Expected<Value> result = call(2);
  rows->get = nullptr;
  return result;
}

}  // namespace syslab
