#include "bindings/program/diagnosis.hpp"

#include <catch2/catch.hpp>

#include "bindings/host/lua_host.hpp"

using namespace syslab;
using namespace syslab::program;

namespace {

Diagnosis diagnosis_of(const std::string& code, const char* before = "") {
  LuaHost host{LuaOptions{}};
  REQUIRE(host.run_string(before, "=before").ok());
  Sources sources;
  sources.add("=test", code);
  const LuaHost::Outcome outcome = host.run_string(code, "=test");
  REQUIRE_FALSE(outcome.ok());
  return diagnose(host.state(), outcome.message, sources);
}

}  // namespace

TEST_CASE("diagnosis: the place of a syntax error", "[program][diagnosis]") {
  const Diagnosis found = diagnosis_of("a = 1\nb = = 2");
  CHECK(found.chunk == "test");
  CHECK(found.line == 2);
  CHECK(found.source_line == "b = = 2");
  CHECK(found.column == 4);
  CHECK(diagnosis_of("x = f(1, 2, , 3)").column == 12);
  CHECK(diagnosis_of("end").column == 0);
}

TEST_CASE("diagnosis: the name that was meant", "[program][diagnosis]") {
  Diagnosis found = diagnosis_of("y = prnt(1)");
  CHECK(found.suggestion == "print");
  CHECK(found.column == 4);
  CHECK(found.length == 4);
  CHECK(diagnosis_of("string.uper('a')").suggestion == "upper");
  CHECK(diagnosis_of("t.inner.valeu()", "t = { inner = { value = 1 } }").suggestion == "value");
  CHECK(diagnosis_of("local zzz = nil; zzz()").suggestion.empty());
  CHECK(diagnosis_of("qqqqqqqqq()").suggestion.empty());
}

TEST_CASE("diagnosis: a name that stands twice on its line is not pointed at", "[program][diagnosis]") {
  CHECK(diagnosis_of("x = prnt and prnt(1) or prnt(2)").column == std::string::npos);
}

TEST_CASE("diagnosis: messages without a place or of unknown texts", "[program][diagnosis]") {
  LuaHost host{LuaOptions{}};
  const Sources none;
  CHECK(diagnose(host.state(), "no place", none).text == "no place");
  const Diagnosis found = diagnose(host.state(), "C:x.lua:12: text: 3", none);
  CHECK(found.chunk == "C:x.lua");
  CHECK(found.line == 12);
  CHECK(found.text == "text: 3");
  CHECK(found.source_line.empty());
}

TEST_CASE("diagnosis: long file names are found as Lua shows them", "[program][diagnosis]") {
  LuaHost host{LuaOptions{}};
  const std::string path = "@/" + std::string(100, 'd') + "/script.lua";
  Sources sources;
  sources.add(path, "error('x')");
  const LuaHost::Outcome outcome = host.run_string("error('x')", path);
  CHECK(diagnose(host.state(), outcome.message, sources).source_line == "error('x')");
}
