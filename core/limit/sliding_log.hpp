// Sliding log: the times of all requests of the last window, so that never more than `limit` are in any
// window of that length. Exact, and the yardstick of the others; it pays with memory.
//
// A request counts from its time t up to, but not at, t + window. Refused requests are not logged (in the
// common Redis recipe with a sorted set they are, and a client that keeps asking locks itself out). Requests
// of the same nanosecond share an entry. A log has at most 16 * limit entries: beyond that, which takes
// requests that cost less than 1/16, the newest two become one at the later time, so it may be too strict but
// never too lax.
//
// Time that runs backwards counts as the latest time seen. Cost: O(1) amortised; 40 bytes a key and 16 to 32
// bytes an entry of its log (up to 64 where all logs grow together, as room doubles and is kept), until the
// key is used again or forgotten. The limit is at most 1e6. Costs are counted in 2^-20 (see window.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/limit/limiter.hpp"
#include "core/limit/window.hpp"

namespace syslab {

class SlidingLog {
 public:
  // A ring of entries in a block of the arena.
  struct State {
    std::uint64_t block;
    std::int64_t used;   // cost units, of all entries
    std::int64_t at;     // nanoseconds; the latest time seen
    std::uint32_t head;  // the oldest entry
    std::uint32_t size;
    std::uint32_t capacity;  // a power of two, or 0: no block
  };

  // Requires: valid(options).
  explicit SlidingLog(const WindowOptions& options);
  static bool valid(const WindowOptions& options) { return valid_window(options) && options.limit <= 1e6; }

  State fresh() const { return {0, 0, 0, 0, 0, 0}; }
  Decision admit(State& state, Instant now, double cost);
  Decision peek(State state, Instant now, double cost) const;
  Instant idle_at(const State& state) const;
  std::string describe() const;

  void leave(const State& state);
  SlidingLog renew() const { return SlidingLog(options_); }
  std::size_t held_bytes() const { return arena_.capacity() * sizeof(Entry); }
  void check_invariants(const State& state) const;

 private:
  struct Entry {
    std::int64_t at;
    std::int64_t units;
  };

  const Entry& entry(const State& state, std::uint32_t i) const {
    return arena_[state.block + ((state.head + i) & (state.capacity - 1))];
  }
  void expire(State& state, Instant now) const;
  Decision decide(const State& state, Instant now, std::int64_t wanted) const;
  void append(State& state, std::int64_t units);
  std::uint64_t take_block(std::uint32_t capacity);

  WindowOptions options_;
  std::int64_t window_;
  std::int64_t limit_;
  std::uint32_t most_;  // entries
  std::vector<Entry> arena_;
  std::array<std::vector<std::uint64_t>, 32> free_blocks_;  // by the logarithm of their size
};

// Requires: SlidingLog::valid(options).
std::unique_ptr<Limiter> make_sliding_log(const WindowOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_sliding_log(const WindowOptions& options, std::size_t max_keys);

}  // namespace syslab
