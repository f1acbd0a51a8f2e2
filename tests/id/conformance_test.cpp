// The same body for every id generator: what must hold whatever the kind is.
#include <catch2/catch.hpp>
#include <set>

#include "tests/id/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredGenerator;

namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;  // in 2023

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

// The next id, at `now` or as soon after it as the generator says.
Id next(IdGenerator& generator, std::int64_t& now) {
  for (int round = 0; round < 3; ++round) {
    const Expected<Issued> issued = generator.next(at(now));
    REQUIRE(issued.ok());
    if (issued->ready()) return issued->id;
    REQUIRE(issued->wait > Duration::zero());
    now += issued->wait.count();
  }
  FAIL("what it says about waiting is not true");
  return {};
}

}  // namespace

TEST_CASE("id conformance: no id comes twice, and sorted kinds sort, also as text", "[id][conformance]") {
  REQUIRE_FALSE(RegisteredGenerator::all().empty());
  for (const RegisteredGenerator* registered : RegisteredGenerator::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto generator = registered->make();
      Rng rng(1);
      std::set<Id> seen;
      std::int64_t now = kStart;
      Id last;
      std::string last_text;
      for (int i = 0; i < 30000; ++i) {
        if (rng.chance(0.01)) now += static_cast<std::int64_t>(rng.below(3'000'000));
        const Id id = next(*generator, now);
        REQUIRE(seen.insert(id).second);
        const std::string text = generator->write(id);
        if (registered->sorted && i > 0) {
          REQUIRE(last < id);
          REQUIRE(last_text < text);  // texts of one kind are equally long in these years
        }
        last = id;
        last_text = text;
      }
    }
  }
}

TEST_CASE("id conformance: the text of an id leads back to it, and other texts are malformed",
          "[id][conformance]") {
  for (const RegisteredGenerator* registered : RegisteredGenerator::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto generator = registered->make();
      std::int64_t now = kStart;
      Rng rng(2);
      for (int i = 0; i < 300; ++i) {
        now += static_cast<std::int64_t>(rng.below(1'000'000'000'000));
        const Id id = next(*generator, now);
        const std::string text = generator->write(id);
        const Expected<Id> back = generator->read(text);
        REQUIRE(back.ok());
        REQUIRE(*back == id);
        const Value ms = generator->fields(id)["ms"];
        if (ms.is_number()) REQUIRE(ms.number() == static_cast<double>(now / 1'000'000));
        // One byte that is no visible character, at any place, and one too many or too few.
        std::string broken = text;
        broken[rng.below(broken.size())] =
            static_cast<char>(rng.chance(0.5) ? rng.below(32) : 128 + rng.below(128));
        REQUIRE(generator->read(broken).error().code == "malformed");
        REQUIRE(generator->read(text + " ").error().code == "malformed");
      }
      for (const char* text :
           {"", "-", "hello", "-1", "1e5", "0x10", "99999999999999999999999999999999999999"}) {
        INFO(text);
        const Expected<Id> read = generator->read(text);
        REQUIRE_FALSE(read.ok());
        REQUIRE(read.error().code == "malformed");
        REQUIRE_FALSE(read.error().message.empty());
      }
    }
  }
}

TEST_CASE("id conformance: a clock that jumps about gives errors or ids, but no id twice",
          "[id][conformance]") {
  for (const RegisteredGenerator* registered : RegisteredGenerator::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto generator = registered->make();
      Rng rng(3);
      std::set<Id> seen;
      Id last;
      int refused = 0;
      for (int i = 0; i < 20000; ++i) {
        const std::int64_t back = rng.chance(0.2) ? static_cast<std::int64_t>(rng.below(100'000'000'000)) : 0;
        const auto issued = generator->next(at(kStart + i * 100'000'000ll - back));
        if (!issued.ok()) {
          REQUIRE(issued.error().code == "clock_backwards");
          REQUIRE(issued.error().definite);
          ++refused;
          continue;
        }
        if (!issued->ready()) continue;
        REQUIRE(seen.insert(issued->id).second);
        if (registered->sorted_when_behind) REQUIRE(last < issued->id);
        last = issued->id;
      }
      REQUIRE(seen.size() >= 15000);
      REQUIRE((refused == 0 || !registered->sorted_when_behind || registered->name == "snowflake"));
      // Before 1970 nothing is issued by a kind that holds the time, and nothing breaks.
      const auto early = registered->make()->next(at(-1));
      REQUIRE((early.ok() ? generator->fields(early->id)["ms"].is_nil()
                          : early.error().code == "clock_backwards"));
    }
  }
}

TEST_CASE("id conformance: a fresh one has issued nothing, and its randomness is all that it is given",
          "[id][conformance]") {
  for (const RegisteredGenerator* registered : RegisteredGenerator::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto used = registered->make();
      std::int64_t now = kStart;
      for (int i = 0; i < 10; ++i) next(*used, now);
      const auto one = used->fresh(Rng(7), std::nullopt);
      const auto two = used->fresh(Rng(7), std::nullopt);
      REQUIRE(one->describe() == registered->make()->describe());
      for (int i = 0; i < 100; ++i) REQUIRE(next(*one, now) == next(*two, now));
      if (used->most_worker() > 0) {
        const auto a = used->fresh(Rng(7), 1);
        const auto b = used->fresh(Rng(7), used->most_worker());
        REQUIRE(next(*a, now) != next(*b, now));
      } else {
        const auto other = used->fresh(Rng(8), std::nullopt);
        REQUIRE(next(*one, now) != next(*other, now));
      }
    }
  }
}
