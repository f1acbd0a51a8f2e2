#include "bindings/host/component.hpp"

#include <catch2/catch.hpp>

#include "bindings/host/lua_host.hpp"

using namespace syslab;

TEST_CASE("every component is described in full and its example returns true", "[host][component]") {
  for (const Component* c : components()) {
    INFO("lab." << c->d.name);
    CHECK(!c->d.summary.empty());
    CHECK(!c->d.returns.empty());
    CHECK(!c->d.example.empty());
    for (const Param& p : c->d.params) {
      INFO(p.name);
      CHECK(!p.doc.empty());
    }
    LuaHost host{LuaOptions{}};
    int results = 0;
    const LuaHost::Outcome outcome = host.run_string(c->d.example, "=example", &results);
    INFO(outcome.message);
    REQUIRE(outcome.ok());
    REQUIRE(results >= 1);
    CHECK(lua_isboolean(host.state(), -results));
    CHECK(lua_toboolean(host.state(), -results));
  }
}

TEST_CASE("every parameter refuses a value of the wrong type and names itself", "[host][component]") {
  for (const Component* c : components()) {
    for (const Param& p : c->d.params) {
      if (p.kind == Param::Kind::any) continue;
      // A coroutine is a value that no parameter takes.
      const std::string code = "lab." + c->d.name + "{ " + p.name + " = coroutine.create(function() end) }";
      INFO(code);
      LuaHost host{LuaOptions{}};
      const LuaHost::Outcome outcome = host.run_string(code, "=test");
      CHECK(outcome.status == LuaHost::Outcome::Status::error);
      CHECK(outcome.message.find("bad option '" + p.name + "' for lab." + c->d.name) != std::string::npos);
    }
  }
}

TEST_CASE("every type and method has a summary", "[host][component]") {
  for (const Type* t : types()) {
    INFO(t->d.name);
    CHECK(!t->d.summary.empty());
    for (const Method& m : t->d.methods) {
      INFO(m.name);
      CHECK(!m.summary.empty());
    }
  }
}
