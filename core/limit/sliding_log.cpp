#include "core/limit/sliding_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/assert.hpp"
#include "core/limit/basic_limiter.hpp"

namespace syslab {

static_assert(HoldingLimitAlgorithm<SlidingLog>);
template class BasicLimiter<SlidingLog>;
template class BasicKeyedLimiter<SlidingLog>;

SlidingLog::SlidingLog(const WindowOptions& options)
    : options_(options),
      window_(options.window.count()),
      limit_(to_cost_units(options.limit)),
      most_(16 * static_cast<std::uint32_t>(std::ceil(options.limit))) {
  SYSLAB_ASSERT(valid(options));
}

// Changes the state only, so that a copy of it can be expired for a look. Entries are in the order of their
// times.
void SlidingLog::expire(State& state, Instant now) const {
  state.at = std::max(state.at, static_cast<std::int64_t>(now.time_since_epoch().count()));
  while (state.size > 0 && state.at - entry(state, 0).at >= window_) {
    state.used -= entry(state, 0).units;
    state.head = (state.head + 1) & (state.capacity - 1);
    --state.size;
  }
}

Decision SlidingLog::decide(const State& state, Instant now, std::int64_t wanted) const {
  if (wanted <= limit_ - state.used) {
    return {true, Duration::zero(), from_cost_units(limit_ - state.used - wanted)};
  }
  Duration wait = Duration::max();
  if (wanted <= limit_) {
    // As many of the oldest must go as make room.
    std::int64_t missing = state.used + wanted - limit_;
    std::uint32_t i = 0;
    while (missing > entry(state, i).units) missing -= entry(state, i++).units;
    wait = saturating_add(Instant(Duration(entry(state, i).at)), Duration(window_)) - now;
  }
  return {false, wait, from_cost_units(limit_ - state.used)};
}

Decision SlidingLog::admit(State& state, Instant now, double cost) {
  // Both ends of the log at once: whether the old one has expired is a branch that is often guessed wrong.
  if (state.capacity > 0)
    __builtin_prefetch(&arena_[state.block + ((state.head + state.size - 1) & (state.capacity - 1))], 1);
  expire(state, now);
  if (state.size == 0 && state.capacity > 0) {  // an idle key gives its block back
    leave(state);
    state.capacity = 0;
  }
  const std::int64_t wanted = to_cost_units(cost);
  const Decision decision = decide(state, now, wanted);
  if (decision.admitted) append(state, wanted);
  return decision;
}

Decision SlidingLog::peek(State state, Instant now, double cost) const {
  expire(state, now);
  return decide(state, now, to_cost_units(cost));
}

void SlidingLog::append(State& state, std::int64_t units) {
  state.used += units;
  if (state.size > 0) {
    Entry& newest = arena_[state.block + ((state.head + state.size - 1) & (state.capacity - 1))];
    if (newest.at == state.at || state.size == most_) {
      newest.at = state.at;
      newest.units += units;
      return;
    }
  }
  if (state.size == state.capacity) {
    const std::uint32_t larger = std::max(1u, 2 * state.capacity);
    const std::uint64_t block = take_block(larger);
    for (std::uint32_t i = 0; i < state.size; ++i) arena_[block + i] = entry(state, i);
    leave(state);
    state.block = block;
    state.capacity = larger;
    state.head = 0;
  }
  arena_[state.block + ((state.head + state.size) & (state.capacity - 1))] = {state.at, units};
  ++state.size;
}

// A free block of this size, or half of a larger one. Halves are not joined again.
std::uint64_t SlidingLog::take_block(std::uint32_t capacity) {
  const auto wanted = static_cast<std::size_t>(std::countr_zero(capacity));
  std::size_t level = wanted;
  while (level < free_blocks_.size() && free_blocks_[level].empty()) ++level;
  if (level == free_blocks_.size()) {
    arena_.resize(arena_.size() + capacity);
    return arena_.size() - capacity;
  }
  const std::uint64_t block = free_blocks_[level].back();
  free_blocks_[level].pop_back();
  while (level > wanted) {
    --level;
    free_blocks_[level].push_back(block + (std::uint64_t{1} << level));
  }
  return block;
}

void SlidingLog::leave(const State& state) {
  if (state.capacity == 0) return;
  free_blocks_[static_cast<std::size_t>(std::countr_zero(state.capacity))].push_back(state.block);
}

Instant SlidingLog::idle_at(const State& state) const {
  if (state.size == 0) return Instant(Duration(state.at));
  return saturating_add(Instant(Duration(entry(state, state.size - 1).at)), Duration(window_));
}

void SlidingLog::check_invariants(const State& state) const {
  SYSLAB_ASSERT(state.size <= state.capacity && state.size <= most_);
  SYSLAB_ASSERT(state.capacity == 0 || std::has_single_bit(state.capacity));
  SYSLAB_ASSERT(state.block + state.capacity <= arena_.size());
  std::int64_t used = 0;
  for (std::uint32_t i = 0; i < state.size; ++i) {
    used += entry(state, i).units;
    SYSLAB_ASSERT(i == 0 || entry(state, i - 1).at < entry(state, i).at);
  }
  SYSLAB_ASSERT(used == state.used && used <= limit_);
}

std::string SlidingLog::describe() const {
  return fmt::format("sliding_log{{limit = {}, window = {}}}", options_.limit, to_seconds(options_.window));
}

std::unique_ptr<Limiter> make_sliding_log(const WindowOptions& options) {
  return std::make_unique<BasicLimiter<SlidingLog>>(SlidingLog(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_sliding_log(const WindowOptions& options, std::size_t max_keys) {
  return std::make_unique<BasicKeyedLimiter<SlidingLog>>(SlidingLog(options), max_keys);
}

}  // namespace syslab
