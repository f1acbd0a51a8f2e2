// Random: any entry leaves, each as likely as the others.
//
// Needs no memory of use at all, and no pattern of requests can be its worst case: a loop over slightly more
// keys than fit still hits mostly. The yardstick for what the cleverness of the others is worth.
// Deterministic: it draws from a stream of its own. Cost: O(1) a call, 8 bytes an entry beside what every
// cache needs.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/rng.hpp"
#include "core/cache/cache.hpp"
#include "core/cache/slot_bag.hpp"

namespace syslab {

struct RandomOptions {
  std::uint64_t seed = 1;
};

class RandomPolicy {
 public:
  static constexpr std::string_view kName = "random";

  explicit RandomPolicy(const RandomOptions& options) : seed_(options.seed), rng_(options.seed) {}

  void resize(std::size_t slots) { bag_.resize(slots); }
  void on_insert(Slot slot, const Entrant&) { bag_.insert(slot); }
  void on_hit(Slot) {}
  Slot victim(const Entrant&) { return bag_[rng_.below(bag_.size())]; }
  void on_remove(Slot slot, Leaving) { bag_.remove(slot); }
  void clear() {
    bag_.clear();
    rng_ = Rng(seed_);
  }
  void prefetch(Slot) const {}
  template <class Visit>
  void for_each(Visit&& visit) const {  // in no meaningful order
    for (std::size_t i = 0; i < bag_.size(); ++i) visit(bag_[i]);
  }
  // Invariant: the bag holds every entry once.
  void check_invariants() const { bag_.check_invariants(); }

 private:
  std::uint64_t seed_;
  Rng rng_;
  SlotBag bag_;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_random(CacheCapacity capacity, const RandomOptions& options = {});

}  // namespace syslab
