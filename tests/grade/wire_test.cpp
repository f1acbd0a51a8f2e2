#include "bindings/grade/wire.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "bindings/grade/student.hpp"
#include "core/base/rng.hpp"

using namespace syslab;
using namespace syslab::grade;

namespace {

// No values stay anywhere.
class Nobody final : public Residents {
 public:
  bool write(lua_State*, int, Writer&) override { return false; }
  void push(lua_State*, char, std::uint32_t) override { throw WireError("nobody"); }
};

std::string request(char kind, std::uint32_t id) {
  Writer out;
  out.byte(kind);
  out.u32(id);
  return out.take();
}

}  // namespace

TEST_CASE("wire: values and results survive the way", "[grade][wire]") {
  const Value value = Value::map({{"list", Value::list({1, 2.5, "three", true, Value()})},
                                  {"map", Value::map({{"x", -0.0}})},
                                  {"bytes", std::string("\0\xff", 2)}});
  for (const Result& sent : {Result(value), Result(Error{"overloaded", "no room", true})}) {
    Writer out;
    write(out, sent);
    const std::string bytes = out.take();
    Reader in(bytes);
    const Result got = read_result(in);
    CHECK(in.at_end());
    REQUIRE(got.ok() == sent.ok());
    if (sent.ok()) {
      CHECK(*got == *sent);
    } else {
      CHECK(got.error().code == "overloaded");
      CHECK(got.error().message == "no room");
      CHECK(got.error().definite);
    }
  }
}

TEST_CASE("wire: a message that was cut or changed is read or refused, never believed", "[grade][wire]") {
  Rng rng = Rng(1).split("wire");
  Writer out;
  write(out, Value::map({{"a", Value::list({1, "two", Value::list({Value::list({})})})}, {"b", "x"}}));
  const std::string whole = out.take();
  lua_State* L = luaL_newstate();
  Nobody nobody;
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = whole.substr(0, rng.below(whole.size() + 1));
    for (int k = 0; k < 3 && !bytes.empty(); ++k) bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    try {
      Reader in(bytes);
      (void)read_value(in);
    } catch (const WireError&) {
      ++refused;
    }
    try {
      Reader in(bytes);
      lua_settop(L, 0);
      push_values(L, in, nobody);
    } catch (const WireError&) {
      ++refused;
    }
  }
  lua_close(L);
  CHECK(refused > 1000);
}

TEST_CASE("wire: lengths that lie are refused before memory is taken", "[grade][wire]") {
  for (const char tag : {'l', 'm', 's'}) {
    Writer out;
    out.byte(tag);
    out.u32(0xFFFFFFFF);
    const std::string bytes = out.take();
    Reader in(bytes);
    CHECK_THROWS_AS(read_value(in), WireError);
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += std::string("l\1\0\0\0", 5);
  Reader in(deep);
  CHECK_THROWS_AS(read_value(in), WireError);
}

TEST_CASE("student: a request that no check makes is refused", "[grade][student]") {
  Student student;
  CHECK_THROWS_AS(student.answer("", nullptr), WireError);
  CHECK_THROWS_AS(student.answer(request('C', 7), nullptr), WireError);
  CHECK_THROWS_AS(student.answer(request('E', 7), nullptr), WireError);
  CHECK_THROWS_AS(student.answer(request('Z', 7), nullptr), WireError);
  CHECK_THROWS_AS(student.answer("L", nullptr), WireError);
}
