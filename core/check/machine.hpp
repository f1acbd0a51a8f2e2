// A model as a finite machine: what the searches of core/check walk on, in which states and actions are small
// integers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/check/model.hpp"

namespace syslab {

struct HashValue {
  std::size_t operator()(const Value& value) const { return value.hash(); }
};

struct HashAction {
  std::size_t operator()(const Action& action) const {
    const std::uint64_t h = action.a.hash(action.verb);
    return action.b.is_nil() ? h : action.b.hash(h);
  }
};

// A copy that shares nothing: the references of what is shared are counted without a lock, and keys are
// searched on several threads.
Value unshared(const Value& value);

// The model with its states and actions as integers. Filled from the model once for each pair that is met: a
// table while that is small, since it is one load to look up, and a hash table of the pairs that were met
// beyond.
class Machine {
 public:
  // Transitions are states, or negative where the action is refused; kLost: and always will be.
  static constexpr std::int32_t kRefused = -1, kLost = -3;

  explicit Machine(const Model& model) : model_(model) { intern(unshared(model.initial())); }

  // Requires: no transition was asked for yet.
  std::uint32_t class_of(const Action& action) {
    const auto known = classes_.find(action);
    if (known != classes_.end()) return known->second;
    grows_ = grows_ && (action.observes || model_.grows(action));
    const auto cls = static_cast<std::uint32_t>(actions_.size());
    const auto [it, added] = classes_.emplace(
        Action{action.verb, action.observes, action.blind, unshared(action.a), unshared(action.b)}, cls);
    actions_.push_back(&it->first);
    return cls;
  }
  const Action& action(std::uint32_t cls) const { return *actions_[cls]; }
  bool repeatable(std::uint32_t cls) const { return model_.repeatable(*actions_[cls]); }
  const Value& state(std::uint32_t id) const { return *states_[id]; }
  std::size_t state_count() const { return states_.size(); }
  std::size_t class_count() const { return actions_.size(); }
  // Whether every action of the key observes or grows.
  bool grows() const { return grows_; }

  std::int32_t next(std::uint32_t state, std::uint32_t cls) {
    const std::size_t pair = std::size_t{state} * actions_.size() + cls;
    if (pair < table_.size() && table_[pair] != kUnfilled) [[likely]]
      return table_[pair];
    return fill(pair, state, cls);
  }
  std::size_t size_bytes() const {
    return bytes_ + table_.size() * sizeof(table_[0]) + many_.size() * sizeof(many_[0]);
  }

 private:
  static constexpr std::int32_t kUnfilled = -2;
  static constexpr std::size_t kTableMax = std::size_t{1} << 21;

  struct Entry {
    std::uint64_t pair = 0;  // plus one; 0: free
    std::int32_t next = 0;
  };

  std::uint32_t intern(Value state) {
    const auto [it, added] = ids_.try_emplace(std::move(state), static_cast<std::uint32_t>(states_.size()));
    if (added) {
      states_.push_back(&it->first);
      bytes_ += it->first.size_bytes() + 80;
    }
    return it->second;
  }

  [[gnu::noinline]] std::int32_t fill(std::size_t pair, std::uint32_t state, std::uint32_t cls) {
    if (pair >= table_.size()) {
      if (states_.size() * actions_.size() > kTableMax) return next_of_many(pair + 1, state, cls);
      // Room for more states than there are, since each resize copies the table.
      table_.resize(std::max<std::size_t>(16, 2 * states_.size()) * actions_.size(), kUnfilled);
    }
    const std::int32_t next = compute(state, cls);
    return table_[pair] = next;
  }

  std::int32_t compute(std::uint32_t state, std::uint32_t cls) {
    auto stepped = model_.step(*states_[state], *actions_[cls]);
    if (stepped) return static_cast<std::int32_t>(intern(std::move(*stepped)));
    return grows_ && actions_[cls]->observes && model_.lost(*states_[state], *actions_[cls]) ? kLost
                                                                                             : kRefused;
  }

  std::int32_t next_of_many(std::uint64_t pair, std::uint32_t state, std::uint32_t cls) {
    if ((many_count_ + 1) * 8 > many_.size() * 5) {
      std::vector<Entry> old(many_.empty() ? 1024 : many_.size() * 2);
      old.swap(many_);
      for (const Entry& e : old) {
        if (e.pair != 0) place_of(e.pair) = e;
      }
    }
    Entry& entry = place_of(pair);
    if (entry.pair == 0) {
      entry = {pair, compute(state, cls)};
      ++many_count_;
    }
    return entry.next;
  }
  Entry& place_of(std::uint64_t pair) {
    const std::size_t last = many_.size() - 1;
    for (std::size_t at = (pair * 0x9E3779B97F4A7C15ull) >> 20 & last;; at = (at + 1) & last) {
      if (many_[at].pair == pair || many_[at].pair == 0) return many_[at];
    }
  }

  const Model& model_;
  std::unordered_map<Value, std::uint32_t, HashValue>
      ids_;  // only looked up, never iterated; nodes stay in place
  std::unordered_map<Action, std::uint32_t, HashAction> classes_;
  std::vector<const Value*> states_;
  std::vector<const Action*> actions_;
  std::vector<std::int32_t> table_;  // state * number of classes + class
  std::vector<Entry> many_;
  std::size_t many_count_ = 0;
  std::size_t bytes_ = 0;
  bool grows_ = true;
};

}  // namespace syslab
