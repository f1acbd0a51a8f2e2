#include "bindings/program/chunk.hpp"

#include <catch2/catch.hpp>

using namespace syslab::program;

TEST_CASE("chunk: an outermost local becomes an assignment, with columns kept", "[program][chunk]") {
  CHECK(keep_locals("local a = 1") == "      a = 1");
  CHECK(keep_locals("local a, b = 1, 2; local c = 3") == "      a, b = 1, 2;       c = 3");
  CHECK(keep_locals("local function f() end") == "      function f() end");
  CHECK(keep_locals("local a\nb = a") == "      a = nil\nb = a");
  CHECK(keep_locals("local a local b = 2") == "      a = nil       b = 2");
}

TEST_CASE("chunk: locals in blocks and functions stay", "[program][chunk]") {
  for (const char* text : {"do local a = 1 end", "function f() local a end", "if x then local a end",
                           "for i = 1, 2 do local a end", "while x do local a end", "repeat local a until a",
                           "f(function() local a end)", "t = { function() local a end }"}) {
    CHECK(keep_locals(text) == text);
  }
  CHECK(keep_locals("do end local a = 1") == "do end       a = 1");
  CHECK(keep_locals("if x then y() else z() end local a = 1") == "if x then y() else z() end       a = 1");
}

TEST_CASE("chunk: the word local in strings and comments is no declaration", "[program][chunk]") {
  for (const char* text : {"x = 'local a'", "x = \"\\\"local a\"", "-- local a", "--[[ local a ]] x = 1",
                           "x = [==[ ]] local a ]==]", "x = t.localised"}) {
    CHECK(keep_locals(text) == text);
  }
}

TEST_CASE("chunk: broken declarations are left to the compiler", "[program][chunk]") {
  CHECK(keep_locals("local 5 = x") == "local 5 = x");
  CHECK(keep_locals("local") == "local");
  CHECK(keep_locals("local a == 2") == "      a = nil == 2");
}

TEST_CASE("chunk: a transcript gives its inputs without prompts and output", "[program][chunk]") {
  using Inputs = std::vector<std::string>;
  CHECK(split_transcript("a = 1\nb = 2") == Inputs{"a = 1\nb = 2"});
  CHECK(split_transcript("lab> a\n1\nlab> f(\n...> 2)\nout") == Inputs{"a", "f(\n2)"});
  CHECK(split_transcript("    lab> a\r\n    1\r\n") == Inputs{"a"});
  CHECK(split_transcript("...> 2)") == Inputs{"2)"});
  CHECK(split_transcript("lab> ") == Inputs{});
}

TEST_CASE("chunk: a first line for the shell becomes empty", "[program][chunk]") {
  CHECK(without_shebang("#!/usr/bin/env syslab\nx") == "\nx");
  CHECK(without_shebang("#!x") == "");
  CHECK(without_shebang("#t") == "#t");
}

TEST_CASE("chunk: the columns of the token a message is near", "[program][chunk]") {
  using Columns = std::vector<std::size_t>;
  CHECK(columns_of_near("unexpected symbol near '='", "x = = 3") == Columns{2, 4});
  CHECK(columns_of_near("'<eof>' expected near 'end'", "end end") == Columns{0, 4});
  CHECK(columns_of_near("'=' expected near '<eof>'", "x").empty());
  CHECK(columns_of_near("something else", "x").empty());
  CHECK(columns_of_near(" near '", "x").empty());
}

TEST_CASE("chunk: what a line leaves open", "[program][chunk]") {
  CHECK(opened_by("t = { f(") == 2);
  CHECK(opened_by("end })") == -3);
  CHECK(opened_by("if x then y() else z() end") == 0);
  CHECK(opened_by("for i = 1, 2 do while x do") == 2);
  CHECK(opened_by("s = '({' -- {{{") == 0);
  CHECK(opened_by("repeat until x") == 0);
  CHECK_FALSE(opened_by("s = [[ {"));
  CHECK_FALSE(opened_by("s = 'a\\"));
}
