#include "core/cache/replay_all.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/cache/arc.hpp"
#include "core/cache/lru.hpp"
#include "core/cache/sieve.hpp"

using namespace syslab;

namespace {

// So many pieces of uneven length, the same again each time.
NextPiece pieces(int count) {
  return [count, made = 0](RequestPiece& piece) mutable {
    if (made == count) return false;
    Rng rng(static_cast<std::uint64_t>(++made));
    piece.ids.resize(1 + rng.below(5000));
    for (auto& id : piece.ids) id = rng.below(1 + rng.below(2000));
    return true;
  };
}

}  // namespace

TEST_CASE("replay_all: the results do not depend on the number of threads", "[cache][replay_all]") {
  std::vector<std::uint64_t> first;
  for (const unsigned threads : {1u, 2u, 3u, 16u}) {
    std::vector<std::unique_ptr<Cache>> caches;
    std::vector<PieceUser> users;
    for (std::uint64_t size = 1; size <= 1024; size *= 4) {
      caches.push_back(make_lru(CacheCapacity::entries(size)));
      caches.push_back(make_arc(CacheCapacity::entries(size)));
      caches.push_back(make_sieve(CacheCapacity::entries(size)));
    }
    for (const auto& cache : caches) users.push_back(replay_into(*cache));
    replay_all(pieces(20), users, {.threads = threads});
    std::vector<std::uint64_t> hits;
    for (const auto& cache : caches) hits.push_back(cache->stats().hits);
    if (first.empty()) first = hits;
    REQUIRE(hits == first);
  }
  // And those of one cache alone.
  const auto alone = make_arc(CacheCapacity::entries(16));
  const NextPiece next = pieces(20);
  for (RequestPiece piece; next(piece);) alone->replay(piece.ids);
  REQUIRE(first[7] == alone->stats().hits);
}

TEST_CASE("replay_all: users on the calling thread get all pieces, too", "[cache][replay_all]") {
  std::size_t there = 0, here = 0;
  const PieceUser other = [&](const RequestPiece& piece) { there += piece.ids.size(); };
  const PieceUser own = [&](const RequestPiece& piece) { here += piece.ids.size(); };
  replay_all(pieces(7), std::span(&other, 1), {.threads = 2, .here = std::span(&own, 1)});
  REQUIRE(here == there);
  REQUIRE(here > 0);
}

TEST_CASE("replay_all: a sample has its share of the keys, and a smaller one is part of a larger one",
          "[cache][replay_all]") {
  int tenth = 0;
  for (std::uint64_t id = 0; id < 100000; ++id) {
    tenth += is_sampled(id, 0.1);
    REQUIRE((!is_sampled(id, 0.1) || is_sampled(id, 0.3)));
    REQUIRE(is_sampled(id, 1));
  }
  REQUIRE(std::abs(tenth - 10000) < 400);  // four standard deviations
}
