#include "bindings/program/completion.hpp"

#include <catch2/catch.hpp>

#include "bindings/host/lua_host.hpp"

using namespace syslab;
using namespace syslab::program;

namespace {

using Names = std::vector<std::string>;

struct Lab {
  Lab() : host(LuaOptions{}) {}
  Names complete(std::string_view line) { return complete_line(host.state(), line, context).candidates; }
  void run(const char* code) { REQUIRE(host.run_string(code, "=test").ok()); }

  LuaHost host;
  CompletionContext context;
};

}  // namespace

TEST_CASE("completion: the path before the cursor", "[program][completion]") {
  CHECK(path_at_end("x = lab.cache.lr").names == Names{"lab", "cache", "lr"});
  CHECK(path_at_end("w:ser").method);
  CHECK(path_at_end("a.b:").names == Names{"a", "b", ""});
  CHECK(path_at_end("f().x").names == Names{"", "x"});
  CHECK(path_at_end("'s'..na").names == Names{"", "na"});
  CHECK(path_at_end("").names == Names{""});
}

TEST_CASE("completion: names of tables, without running a function", "[program][completion]") {
  Lab lab;
  lab.run("ran = false; t = setmetatable({ alpha = 1, alps = { deep = 2 } }, { __index = function() ran = true end })");
  CHECK(lab.complete("t.al") == Names{"alpha", "alps"});
  CHECK(lab.complete("x = t.alps.") == Names{"deep"});
  CHECK(lab.complete("t.none.").empty());
  CHECK(lab.complete("f().").empty());
  lab.run("assert(not ran)");
  CHECK(lab.complete("string.rep") == Names{"rep"});
  CHECK(lab.complete("pri") == Names{"print"});
  CHECK(lab.complete("whi") == Names{"while"});
  lab.run("s = 'text'");
  CHECK(lab.complete("s:up") == Names{"upper"});
}

TEST_CASE("completion: classes in Lua give their methods", "[program][completion]") {
  Lab lab;
  lab.run("C = {}; C.__index = C; function C.push() end; C.size = 3; o = setmetatable({}, C)");
  CHECK(lab.complete("o:pu") == Names{"push"});
  CHECK(lab.complete("o:si").empty());  // no function
}

TEST_CASE("completion: components, objects and options come from their descriptors", "[program][completion]") {
  Lab lab;
  CHECK(lab.complete("lab.dist.logn") == Names{"lognormal"});
  const Names options = lab.complete("lab.dist.lognormal{ ");
  CHECK(std::find(options.begin(), options.end(), "median = ") != options.end());
  CHECK(lab.complete("lab.dist.lognormal{ median = 3, med").empty());
  CHECK(lab.complete("lab.dist.lognormal({ med") == Names{"median = "});
  lab.run("d = lab.dist.constant(3); make = lab.dist.lognormal");
  CHECK_FALSE(lab.complete("d:").empty());
  CHECK(lab.complete("make{ med") == Names{"median = "});
}

TEST_CASE("completion: nothing inside strings and comments", "[program][completion]") {
  Lab lab;
  CHECK(lab.complete("x = 'pri").empty());
  CHECK(lab.complete("-- pri").empty());
  CHECK(lab.complete("x = 'a' pri") == Names{"print"});
}

TEST_CASE("completion: dot commands and their arguments", "[program][completion]") {
  Lab lab;
  lab.context.commands = {"help", "hint", "run"};
  lab.context.labs = {"cache/fifo", "quickstart"};
  CHECK(lab.complete(".h") == Names{"help", "hint"});
  CHECK(lab.complete(".check qu") == Names{"quickstart"});
  CHECK(lab.complete(".help pri") == Names{"print"});
  CHECK(lab.complete(".load /etc/host").size() >= 1);
}

TEST_CASE("completion: at most as many candidates as a screen can bear", "[program][completion]") {
  Lab lab;
  lab.run("big = {}; for i = 1, 5000 do big['k' .. i] = i end");
  CHECK(lab.complete("big.k").size() == kCandidatesMax);
}
