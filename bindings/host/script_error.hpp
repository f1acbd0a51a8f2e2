// How C++ and Lua errors meet.
//
// A wrong call throws ScriptError; the one trampoline `guard` turns it (and any std::exception) into a Lua error at the
// caller's line. LuaJIT alone would show only "C++ exception". The Lua error is raised after the catch block has ended,
// and there is no catch-all and no noexcept here: both break LuaJIT's own unwinding.
#pragma once

#include <cstdio>
#include <exception>
#include <lua.hpp>
#include <string>

namespace syslab {

// Misuse of the Lua surface: raised at the line of the script that made the call.
class ScriptError : public std::exception {
 public:
  explicit ScriptError(std::string message) : message_(std::move(message)) {}
  const char* what() const throw() override { return message_.c_str(); }

 private:
  std::string message_;
};

// Raises `text` with the position of the nearest caller that is a script (not of syslab's own Lua library).
[[noreturn]] void raise(lua_State* L, const char* text);

template <int (*F)(lua_State*)>
int guard(lua_State* L) {
  char text[2048];
  try {
    return F(L);
  } catch (const std::exception& e) {
    std::snprintf(text, sizeof text, "%s", e.what());
  }
  raise(L, text);
}

}  // namespace syslab
