#include "core/id/base62.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/id/decimal.hpp"

using namespace syslab;

TEST_CASE("base62: numbers and texts", "[id][base62][golden]") {
  // By Python: repeated divmod(n, 62) over the digits 0-9A-Za-z.
  const Base62 b;
  const std::pair<std::uint64_t, const char*> table[] = {{0, "0"},
                                                         {61, "z"},
                                                         {62, "10"},
                                                         {3843, "zz"},
                                                         {1000000000, "15ftgG"},
                                                         {4294967296, "4gfFC4"},
                                                         {9007199254740992, "fFgnDxSe8"},
                                                         {9223372036854775808ull, "AzL8n0Y58m8"},
                                                         {~0ull, "LygHa16AHYF"}};
  for (const auto& [number, text] : table) {
    CHECK(b.encode(number) == text);
    CHECK(*b.decode(text) == number);
  }
}

TEST_CASE("base62: every number comes back, in every base", "[id][base62]") {
  const std::string visible = [] {
    std::string s;
    for (char c = '!'; c <= '~'; ++c) s += c;
    return s;
  }();
  Rng rng(1);
  for (const std::size_t base : {2, 3, 10, 16, 58, 62, 94}) {
    const Base62 b(visible.substr(0, base));
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t number = rng.next() >> rng.below(64);
      REQUIRE(*b.decode(b.encode(number)) == number);
      REQUIRE(*b.decode(b.encode(number, 64)) == number);
      REQUIRE(b.encode(number, 64).size() == 64);
    }
    REQUIRE(*b.decode(b.encode(~0ull)) == ~0ull);
  }
}

TEST_CASE("base62: what is no number below 2^64 is malformed", "[id][base62]") {
  const Base62 b;
  CHECK(b.decode("").error().message == "an empty text is no number");
  CHECK(b.decode("a-b").error().message == "byte 45 at place 2 is no digit of the alphabet");
  CHECK(b.decode("LygHa16AHYG").error().message == "the number is 2^64 or more");
  CHECK(b.decode("LygHa16AHYFLygHa16AHYF").error().code == "malformed");
  CHECK(b.decode(std::string("a\0b", 3)).error().code == "malformed");
  CHECK(b.decode("\xC3\xA4").error().code == "malformed");
  CHECK(*b.decode("000LygHa16AHYF") == ~0ull);
}

TEST_CASE("base62: bad alphabets are named", "[id][base62]") {
  CHECK(Base62::valid(Base62::kAlphabet).empty());
  CHECK(Base62::valid("") == "expected at least 2 characters, got 0");
  CHECK(Base62::valid("a") == "expected at least 2 characters, got 1");
  CHECK(Base62::valid("abcda") == "'a' is there twice");
  CHECK(Base62::valid("ab c") == "character 3 is no visible ASCII character");
  CHECK(Base62::valid("ab\xFF") == "character 3 is no visible ASCII character");
  std::string all;
  for (int c = 0; c < 300; ++c) all += static_cast<char>(c);
  CHECK_FALSE(Base62::valid(all).empty());
}

TEST_CASE("decimal: 64 bits, and nothing that is nearly a number", "[id][decimal]") {
  CHECK(*read_decimal("0") == 0);
  CHECK(*read_decimal("18446744073709551615") == ~0ull);
  CHECK(write_decimal(~0ull) == "18446744073709551615");
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "01", "00", "1.0", "1e3", "0x1",
                           "18446744073709551616", "99999999999999999999999"}) {
    INFO(text);
    CHECK(read_decimal(text).error().code == "malformed");
  }
}
