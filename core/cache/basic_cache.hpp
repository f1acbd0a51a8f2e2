// BasicCache<P>: keys, values, weights and the index, once for all policies; and EvictionPolicy, what a
// policy must be.
//
// A policy knows no keys and no values. It sees slots, small numbers that name entries while they are here,
// and keeps its own data per slot (links, bits, counters). A new policy is one file with these hooks and
//
//   static_assert(EvictionPolicy<Sieve>);
//   std::unique_ptr<Cache> make_sieve(CacheCapacity c) {
//     return std::make_unique<BasicCache<Sieve>>(c, Sieve());
//   }
//
// The hooks inline into replay(), so a policy costs what its memory accesses cost.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/slot_index.hpp"
#include "core/cache/cache.hpp"

namespace syslab {

// Slots below this are never entries: a policy may use them as sentinels of its lists, or as "none" (kNoSlot
// is 0).
inline constexpr Slot kFirstSlot = 8;

// What a policy may know of the entry that comes.
struct Entrant {
  // The same key has the same identity, now and after an eviction; for ghosts and sketches.
  std::uint64_t identity;
  std::uint64_t weight;  // in the unit of the capacity
  // The key itself, for a policy that shows it to a script; the text is gone after the call.
  Key::Kind kind = Key::Kind::id;
  std::string_view text = {};
};

enum class Leaving : std::uint8_t { evicted, erased };

template <class P>
concept EvictionPolicy = requires(P policy, const P& view, Slot slot, const Entrant& entrant,
                                  std::size_t slots) {
  { P::kName } -> std::convertible_to<std::string_view>;
  // Slot numbers up to `slots` - 1 may come from now on. Never shrinks.
  policy.resize(slots);
  // The entry is new in this slot. Room was made before.
  policy.on_insert(slot, entrant);
  policy.on_hit(slot);
  // Who must go so that the entrant can come. At least one entry is here. May move things, removes nothing
  // itself.
  { policy.victim(entrant) } -> std::same_as<Slot>;
  // The slot is not an entry any more. A ghost list remembers only what was evicted.
  policy.on_remove(slot, Leaving::evicted);
  // Forgets everything, as freshly made.
  policy.clear();
  // Starts loading what on_hit(slot) will touch.
  view.prefetch(slot);
  // Calls with every entry, the next victim last.
  view.for_each([](Slot) {});
  view.check_invariants();
};

// A policy that ages with time has this hook, too. It is called with times that never go back, and not at all
// where nobody tells the time: then time stands still.
template <class P>
concept TimedPolicy = requires(P policy, Instant now) {
  policy.advance(now);
};

template <EvictionPolicy P>
class BasicCache final : public Cache {
 public:
  // Requires: capacity.amount >= 1.
  BasicCache(CacheCapacity capacity, P policy) : Cache(capacity), policy_(std::move(policy)) {
    SYSLAB_ASSERT(capacity.amount >= 1);
    if (!weighs())
      index_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(capacity.amount, kReserved)));
  }

  std::string_view name() const override { return P::kName; }
  std::unique_ptr<Cache> fresh() const override {
    P policy = policy_;
    policy.clear();
    return std::make_unique<BasicCache>(capacity_, std::move(policy));
  }
  std::size_t size() const override { return index_.size(); }

  const Value* get(const Key& key) override {
    const Slot slot = find(key);
    if (slot == kNoSlot) {
      ++stats_.misses;
      return nullptr;
    }
    ++stats_.hits;
    policy_.on_hit(slot);
    return &value_of(slot);
  }

  const Value* peek(const Key& key) const override {
    const Slot slot = find(key);
    return slot == kNoSlot ? nullptr : &value_of(slot);
  }

  bool put(const Key& key, Value value, std::uint64_t weight) override {
    weight = weighs() ? std::max<std::uint64_t>(weight, 1) : 1;
    Slot slot = find(key);
    if (weight > capacity_.amount) {
      if (slot != kNoSlot) remove(slot, Leaving::erased);
      ++stats_.rejections;
      return false;
    }
    if (slot != kNoSlot && weight_of(slot) == weight) {
      policy_.on_hit(slot);
    } else {
      if (slot != kNoSlot) {
        remove(slot, Leaving::erased);
      } else {
        ++stats_.insertions;
      }
      slot = insert({key.word(), weight, key.kind(), key.text()}, key.hash());
      if (key.kind() != Key::Kind::id || !names_.empty()) name_slot(slot, key);
    }
    set_value(slot, std::move(value));
    return true;
  }

  bool erase(const Key& key) override {
    const Slot slot = find(key);
    if (slot != kNoSlot) remove(slot, Leaving::erased);
    return slot != kNoSlot;
  }

  void clear() override {
    policy_.clear();
    index_.clear();
    free_.clear();
    names_.clear();
    values_.clear();
    fresh_ = kFirstSlot;
    used_ = 0;
    if constexpr (TimedPolicy<P>) {
      if (now_ != Instant()) policy_.advance(now_);
    }
  }

  void advance(Instant now) override {
    if constexpr (TimedPolicy<P>) {
      now_ = std::max(now_, now);
      policy_.advance(now_);
    }
  }

  void replay(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes) override {
    SYSLAB_ASSERT(sizes.empty() || sizes.size() == ids.size());
    if (weighs() && !sizes.empty()) {
      replay_with(ids, [&](std::size_t i) { return std::max<std::uint64_t>(sizes[i], 1); });
    } else {
      replay_with(ids, [](std::size_t) { return std::uint64_t{1}; });
    }
  }

  void replay_timed(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes,
                    std::span<const Instant> times) override {
    SYSLAB_ASSERT(times.size() == ids.size());
    if (TimedPolicy<P>) {
      Cache::replay_timed(ids, sizes, times);
    } else {
      replay(ids, sizes);  // in one piece, for speed
    }
  }

  std::vector<Value> keys() const override {
    std::vector<Value> out;
    out.reserve(size());
    policy_.for_each([&](Slot slot) {
      switch (kind_of(slot)) {
        case Key::Kind::id:
          out.emplace_back(static_cast<double>(words_[slot]));
          break;
        case Key::Kind::real:
          out.emplace_back(std::bit_cast<double>(words_[slot]));
          break;
        case Key::Kind::text:
          out.emplace_back(names_[slot].text);
          break;
      }
    });
    return out;
  }

  void check_invariants() const override {
    policy_.check_invariants();
    std::size_t entries = 0;
    std::uint64_t weight = 0;
    std::vector<bool> seen(words_.size());
    policy_.for_each([&](Slot slot) {
      SYSLAB_ASSERT(slot >= kFirstSlot && slot < fresh_);
      SYSLAB_ASSERT(!seen[slot]);  // the policy lists an entry once
      seen[slot] = true;
      SYSLAB_ASSERT(
          index_.find(Key::hash_of(kind_of(slot), words_[slot]), [&](Slot s) { return s == slot; }) == slot);
      if (kind_of(slot) == Key::Kind::text) SYSLAB_ASSERT(hash64(names_[slot].text) == words_[slot]);
      ++entries;
      weight += weight_of(slot);
    });
    SYSLAB_ASSERT(entries == index_.size());
    SYSLAB_ASSERT(weight == used_);
    SYSLAB_ASSERT(used_ <= capacity_.amount);
    SYSLAB_ASSERT(fresh_ - kFirstSlot == entries + free_.size());
    for (Slot slot : free_) SYSLAB_ASSERT(!seen[slot]);
  }

 private:
  struct Name {
    Key::Kind kind = Key::Kind::id;
    std::string text;
  };
  static constexpr std::uint64_t kReserved = 1 << 16;
  // How many requests ahead replay() loads the bucket, and then the entry behind it.
  static constexpr std::size_t kBlock = 512;
  static constexpr std::size_t kBucketAhead = 16;
  static constexpr std::size_t kEntryAhead = 8;

  bool weighs() const { return capacity_.unit == CacheCapacity::Unit::bytes; }
  Key::Kind kind_of(Slot slot) const { return names_.empty() ? Key::Kind::id : names_[slot].kind; }
  std::uint64_t weight_of(Slot slot) const { return weights_.empty() ? 1 : weights_[slot]; }
  const Value& value_of(Slot slot) const {
    static const Value kNil;
    return values_.empty() ? kNil : values_[slot];
  }

  Slot find_id(std::uint64_t id, std::uint64_t hash) const {
    return index_.find(hash, [&](Slot s) { return words_[s] == id && kind_of(s) == Key::Kind::id; });
  }

  Slot find(const Key& key) const {
    if (key.kind() == Key::Kind::id) return find_id(key.word(), key.hash());
    return index_.find(key.hash(), [&](Slot s) {
      return words_[s] == key.word() && kind_of(s) == key.kind() && names_[s].text == key.text();
    });
  }

  template <class WeightAt>
  void replay_with(std::span<const std::uint64_t> ids, WeightAt weight_at) {
    // Hashes of a block first: the loop then has every hash it wants to look ahead at.
    std::uint64_t hashes[kBlock + kBucketAhead];
    std::uint64_t hits = 0;
    for (std::size_t start = 0; start < ids.size(); start += kBlock) {
      const std::size_t n = std::min(kBlock, ids.size() - start);
      for (std::size_t i = 0; i < n; ++i) hashes[i] = Key::hash_of_id(ids[start + i]);
      std::fill_n(hashes + n, kBucketAhead, hashes[n - 1]);
      for (std::size_t i = 0; i < std::min(n, kBucketAhead); ++i) index_.prefetch(hashes[i]);
      for (std::size_t i = 0; i < n; ++i) {
        index_.prefetch(hashes[i + kBucketAhead]);
        const Slot soon = index_.guess(hashes[i + kEntryAhead]);
        __builtin_prefetch(words_.data() + soon);
        policy_.prefetch(soon);
        const std::uint64_t id = ids[start + i];
        if (const Slot slot = find_id(id, hashes[i]); slot != kNoSlot) {
          ++hits;
          policy_.on_hit(slot);
        } else if (const std::uint64_t weight = weight_at(start + i); weight <= capacity_.amount) {
          ++stats_.insertions;
          insert({id, weight}, hashes[i]);
        } else {
          ++stats_.rejections;
        }
      }
    }
    stats_.hits += hits;
    stats_.misses += ids.size() - hits;
  }

  // Requires: the key is not here, weight <= capacity.
  Slot insert(const Entrant& entrant, std::uint64_t hash) {
    while (entrant.weight > capacity_.amount - used_) {  // a sum could overflow
      ++stats_.evictions;
      remove(policy_.victim(entrant), Leaving::evicted);
    }
    Slot slot;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else {
      if (fresh_ >= words_.size()) grow();
      slot = fresh_++;
    }
    words_[slot] = entrant.identity;
    if (!weights_.empty()) weights_[slot] = entrant.weight;
    if (!names_.empty()) names_[slot].kind = entrant.kind;
    used_ += entrant.weight;
    index_.insert(hash, slot);
    policy_.on_insert(slot, entrant);
    return slot;
  }

  void remove(Slot slot, Leaving why) {
    policy_.on_remove(slot, why);
    index_.erase(Key::hash_of(kind_of(slot), words_[slot]), slot);
    used_ -= weight_of(slot);
    if (!values_.empty()) values_[slot] = Value();
    if (!names_.empty()) names_[slot] = Name();
    free_.push_back(slot);
  }

  // Names exist from the first key that is not an id, values from the first that is not nil, so that a replay
  // of ids does not drag them through the processor's cache.
  void name_slot(Slot slot, const Key& key) {
    if (names_.empty()) names_.resize(words_.size());
    names_[slot] = {key.kind(), std::string(key.text())};
  }

  void set_value(Slot slot, Value value) {
    if (values_.empty()) {
      if (value.is_nil()) return;
      values_.resize(words_.size());
    }
    values_[slot] = std::move(value);
  }

  void grow() {
    const std::size_t slots = std::max<std::size_t>(64, 2 * words_.size());
    words_.resize(slots);
    if (weighs()) weights_.resize(slots);
    if (!names_.empty()) names_.resize(slots);
    if (!values_.empty()) values_.resize(slots);
    policy_.resize(slots);
  }

  P policy_;
  SlotIndex index_;
  // All indexed by slot; names, values and weights are empty where nobody needs them.
  std::vector<std::uint64_t> words_;
  std::vector<Name> names_;
  std::vector<std::uint64_t> weights_;
  std::vector<Value> values_;
  std::vector<Slot> free_;
  Slot fresh_ = kFirstSlot;  // slots from here on were never used
  Instant now_{};            // as told last; only where the policy cares
};

}  // namespace syslab
