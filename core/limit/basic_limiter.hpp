// BasicLimiter<A> and BasicKeyedLimiter<A>: one budget, and a bounded table of them, once for all algorithms;
// and LimitAlgorithm, what an algorithm must be.
//
// An algorithm is the options and the arithmetic; the state of a budget is a small plain struct, so that a
// table of them is one array. What does not fit into that (the log of a sliding log) the algorithm holds for
// all of its states; then it also has
//   peek(state, now, cost) const   what admit would say (else a copy of the state is asked)
//   leave(state)                   the state is not used any more: what it holds comes back
//   renew() const                  another algorithm with the same options that holds nothing
//   held_bytes() const             memory it holds
//   check_invariants(state) const  ends the process if the state contradicts itself
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/limit/key_table.hpp"
#include "core/limit/limiter.hpp"

namespace syslab {

template <class A>
concept LimitAlgorithm = std::is_trivially_copyable_v<typename A::State> &&
    requires(A& algorithm, const A& view_of_it, typename A::State& state, const typename A::State& view,
             Instant now, double cost) {
  // A budget that nobody used yet.
  { view_of_it.fresh() } -> std::same_as<typename A::State>;
  { algorithm.admit(state, now, cost) } -> std::same_as<Decision>;
  // From when on the state is as good as fresh, if nothing else comes.
  { view_of_it.idle_at(view) } -> std::same_as<Instant>;
  { view_of_it.describe() } -> std::convertible_to<std::string>;
};

template <class A>
concept HoldingLimitAlgorithm = LimitAlgorithm<A> &&
    requires(A& algorithm, const A& view_of_it, const typename A::State& view, Instant now, double cost) {
  { view_of_it.peek(view, now, cost) } -> std::same_as<Decision>;
  algorithm.leave(view);
  { view_of_it.renew() } -> std::same_as<A>;
  { view_of_it.held_bytes() } -> std::same_as<std::size_t>;
  view_of_it.check_invariants(view);
};

template <LimitAlgorithm A>
class BasicLimiter final : public Limiter {
 public:
  explicit BasicLimiter(A algorithm) : algorithm_(std::move(algorithm)), state_(algorithm_.fresh()) {}

  Decision admit(Instant now, double cost) override { return algorithm_.admit(state_, now, cost); }
  Decision peek(Instant now, double cost) const override {
    if constexpr (HoldingLimitAlgorithm<A>) {
      return algorithm_.peek(state_, now, cost);
    } else {
      auto copy = state_;
      return algorithm_.admit(copy, now, cost);
    }
  }
  void reset() override {
    if constexpr (HoldingLimitAlgorithm<A>) algorithm_ = algorithm_.renew();
    state_ = algorithm_.fresh();
  }
  std::unique_ptr<Limiter> fresh() const override {
    if constexpr (HoldingLimitAlgorithm<A>) {
      return std::make_unique<BasicLimiter>(algorithm_.renew());
    } else {
      return std::make_unique<BasicLimiter>(algorithm_);
    }
  }
  std::string describe() const override { return algorithm_.describe(); }

 private:
  A algorithm_;
  typename A::State state_;
};

template <LimitAlgorithm A>
class BasicKeyedLimiter final : public KeyedLimiter {
 public:
  // Requires: 1 <= max_keys < 2^31.
  BasicKeyedLimiter(A algorithm, std::size_t max_keys) : algorithm_(std::move(algorithm)), keys_(max_keys) {}

  Decision admit(std::uint64_t key, Instant now, double cost) override {
    State* state = keys_.find(key);
    if (state == nullptr) [[unlikely]]
      state = insert(key, now);
    return algorithm_.admit(*state, now, cost);
  }

  Decision peek(std::uint64_t key, Instant now, double cost) const override {
    const State* state = keys_.find(key);
    auto copy = state == nullptr ? algorithm_.fresh() : *state;
    if constexpr (HoldingLimitAlgorithm<A>) {
      return algorithm_.peek(copy, now, cost);
    } else {
      return algorithm_.admit(copy, now, cost);
    }
  }

  void reset() override {
    keys_.clear();
    if constexpr (HoldingLimitAlgorithm<A>) algorithm_ = algorithm_.renew();
  }

  std::unique_ptr<KeyedLimiter> fresh() const override {
    if constexpr (HoldingLimitAlgorithm<A>) {
      return std::make_unique<BasicKeyedLimiter>(algorithm_.renew(), max_keys());
    } else {
      return std::make_unique<BasicKeyedLimiter>(algorithm_, max_keys());
    }
  }
  std::string describe() const override { return algorithm_.describe(); }
  std::size_t size() const override { return keys_.size(); }
  std::size_t max_keys() const override { return keys_.max_keys(); }
  std::size_t size_bytes() const override {
    if constexpr (HoldingLimitAlgorithm<A>) return keys_.size_bytes() + algorithm_.held_bytes();
    return keys_.size_bytes();
  }
  std::uint64_t forgotten() const override { return keys_.forgotten(); }

  void check_invariants() const override {
    keys_.check_invariants();
    if constexpr (HoldingLimitAlgorithm<A>) {
      keys_.for_each([this](const State& state) { algorithm_.check_invariants(state); });
    }
  }

 private:
  using State = typename A::State;

  // Not inlined: the usual way, where the key is there, is short.
  [[gnu::noinline]] State* insert(std::uint64_t key, Instant now) {
    // An idle time that is saturated is still one: in a limiter every key may go.
    const auto idle_at = [this](const State& s) {
      return std::min(algorithm_.idle_at(s), Instant::max() - Duration(1));
    };
    return keys_.insert(key, algorithm_.fresh(), now, idle_at, [this](const State& s) {
      if constexpr (HoldingLimitAlgorithm<A>) algorithm_.leave(s);
    });
  }

  A algorithm_;
  KeyTable<State> keys_;
};

}  // namespace syslab
