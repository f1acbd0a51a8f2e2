// BasicLimiter<A> and BasicKeyedLimiter<A>: one budget, and a bounded table of them, once for all algorithms;
// and LimitAlgorithm, what an algorithm must be.
//
// An algorithm is the options and the arithmetic; the state of a budget is a small plain struct, so that a
// table of them is one array.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/probe_table.hpp"
#include "core/limit/limiter.hpp"

namespace syslab {

template <class A>
concept LimitAlgorithm = std::is_trivially_copyable_v<typename A::State> &&
    requires(const A& algorithm, typename A::State& state, const typename A::State& view, Instant now,
             double cost) {
  // A budget that nobody used yet.
  { algorithm.fresh() } -> std::same_as<typename A::State>;
  { algorithm.admit(state, now, cost) } -> std::same_as<Decision>;
  // From when on the state is as good as fresh, if nothing else comes.
  { algorithm.idle_at(view) } -> std::same_as<Instant>;
  { algorithm.describe() } -> std::convertible_to<std::string>;
};

template <LimitAlgorithm A>
class BasicLimiter final : public Limiter {
 public:
  explicit BasicLimiter(A algorithm) : algorithm_(std::move(algorithm)), state_(algorithm_.fresh()) {}

  Decision admit(Instant now, double cost) override { return algorithm_.admit(state_, now, cost); }
  Decision peek(Instant now, double cost) const override {
    auto copy = state_;
    return algorithm_.admit(copy, now, cost);
  }
  void reset() override { state_ = algorithm_.fresh(); }
  std::unique_ptr<Limiter> fresh() const override { return std::make_unique<BasicLimiter>(algorithm_); }
  std::string describe() const override { return algorithm_.describe(); }

 private:
  A algorithm_;
  typename A::State state_;
};

template <LimitAlgorithm A>
class BasicKeyedLimiter final : public KeyedLimiter {
 public:
  // Requires: 1 <= max_keys < 2^31.
  BasicKeyedLimiter(A algorithm, std::size_t max_keys)
      : algorithm_(std::move(algorithm)), max_keys_(max_keys) {
    SYSLAB_ASSERT(max_keys >= 1 && max_keys < (std::size_t{1} << 31));
  }

  Decision admit(std::uint64_t key, Instant now, double cost) override {
    Budget* budget = table_.find(fold_hash(key), [key](const Budget& b) { return b.key == key; });
    if (budget == nullptr) budget = insert(key, now);
    return algorithm_.admit(budget->state, now, cost);
  }

  Decision peek(std::uint64_t key, Instant now, double cost) const override {
    const Budget* budget = table_.find(fold_hash(key), [key](const Budget& b) { return b.key == key; });
    auto copy = budget == nullptr ? algorithm_.fresh() : budget->state;
    return algorithm_.admit(copy, now, cost);
  }

  void reset() override {
    table_.clear();
    hand_ = 0;
    forgotten_ = 0;
  }

  std::unique_ptr<KeyedLimiter> fresh() const override {
    return std::make_unique<BasicKeyedLimiter>(algorithm_, max_keys_);
  }
  std::string describe() const override { return algorithm_.describe(); }
  std::size_t size() const override { return table_.size(); }
  std::size_t max_keys() const override { return max_keys_; }
  std::uint64_t forgotten() const override { return forgotten_; }

  void check_invariants() const override {
    SYSLAB_ASSERT(size() <= max_keys_);
    std::size_t held = 0;
    for (std::size_t i = 0; i < table_.buckets(); ++i) {
      const Budget* budget = table_.at(i);
      if (budget == nullptr) continue;
      SYSLAB_ASSERT(table_.find(budget->hash(), [&](const Budget& b) { return b.key == budget->key; }) ==
                    budget);
      ++held;
    }
    SYSLAB_ASSERT(held == size());
  }

 private:
  struct Budget {
    std::uint64_t key;
    typename A::State state;
    std::uint64_t hash() const { return fold_hash(key); }
  };
  // How many keys are looked at when one must go: the hand goes round, so idle ones are found soon.
  static constexpr int kCandidates = 8;

  Budget* insert(std::uint64_t key, Instant now) {
    if (size() == max_keys_) table_.erase(closest_to_fresh(now));
    return table_.insert(fold_hash(key), {key, algorithm_.fresh()});
  }

  const Budget* closest_to_fresh(Instant now) {
    const Budget* best = nullptr;
    Instant best_at = Instant::max();
    for (int seen = 0; seen < kCandidates && (best == nullptr || best_at > now);) {
      hand_ = hand_ + 1 < table_.buckets() ? hand_ + 1 : 0;
      const Budget* budget = table_.at(hand_);
      if (budget == nullptr) continue;
      const Instant at = algorithm_.idle_at(budget->state);
      if (best == nullptr || at < best_at) {
        best = budget;
        best_at = at;
      }
      ++seen;
    }
    forgotten_ += best_at > now;
    return best;
  }

  A algorithm_;
  std::size_t max_keys_;
  ProbeTable<Budget> table_;
  std::size_t hand_ = 0;  // a bucket
  std::uint64_t forgotten_ = 0;
};

}  // namespace syslab
