// Replays one trace through many caches at once: the trace is read once, in pieces of a quarter of a million
// requests, and each piece goes through every cache before the next is read.
//
// Threads take caches as they come, one thread a cache at a time and every cache the whole trace in order; so
// the results are those of one replay after the other, however many threads there are. Where the machine
// gives no thread the calling one does the work. Memory: the piece, 4 to 6 MiB, whatever the length of the
// trace.
//
// A sample makes a long trace short: keys are chosen by a hash of their id, so a key is in it with all its
// requests or with none. A cache of size n * sample that sees the sample has about the miss ratio of one of
// size n that sees all. Paper: Waldspurger, Park, Garthwaite & Ahmad, "Efficient MRC construction with
// SHARDS", FAST 2015; for other policies than LRU: Waldspurger et al., "Cache modeling and optimization using
// miniature simulations", ATC 2017.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/cache/cache.hpp"

namespace syslab {

// The requests of a piece. `sizes` and `times` are as long as `ids`, or empty.
struct RequestPiece {
  std::vector<std::uint64_t> ids = {};
  std::vector<std::uint64_t> sizes = {};
  std::vector<Instant> times = {};
};

// Whether a key is in a sample of this share of all keys.
bool is_sampled(std::uint64_t id, double share);

// Who gets the pieces. Called by one thread at a time, with the pieces in order.
using PieceUser = std::function<void(const RequestPiece&)>;
PieceUser replay_into(Cache& cache);

struct ReplayAllOptions {
  unsigned threads = 1;  // at least 1; the calling one included
  // The caches of these run on the calling thread only, after the others: what calls into a script.
  std::span<const PieceUser> here = {};
};

// Fills the piece with the next requests; false where there are none. It is empty when it comes.
using NextPiece = std::function<bool(RequestPiece&)>;
constexpr std::size_t kPiece = std::size_t{1} << 18;

// What next() throws or a user on the calling thread throws comes through; the other users must not throw.
void replay_all(const NextPiece& next, std::span<const PieceUser> users, const ReplayAllOptions& options);

}  // namespace syslab
