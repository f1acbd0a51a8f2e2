#include "bindings/host/lua_host.hpp"

#include <catch2/catch.hpp>

#include "bindings/host/component.hpp"

using namespace syslab;

namespace {

// Runs code that returns one value and shows it as tostring does; an error comes back as "error: message".
std::string eval(LuaHost& host, const std::string& code) {
  lua_settop(host.state(), 0);
  int results = 0;
  const LuaHost::Outcome outcome =
      host.run_string("return tostring((function() " + code + " end)())", "=test", &results);
  if (!outcome.ok()) return "error: " + outcome.message;
  return lua_tostring(host.state(), -1);
}
std::string eval(const std::string& code) {
  LuaHost host{LuaOptions{}};
  return eval(host, code);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("sandbox: pairs goes through numbers, then strings, then booleans, each in order", "[host][sandbox]") {
  CHECK(eval("local out = {} for k in pairs{ b = 1, a = 1, [10] = 1, [2.5] = 1, [true] = 1, [false] = 1 } do "
             "out[#out + 1] = tostring(k) end return table.concat(out, ' ')") == "2.5 10 a b false true");
}

TEST_CASE("sandbox: pairs may remove and change entries while it goes", "[host][sandbox]") {
  CHECK(eval("local t, n = { a = 1, b = 2, c = 3, d = 4 }, 0 for k in pairs(t) do n = n + 1 t.c = nil t[k] = 9 end "
             "return n .. ' ' .. t.a .. t.b .. t.d") == "3 999");
  CHECK(eval("local t, n = { 1, 2, 3, 4 }, 0 for i in pairs(t) do n = n + 1 t[2] = nil end return n") == "3");
}

TEST_CASE("sandbox: next follows the order of pairs", "[host][sandbox]") {
  CHECK(eval("local t, out, k = { z = 1, y = 2, 7, 8 }, {}, nil repeat k = next(t, k) out[#out + 1] = "
             "tostring(k) until k == nil "
             "return table.concat(out, ' ')") == "1 2 y z nil");
  CHECK(eval("return next({})") == "nil");
}

TEST_CASE("sandbox: tostring and format show no addresses and number objects in the order shown", "[host][sandbox]") {
  CHECK(eval("local a, b = {}, {} return tostring(b) .. ' ' .. tostring(a) .. ' ' .. tostring(b) .. ' ' .. "
             "tostring(print)") == "table: 1 table: 2 table: 1 function: 3");
  CHECK(eval("return string.format('%s|%5d|%s', {}, 3, nil)") == "table: 1|    3|nil");
}

TEST_CASE("sandbox: the ways out are closed", "[host][sandbox]") {
  for (const char* name :
       {"io", "debug", "package", "jit", "ffi", "dofile", "loadfile", "loadstring", "getfenv", "setfenv",
        "newproxy", "collectgarbage", "module", "string.dump", "os.execute", "os.exit", "os.getenv"}) {
    INFO(name);
    CHECK(eval("return " + std::string(name)) == "nil");
  }
  CHECK(eval("return getmetatable('')") == "false");
  CHECK(contains(eval("return select(2, load('\\27LJ\\2'))"), "attempt to load chunk with wrong mode"));
}

TEST_CASE("sandbox: random numbers depend on the seed only", "[host][sandbox]") {
  LuaHost a{LuaOptions{.seed = 5}}, b{LuaOptions{.seed = 5}}, c{LuaOptions{.seed = 6}};
  const std::string code = "return math.random(1000000) .. ' ' .. math.random()";
  const std::string first = eval(a, code);
  CHECK(first == eval(b, code));
  CHECK(first != eval(c, code));
}

TEST_CASE("host: memory is capped and the state lives on", "[host]") {
  LuaHost host{LuaOptions{.memory_cap_bytes = 16 << 20}};
  int results = 0;
  const auto outcome = host.run_string("local s = ('x'):rep(1e9)", "=test", &results);
  CHECK(outcome.status == LuaHost::Outcome::Status::out_of_memory);
  CHECK(eval(host, "return 1 + 1") == "2");
  CHECK(contains(eval(host, "local t = {} for i = 1, 1e9 do t[i] = {} end"), "not enough memory"));
  CHECK(eval(host, "return 1 + 1") == "2");
}

TEST_CASE("host: a budget ends every loop of plain Lua, caught or not", "[host][budget]") {
  for (const char* code : {"while true do end", "while true do pcall(function() while true do end end) end",
                           "local function f() while true do pcall(f) end end f()",
                           "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
                           "repeat local ok = xpcall(error, function() while true do end end) until false"}) {
    INFO(code);
    LuaHost host{LuaOptions{.memory_cap_bytes = 64 << 20}};
    host.set_budget(1000000);
    const auto outcome = host.run_string(code, "=test");
    CHECK(outcome.status == LuaHost::Outcome::Status::interrupted);
    CHECK(host.budget_exhausted());
    host.clear_interrupt();
    CHECK(eval(host, "return 1 + 1") == "2");
  }
}

TEST_CASE("host: an error names the caller's line and the traceback holds the script's frames", "[host]") {
  LuaHost host{LuaOptions{}};
  const auto outcome = host.run_string("local function f()\n  lab.dist.exp{ mean = 'x' }\nend\nf()", "@script.lua");
  CHECK(outcome.message ==
        "script.lua:2: bad option 'mean' for lab.dist.exp: expected a number above 0, got the string 'x'");
  REQUIRE(outcome.traceback.size() == 2);
  CHECK(outcome.traceback[0] == "script.lua:2: in function 'f'");
}

TEST_CASE("options: unknown names, wrong types and missing ones say what is right", "[host][options]") {
  CHECK(contains(eval("lab.dist.exp{ maen = 1 }"), "bad option 'maen' for lab.dist.exp (did you mean 'mean'?)"));
  CHECK(contains(eval("lab.dist.exp{}"), "missing option 'mean' for lab.dist.exp"));
  CHECK(contains(eval("lab.dist.exp{ mean = 0 }"), "expected a number above 0, got the number 0"));
  CHECK(contains(eval("lab.dist.exp(1, 2)"), "too many arguments"));
  CHECK(contains(eval("lab.dist.exp(1, { mean = 2 })"), "given twice"));
  CHECK(contains(eval("return lab.dits"), "lab has no 'dits' (did you mean 'dist'?)"));
  CHECK(contains(eval("return lab.dist.gauss"), "lab.dist has no 'gauss'"));
  CHECK(contains(eval("return lab.dist.exp(1):smaple()"),
                 "a Distribution has no method 'smaple' (did you mean 'sample'?)"));
  CHECK(contains(eval("lab.dist.exp(1).sample()"), "did you write '.' where ':' is meant?"));
  CHECK(contains(eval("lab.x = 1"), "read-only"));
}

TEST_CASE("two hosts of the same history put objects at the same addresses", "[host][determinism]") {
  const std::string code =
      "local t, out = {}, {} for i = 1, 50 do t[{}] = i end for _, v in pairs(t) do out[#out + 1] = v end "
      "return table.concat(out, ' ')";
  const std::string first = eval(code);
  CHECK(first == eval(code));
}
