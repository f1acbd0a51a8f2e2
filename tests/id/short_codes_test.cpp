#include "core/id/short_codes.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

using namespace syslab;

namespace {

using Method = ShortCodesOptions::Method;

ShortCodesOptions options(Method method, std::size_t length = 7, std::uint64_t seed = 1) {
  ShortCodesOptions o;
  o.method = method;
  o.length = length;
  o.seed = seed;
  return o;
}
std::string text(int i) {
  return "https://example.org/" + std::to_string(i);
}
void fill(ShortCodes& codes, int n) {
  for (int i = 0; i < n; ++i) REQUIRE(codes.assign(text(i)).ok());
}

constexpr Method kAll[] = {Method::random, Method::hash, Method::counter, Method::sequence};

}  // namespace

TEST_CASE("feistel: a permutation of any size, and its inverse", "[id][feistel]") {
  for (const std::uint64_t size : {1, 2, 3, 4, 5, 16, 17, 62, 1000, 4096, 4097}) {
    for (const std::uint64_t key : {0, 1, 99}) {
      const FeistelPermutation p(size, key);
      std::set<std::uint64_t> images;
      for (std::uint64_t x = 0; x < size; ++x) {
        REQUIRE(p.permute(x) < size);
        REQUIRE(p.invert(p.permute(x)) == x);
        images.insert(p.permute(x));
      }
      REQUIRE(images.size() == size);
    }
  }
  for (const std::uint64_t size :
       {std::uint64_t{3521614606208}, (std::uint64_t{1} << 63) - 1, ~std::uint64_t{0}}) {
    const FeistelPermutation p(size, 7);
    Rng rng(1);
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t x = rng.below(size);
      REQUIRE(p.permute(x) < size);
      REQUIRE(p.invert(p.permute(x)) == x);
    }
  }
}

TEST_CASE("feistel: neighbours land far from each other, anywhere", "[id][feistel]") {
  const std::uint64_t size = 3521614606208;  // 62^7
  const FeistelPermutation p(size, 3);
  double distance = 0;
  for (std::uint64_t x = 0; x < 10000; ++x) {
    distance += std::abs(static_cast<double>(p.permute(x)) - static_cast<double>(p.permute(x + 1)));
  }
  // Two uniform places are a third of the space apart; the deviation of 10 000 is 0.24 % of the space.
  CHECK(distance / 10000 / static_cast<double>(size) == Approx(1.0 / 3).margin(0.015));
}

TEST_CASE("short_codes: every method gives every text a code of its own, that leads back",
          "[id][short_codes]") {
  for (const Method method : kAll) {
    ShortCodes codes(options(method, 3));
    std::set<std::string> seen;
    for (int i = 0; i < 20000; ++i) {
      const auto code = codes.assign(text(i));
      REQUIRE(code.ok());
      REQUIRE(code->size() == 3);
      REQUIRE(seen.insert(*code).second);
      REQUIRE(*codes.resolve(*code) == text(i));
    }
    REQUIRE(codes.size() == 20000);
    codes.check_invariants();
    for (int i = 0; i < 20000; i += 997) {
      const auto again = codes.assign(text(i));
      REQUIRE(seen.contains(*again) == (method == Method::hash));  // equal texts have equal hashes
      if (method == Method::hash) REQUIRE(*codes.resolve(*again) == text(i));
    }
  }
}

TEST_CASE("short_codes: random and hashed codes collide as often as theory says, counters never",
          "[id][short_codes]") {
  // By Python: fsum(i / (62**2 - i) for i in range(2000)), and of 62**4 codes a million.
  ShortCodes small(options(Method::random, 2));
  fill(small, 2000);
  CHECK(small.expected_collisions() == Approx(823.1693239810137));
  ShortCodes large(options(Method::random, 4));
  fill(large, 1000000);
  CHECK(large.expected_collisions() == Approx(35446.45716336598));
  for (const Method method : {Method::random, Method::hash}) {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
      ShortCodes codes(options(method, 3, seed));
      fill(codes, 100000);
      const double expected =
          codes.expected_collisions();  // 29143; about Poisson, so the deviation is below 1 %
      CHECK(std::abs(static_cast<double>(codes.collisions()) - expected) < 6 * std::sqrt(1.5 * expected));
    }
  }
  for (const Method method : {Method::counter, Method::sequence}) {
    ShortCodes codes(options(method, 3));
    fill(codes, 100000);
    CHECK(codes.collisions() == 0);
    CHECK(codes.worst_tries() == 1);
    CHECK(codes.expected_collisions() == 0);
  }
}

TEST_CASE("short_codes: a full space is exhausted, and says so", "[id][short_codes]") {
  for (const Method method : {Method::counter, Method::sequence, Method::random, Method::hash}) {
    ShortCodesOptions o = options(method, 2);
    o.alphabet = "01";
    o.most_tries = 1000;
    ShortCodes codes(o);
    for (int i = 0; i < 4; ++i) REQUIRE(codes.assign(text(i)).ok());
    const auto none = codes.assign(text(4));
    REQUIRE(none.error().code == "exhausted");
    REQUIRE(codes.size() == 4);
    codes.check_invariants();
    if (method == Method::hash) REQUIRE(codes.assign(text(2)).ok());
  }
  ShortCodesOptions o = options(Method::random, 1);
  o.most_tries = 1;
  ShortCodes hasty(o);
  int refused = 0;
  for (int i = 0; i < 60; ++i) refused += !hasty.assign(text(i)).ok();
  REQUIRE(refused > 0);
  REQUIRE(hasty.size() == 60 - static_cast<std::size_t>(refused));
}

TEST_CASE("short_codes: a bare counter is guessed, a shuffled one is not", "[id][short_codes]") {
  ShortCodes bare(options(Method::sequence)), shuffled(options(Method::counter));
  CHECK(*bare.assign("a") == "0000000");
  CHECK(*bare.assign("b") == "0000001");
  const std::string first = *shuffled.assign("a"), second = *shuffled.assign("b");
  CHECK(first.substr(0, 3) != second.substr(0, 3));
  CHECK(*ShortCodes(options(Method::counter, 7, 2)).assign("a") != first);
}

TEST_CASE("short_codes: unknown and impossible codes, and bad options", "[id][short_codes]") {
  ShortCodes codes(options(Method::random));
  codes.assign("a");
  CHECK(codes.resolve("0000000").error().code == "not_found");
  CHECK(codes.resolve("000000").error().code == "malformed");
  CHECK(codes.resolve("00000-0").error().code == "malformed");
  CHECK(codes.resolve("").error().code == "malformed");
  const auto wrong = [](auto change) {
    ShortCodesOptions o;
    change(o);
    return ShortCodes::valid(o);
  };
  CHECK(ShortCodes::valid({}).empty());
  CHECK(wrong([](auto& o) { o.length = 11; }) ==
        "length: 62^11 codes are 2^63 or more; take fewer characters");
  CHECK(wrong([](auto& o) { o.length = 0; }) == "length: expected 1 to 62, got 0");
  CHECK(wrong([](auto& o) { o.alphabet = "aa"; }) == "alphabet: 'a' is there twice");
  CHECK(wrong([](auto& o) { o.most_tries = 0; }) == "tries: expected at least 1");
  CHECK(wrong([](auto& o) { o.length = 10; }).empty());
}
