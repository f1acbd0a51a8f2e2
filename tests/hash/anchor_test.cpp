#include "core/hash/anchor.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredPlacement registered(
    "anchor", [] { return make_anchor(1200); }, 1.03, 0);

// The paper's first, naive form: every removed bucket keeps the list of those that were in use when it had
// left.
class NaiveAnchor {
 public:
  explicit NaiveAnchor(std::uint32_t capacity) : kept_(capacity) {
    for (std::uint32_t b = 0; b < capacity; ++b) in_use_.push_back(b);
  }
  // The last one takes the place of the one that leaves, as in the algorithm that keeps no lists.
  void remove(std::uint32_t b) {
    const auto at = std::find(in_use_.begin(), in_use_.end(), b);
    *at = in_use_.back();
    in_use_.pop_back();
    kept_[b] = in_use_;
    removed_.push_back(b);
  }
  std::uint32_t add() {
    const std::uint32_t b = removed_.back();
    removed_.pop_back();
    // Undo the removal: whoever took its place goes back to the end.
    const std::size_t at = position_before(b);
    if (at < in_use_.size()) {
      in_use_.push_back(in_use_[at]);
      in_use_[at] = b;
    } else {
      in_use_.push_back(b);
    }
    kept_[b].clear();
    return b;
  }
  std::uint32_t bucket_of(std::uint64_t hash) const {
    auto b = below(hash, static_cast<std::uint32_t>(kept_.size()));
    while (std::find(in_use_.begin(), in_use_.end(), b) == in_use_.end()) {
      b = kept_[b][below(mix64(hash ^ b), static_cast<std::uint32_t>(kept_[b].size()))];
    }
    return b;
  }
  void remember_position(std::uint32_t b) {
    positions_.push_back(
        static_cast<std::size_t>(std::find(in_use_.begin(), in_use_.end(), b) - in_use_.begin()));
  }

 private:
  static std::uint32_t below(std::uint64_t hash, std::uint32_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>(static_cast<Wide>(hash) * bound >> 64);
  }
  std::size_t position_before(std::uint32_t) {
    const std::size_t at = positions_.back();
    positions_.pop_back();
    return at;
  }

  std::vector<std::uint32_t> in_use_, removed_;
  std::vector<std::size_t> positions_;
  std::vector<std::vector<std::uint32_t>> kept_;
};

}  // namespace

TEST_CASE("anchor: agrees with the algorithm that keeps whole lists, through many changes",
          "[hash][anchor]") {
  constexpr std::uint32_t kCapacity = 24;
  const auto placement = with_nodes(make_anchor(kCapacity), numbered(kCapacity));
  NaiveAnchor naive(kCapacity);
  std::vector<std::string> name_of(kCapacity);
  for (std::uint32_t b = 0; b < kCapacity; ++b) name_of[b] = "node-" + std::to_string(b);
  std::vector<std::uint32_t> in_use(kCapacity);
  for (std::uint32_t b = 0; b < kCapacity; ++b) in_use[b] = b;
  Rng rng(5);
  for (int step = 0; step < 200; ++step) {
    if (in_use.size() > 1 && (in_use.size() == kCapacity || rng.chance(0.55))) {
      const std::size_t i = rng.below(in_use.size());
      const std::uint32_t b = in_use[i];
      in_use.erase(in_use.begin() + static_cast<std::ptrdiff_t>(i));
      naive.remember_position(b);
      naive.remove(b);
      REQUIRE(placement->remove(name_of[b]));
    } else {
      const std::uint32_t b = naive.add();
      in_use.push_back(b);
      name_of[b] = "step-" + std::to_string(step);
      REQUIRE(placement->add({name_of[b], 1}));
    }
    placement->check_invariants();
    for (std::uint64_t key = 0; key < 300; ++key) {
      REQUIRE(placement->nodes()[placement->place(hash64(key))].name ==
              name_of[naive.bucket_of(hash64(key))]);
    }
  }
}

TEST_CASE("anchor: a node that comes back finds its keys, if nobody came between", "[hash][anchor]") {
  const auto placement = with_nodes(make_anchor(40), numbered(10));
  const auto before = placement->clone();
  const auto keys = sequence(20000);
  REQUIRE(placement->remove("node-7"));
  REQUIRE(placement->remove("node-2"));
  REQUIRE(placement->add({"node-2", 1}));
  REQUIRE(placement->add({"node-7", 1}));
  REQUIRE(moved(*before, *placement, keys).moved == 0);
}

TEST_CASE("anchor: full is full, and all may leave", "[hash][anchor]") {
  const auto placement = with_nodes(make_anchor(3), numbered(3));
  REQUIRE(placement->refusal({"more", 1}) == "there is no room for 'more': at most 3 nodes");
  REQUIRE_FALSE(placement->add({"more", 1}));
  for (const char* name : {"node-1", "node-0", "node-2"}) {
    REQUIRE(placement->remove(name));
    placement->check_invariants();
  }
  REQUIRE(placement->add({"again", 1}));
  placement->check_invariants();
  for (std::uint64_t key = 0; key < 100; ++key) REQUIRE(placement->place(hash64(key)) == 0);
}
