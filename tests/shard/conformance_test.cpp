// The same body for every router: what must hold whatever the strategy is, and what its traits promise.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "core/base/rng.hpp"
#include "core/hash/spread.hpp"
#include "tests/shard/registry.hpp"

namespace syslab::test {

std::unique_ptr<Router> with_shards(std::unique_ptr<Router> router, std::vector<PlacedNode> shards) {
  REQUIRE(router->reset(std::move(shards)) == "");
  return router;
}

}  // namespace syslab::test

using namespace syslab;
using namespace syslab::test;

namespace {

std::vector<Value> keys_for(const RegisteredRouter& r, std::size_t count) {
  std::vector<Value> keys;
  for (std::uint64_t n = 0; n < count; ++n) keys.push_back(r.key(n));
  return keys;
}

std::vector<std::uint32_t> places(const Router& router, const std::vector<Value>& keys) {
  std::vector<std::uint32_t> out(keys.size());
  router.route_all(keys, out);
  return out;
}

}  // namespace

TEST_CASE("router conformance: every key has a shard, the same for a copy, and alone as with others",
          "[shard][conformance]") {
  REQUIRE(RegisteredRouter::all().size() >= 9);
  for (const RegisteredRouter* r : RegisteredRouter::all()) {
    DYNAMIC_SECTION(r->name) {
      const auto router = r->make();
      REQUIRE(router->name() == r->name);
      router->check_invariants();
      const auto keys = keys_for(*r, 2000);
      const auto together = places(*router, keys);
      REQUIRE(places(*router->clone(), keys) == together);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        REQUIRE(router->refusal_of_key(keys[i]) == "");
        REQUIRE(together[i] < router->shards().size());
        if (router->traits().independent) REQUIRE(router->route(keys[i]) == together[i]);
      }
      // Taken in turn is what route_all says of keys that are there together.
      const auto taken = router->clone();
      for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(taken->take(keys[i]) == together[i]);
      for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(taken->route(keys[i]) == together[i]);
      REQUIRE(places(*router, keys) == together);  // and a copy's memory is its own
      REQUIRE(router->memory_bytes() < 2u << 20);
    }
  }
}

TEST_CASE("router conformance: keys move only where they must, when shards come and go",
          "[shard][conformance]") {
  for (const RegisteredRouter* r : RegisteredRouter::all()) {
    DYNAMIC_SECTION(r->name) {
      const auto router = r->make();
      const auto keys = keys_for(*r, 3000);
      for (const Value& key : keys) router->take(key);
      const RouterTraits traits = router->traits();
      const std::string prefix = router->shards()[0].name.substr(0, router->shards()[0].name.find('/') + 1);
      Rng rng(1);
      for (int step = 0; step < 20; ++step) {
        const auto before = router->clone();
        if (rng.chance(0.6)) {
          REQUIRE(router->add({prefix + "new-" + std::to_string(step), 1}) == "");
        } else {
          const std::string leaver = router->shards()[rng.below(router->shards().size())].name;
          if (!router->remove(leaver).empty()) continue;
        }
        router->check_invariants();
        const auto from = places(*before, keys), to = places(*router, keys);
        const Moved m = moved_of_places(before->shards(), from, router->shards(), to);
        if (traits.minimal) REQUIRE(m.needless == 0);
        std::uint64_t flowing = 0;
        for (const Flow& flow : flows_of_places(before->shards(), from, router->shards(), to)) {
          REQUIRE(flow.from != flow.to);
          flowing += flow.keys;
        }
        REQUIRE(flowing == m.moved);
        if (traits.spreads) REQUIRE(spread_of_places(router->shards(), to).max_over_fair < 1.6);
      }
    }
  }
}

TEST_CASE("router conformance: a range is on the shards that it says, and no key of it elsewhere",
          "[shard][conformance]") {
  for (const RegisteredRouter* r : RegisteredRouter::all()) {
    DYNAMIC_SECTION(r->name) {
      const auto router = r->make();
      auto keys = keys_for(*r, 500);
      if (keys[0].is_map()) continue;  // ranges are of geohashes there, which geographic_test.cpp looks at
      std::sort(keys.begin(), keys.end());
      REQUIRE(router->touched({}).size() == router->shards().size());
      Rng rng(2);
      double touched = 0;
      for (int i = 0; i < 50; ++i) {
        const std::size_t at = rng.below(keys.size() - 30);
        const KeyRange range{keys[at], keys[at + 20]};
        const auto on = router->touched(range);
        REQUIRE(std::is_sorted(on.begin(), on.end()));
        for (const Value& key : keys) {
          if (range.contains(key)) REQUIRE(std::binary_search(on.begin(), on.end(), router->route(key)));
        }
        touched += static_cast<double>(on.size()) / static_cast<double>(router->shards().size());
      }
      REQUIRE((touched < 30) == router->traits().ordered);
      REQUIRE(router->touched({keys[9], keys[9]}).empty());
    }
  }
}

TEST_CASE("router conformance: weights are followed, or refused in words", "[shard][conformance]") {
  for (const RegisteredRouter* r : RegisteredRouter::all()) {
    DYNAMIC_SECTION(r->name) {
      const auto router = r->make();
      const auto keys = keys_for(*r, 20000);
      const std::string first = router->shards()[0].name;
      REQUIRE(router->weigh("nobody", 2) == "there is no shard 'nobody'");
      const std::string problem = router->weigh(first, 4);
      if (!router->traits().weighted) {
        REQUIRE(problem.find(first) != std::string::npos);
        REQUIRE(router->shards()[0].weight == 1);
        continue;
      }
      REQUIRE(problem == "");
      router->check_invariants();
      if (!router->traits().spreads) continue;
      const Spread s = spread_of_places(router->shards(), places(*router, keys));
      REQUIRE(static_cast<double>(s.keys[0]) > 0.55 * 20000);
      REQUIRE(static_cast<double>(s.keys[0]) < 0.78 * 20000);
    }
  }
}

TEST_CASE("router conformance: bad changes are refused and change nothing", "[shard][conformance]") {
  for (const RegisteredRouter* r : RegisteredRouter::all()) {
    DYNAMIC_SECTION(r->name) {
      const auto router = r->make();
      const auto keys = keys_for(*r, 300);
      const auto before = places(*router, keys);
      const std::string first = router->shards()[0].name;
      REQUIRE(router->add({first, 1}) == "there is a shard '" + first + "' already");
      REQUIRE(router->remove("nobody") == "there is no shard 'nobody'");
      REQUIRE(router->reset({{"x", 1}, {"x", 1}}) != "");
      REQUIRE(places(*router, keys) == before);
      router->check_invariants();
    }
  }
}
