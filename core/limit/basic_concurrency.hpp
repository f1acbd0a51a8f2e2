// BasicConcurrencyLimiter<A> and BasicKeyedConcurrencyLimiter<A>: one limit, and a bounded table of them,
// once for all algorithms; and ConcurrencyAlgorithm, what an algorithm must be.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/limit/concurrency_limiter.hpp"
#include "core/limit/key_table.hpp"

namespace syslab {

template <class A>
concept ConcurrencyAlgorithm = std::is_trivially_copyable_v<typename A::State> &&
    requires(A& algorithm, const A& view_of_it, typename A::State& state, const typename A::State& view,
             RequestOutcome outcome, std::optional<Duration> latency) {
  { view.in_flight } -> std::convertible_to<std::uint32_t>;
  // Nobody inside, nothing learned.
  { view_of_it.fresh() } -> std::same_as<typename A::State>;
  // Counts the request in if it is admitted.
  { view_of_it.acquire(state) } -> std::same_as<Admission>;
  // One leaves. Requires: in_flight > 0.
  algorithm.release(state, outcome, latency);
  { view_of_it.limit(view) } -> std::convertible_to<double>;
  // Whether something was learned that a fresh state does not know.
  { view_of_it.learned(view) } -> std::same_as<bool>;
  { view_of_it.renew() } -> std::same_as<A>;
  { view_of_it.describe() } -> std::convertible_to<std::string>;
};

template <ConcurrencyAlgorithm A>
class BasicConcurrencyLimiter final : public ConcurrencyLimiter {
 public:
  explicit BasicConcurrencyLimiter(A algorithm)
      : algorithm_(std::move(algorithm)), state_(algorithm_.fresh()) {}

  Admission acquire() override { return algorithm_.acquire(state_); }
  Admission peek() const override {
    auto copy = state_;
    return algorithm_.acquire(copy);
  }
  bool release(RequestOutcome outcome, std::optional<Duration> latency) override {
    if (state_.in_flight == 0) return false;
    algorithm_.release(state_, outcome, latency);
    return true;
  }
  std::uint32_t in_flight() const override { return state_.in_flight; }
  double limit() const override { return algorithm_.limit(state_); }
  void reset() override {
    algorithm_ = algorithm_.renew();
    state_ = algorithm_.fresh();
  }
  std::unique_ptr<ConcurrencyLimiter> fresh() const override {
    return std::make_unique<BasicConcurrencyLimiter>(algorithm_.renew());
  }
  std::string describe() const override { return algorithm_.describe(); }

 private:
  A algorithm_;
  typename A::State state_;
};

template <ConcurrencyAlgorithm A>
class BasicKeyedConcurrencyLimiter final : public KeyedConcurrencyLimiter {
 public:
  // Requires: 1 <= max_keys < 2^31.
  BasicKeyedConcurrencyLimiter(A algorithm, std::size_t max_keys)
      : algorithm_(std::move(algorithm)), keys_(max_keys) {}

  Admission acquire(std::uint64_t key) override {
    State* state = keys_.find(key);
    if (state == nullptr && (state = insert(key)) == nullptr) return {};
    return algorithm_.acquire(*state);
  }
  Admission peek(std::uint64_t key) const override {
    const State* state = keys_.find(key);
    if (state == nullptr && keys_.size() == keys_.max_keys() && !somebody_idle()) return {};
    auto copy = state == nullptr ? algorithm_.fresh() : *state;
    return algorithm_.acquire(copy);
  }
  bool release(std::uint64_t key, RequestOutcome outcome, std::optional<Duration> latency) override {
    State* state = keys_.find(key);
    if (state == nullptr || state->in_flight == 0) return false;
    algorithm_.release(*state, outcome, latency);
    if (state->in_flight == 0 && !algorithm_.learned(*state)) keys_.erase(key);
    return true;
  }
  std::uint32_t in_flight(std::uint64_t key) const override {
    const State* state = keys_.find(key);
    return state == nullptr ? 0 : state->in_flight;
  }
  double limit(std::uint64_t key) const override {
    const State* state = keys_.find(key);
    return algorithm_.limit(state == nullptr ? algorithm_.fresh() : *state);
  }
  void reset() override {
    keys_.clear();
    algorithm_ = algorithm_.renew();
  }
  std::unique_ptr<KeyedConcurrencyLimiter> fresh() const override {
    return std::make_unique<BasicKeyedConcurrencyLimiter>(algorithm_.renew(), max_keys());
  }
  std::string describe() const override { return algorithm_.describe(); }
  std::size_t size() const override { return keys_.size(); }
  std::size_t max_keys() const override { return keys_.max_keys(); }
  std::size_t size_bytes() const override { return keys_.size_bytes(); }
  std::uint64_t forgotten() const override { return keys_.forgotten(); }
  void check_invariants() const override {
    keys_.check_invariants();
    keys_.for_each([this](const State& s) { SYSLAB_ASSERT(s.in_flight > 0 || algorithm_.learned(s)); });
  }

 private:
  using State = typename A::State;

  // Time does not matter here: who is inside stays, and what was learned of others is worth keeping while
  // there is room.
  State* insert(std::uint64_t key) {
    const auto idle_at = [](const State& s) { return s.in_flight > 0 ? Instant::max() : kIdle; };
    return keys_.insert(key, algorithm_.fresh(), kNow, idle_at, [](const State&) {});
  }
  bool somebody_idle() const {
    bool found = false;
    keys_.for_each([&](const State& s) { found = found || s.in_flight == 0; });
    return found;
  }
  static constexpr Instant kNow = Instant(Duration(0));
  static constexpr Instant kIdle = Instant(Duration(1));

  A algorithm_;
  KeyTable<State> keys_;
};

}  // namespace syslab
