// ScriptedPolicy: an eviction policy whose hooks are Lua functions, so that BasicCache and everything around
// it treats it as one of its own.
//
// The hooks get a table that belongs to one cache and keys instead of slots:
//
//   start(p, capacity)          once before all others, and again after clear()
//   on_insert(p, key, size)     the key is new; room was made before
//   on_hit(p, key)
//   victim(p, key, size) -> key who must go so that `key` can come
//   on_remove(p, key, why)      the key is gone: "evicted" or "erased"
//   advance(p, now)             it is `now`, in seconds; not called where nobody tells the time
//
// A hook that fails, names a victim that is not here, or uses its own cache puts the cache out of order: from
// then on every call that would reach the policy throws ScriptError, until clear(). Hooks run in a coroutine
// of their own and cannot yield. Cost: a call into Lua a hook (0.1 to 1 us).
#pragma once

#include <lua.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "core/cache/slot_lists.hpp"

namespace syslab {

class ScriptedPolicy {
 public:
  static constexpr std::string_view kName = "custom";

  // Where the hooks stand on the stack of L; 0 for start, on_hit and advance where there is none.
  struct Hooks {
    int start = 0, on_insert = 0, on_hit = 0, victim = 0, on_remove = 0, advance = 0;
  };
  // The state must outlive the policy.
  ScriptedPolicy(lua_State* L, CacheCapacity capacity, const Hooks& hooks);
  ~ScriptedPolicy();
  // The same hooks with a table of their own.
  ScriptedPolicy(const ScriptedPolicy& other);
  ScriptedPolicy(ScriptedPolicy&& other);
  ScriptedPolicy& operator=(ScriptedPolicy&&) = delete;

  void resize(std::size_t slots) { lists_.resize(slots); }
  void on_insert(Slot slot, const Entrant& entrant);
  void on_hit(Slot slot);
  Slot victim(const Entrant& entrant);
  void on_remove(Slot slot, Leaving why);
  void advance(Instant now);
  void clear();
  void prefetch(Slot) const {}
  template <class Visit>
  void for_each(Visit&& visit) const {  // by age: what the hooks would choose, only they know
    lists_.for_each(kAge, visit);
  }
  // Invariant: the tables know every entry, by its slot and by its key.
  void check_invariants() const;

 private:
  static constexpr SlotLists::List kAge = 0;
  struct Script;    // the hooks and the coroutine they run in, shared by copies
  struct Instance;  // the tables of one cache

  void begin();
  void call(const char* hook, int arguments, int results);

  std::shared_ptr<Script> script_;
  std::unique_ptr<Instance> instance_;
  CacheCapacity capacity_;
  SlotLists lists_;
  std::string broken_;  // why the policy is out of order
  bool busy_ = false;
};

// Requires: capacity.amount >= 1.
std::unique_ptr<Cache> make_custom(lua_State* L, CacheCapacity capacity, const ScriptedPolicy::Hooks& hooks);

}  // namespace syslab
