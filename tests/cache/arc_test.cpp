#include "core/cache/arc.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <list>

#include "core/base/rng.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;
using test::keys_after;

namespace {

const test::RegisteredCache registered("arc", make_arc);

}  // namespace

TEST_CASE("arc: what was used twice survives a scan", "[cache][arc]") {
  const auto cache = make_arc(CacheCapacity::entries(10));
  std::vector<std::uint64_t> requests = {1, 2, 3, 1, 2, 3};
  for (std::uint64_t id = 100; id < 200; ++id) requests.push_back(id);
  keys_after(*cache, requests);
  for (const std::uint64_t id : {1u, 2u, 3u}) REQUIRE(cache->contains(id));
}

// A transcription of the pseudocode ARC(c) in the paper (FAST 2003, figure 4), with plain lists.
namespace {

struct PlainArc {
  std::size_t c;
  std::size_t p = 0;
  std::list<std::uint64_t> t1 = {}, t2 = {}, b1 = {}, b2 = {};
  std::uint64_t hits = 0;

  static bool has(const std::list<std::uint64_t>& list, std::uint64_t x) {
    return std::find(list.begin(), list.end(), x) != list.end();
  }
  void replace(bool in_b2) {
    if (!t1.empty() && (t1.size() > p || (in_b2 && t1.size() == p))) {
      b1.push_front(t1.back());
      t1.pop_back();
    } else {
      b2.push_front(t2.back());
      t2.pop_back();
    }
  }
  void request(std::uint64_t x) {
    if (has(t1, x) || has(t2, x)) {
      ++hits;
      t1.remove(x);
      t2.remove(x);
      t2.push_front(x);
    } else if (has(b1, x)) {
      p = std::min(c, p + std::max<std::size_t>(1, b2.size() / b1.size()));
      replace(false);
      b1.remove(x);
      t2.push_front(x);
    } else if (has(b2, x)) {
      p -= std::min(p, std::max<std::size_t>(1, b1.size() / b2.size()));
      replace(true);
      b2.remove(x);
      t2.push_front(x);
    } else {
      if (t1.size() + b1.size() == c) {
        if (t1.size() < c) {
          b1.pop_back();
          replace(false);
        } else {
          t1.pop_back();
        }
      } else if (const std::size_t all = t1.size() + t2.size() + b1.size() + b2.size(); all >= c) {
        if (all == 2 * c) b2.pop_back();
        replace(false);
      }
      t1.push_front(x);
    }
  }
};

}  // namespace

TEST_CASE("arc: same hits as the pseudocode of its paper", "[cache][arc]") {
  const auto cache = make_arc(CacheCapacity::entries(30));
  PlainArc plain{.c = 30};
  Rng rng(9);
  for (int step = 0; step < 40000; ++step) {
    // Phases of popular keys, and of scans.
    const std::uint64_t id =
        step / 2000 % 3 == 2 ? 1000 + static_cast<std::uint64_t>(step) : rng.below(1 + rng.below(150));
    cache->replay(std::span(&id, 1));
    plain.request(id);
    REQUIRE(cache->stats().hits == plain.hits);
  }
  cache->check_invariants();
}
