#include "bindings/cache/scripted_policy.hpp"

#include <fmt/format.h>

#include "bindings/host/arguments.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/script_error.hpp"

namespace syslab {
namespace {

int reference(lua_State* L, int index) {
  if (index == 0) return LUA_NOREF;
  lua_pushvalue(L, index);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

void push_key(lua_State* L, const Entrant& entrant) {
  switch (entrant.kind) {
    case Key::Kind::id:
      lua_pushnumber(L, static_cast<double>(entrant.identity));
      return;
    case Key::Kind::real:
      lua_pushnumber(L, std::bit_cast<double>(entrant.identity));
      return;
    case Key::Kind::text:
      lua_pushlstring(L, entrant.text.data(), entrant.text.size());
      return;
  }
}

}  // namespace

struct ScriptedPolicy::Script {
  Script(lua_State* L, const Hooks& hooks)
      : start(reference(L, hooks.start)),
        on_insert(reference(L, hooks.on_insert)),
        on_hit(reference(L, hooks.on_hit)),
        victim(reference(L, hooks.victim)),
        on_remove(reference(L, hooks.on_remove)),
        advance(reference(L, hooks.advance)) {
    lua_State* main = LuaHost::of(L).state();
    co = lua_newthread(main);
    thread = luaL_ref(main, LUA_REGISTRYINDEX);
  }
  ~Script() {
    for (const int ref : {start, on_insert, on_hit, victim, on_remove, advance, thread})
      luaL_unref(co, LUA_REGISTRYINDEX, ref);
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  int start, on_insert, on_hit, victim, on_remove, advance;
  lua_State* co = nullptr;
  int thread = LUA_NOREF;
};

struct ScriptedPolicy::Instance {
  explicit Instance(lua_State* co) : L(co) {
    for (int* ref : {&own, &key_of, &slot_of}) {
      lua_newtable(L);
      *ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
  }
  ~Instance() {
    for (const int ref : {own, key_of, slot_of}) luaL_unref(L, LUA_REGISTRYINDEX, ref);
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  void push_key_of(Slot slot) const {
    lua_rawgeti(L, LUA_REGISTRYINDEX, key_of);
    lua_rawgeti(L, -1, static_cast<int>(slot));
    lua_remove(L, -2);
  }
  // Of the key on top of the stack, which stays; kNoSlot where it is no entry's.
  Slot slot_at_top() const {
    lua_rawgeti(L, LUA_REGISTRYINDEX, slot_of);
    lua_pushvalue(L, -2);
    lua_rawget(L, -2);
    const auto slot = static_cast<Slot>(lua_tonumber(L, -1));
    lua_pop(L, 2);
    return slot;
  }

  lua_State* L;
  int own = LUA_NOREF;      // the hooks' first argument
  int key_of = LUA_NOREF;   // by slot
  int slot_of = LUA_NOREF;  // by key
};

ScriptedPolicy::ScriptedPolicy(lua_State* L, CacheCapacity capacity, const Hooks& hooks)
    : script_(std::make_shared<Script>(L, hooks)), capacity_(capacity) {
  begin();
}

ScriptedPolicy::ScriptedPolicy(const ScriptedPolicy& other)
    : script_(other.script_), capacity_(other.capacity_), lists_(other.lists_) {}

ScriptedPolicy::ScriptedPolicy(ScriptedPolicy&& other) = default;
ScriptedPolicy::~ScriptedPolicy() = default;

void ScriptedPolicy::begin() {
  instance_ = std::make_unique<Instance>(script_->co);
  broken_.clear();
  if (script_->start == LUA_NOREF) return;
  lua_State* L = script_->co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->start);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->own);
  lua_pushnumber(L, static_cast<double>(capacity_.amount));
  call("start", 2, 0);
}

// Calls the function below its arguments on the coroutine's stack, which is empty otherwise.
void ScriptedPolicy::call(const char* hook, int arguments, int results) {
  lua_State* L = script_->co;
  if (broken_.empty() && busy_) broken_ = fmt::format("{}: a hook may not use its own cache", hook);
  if (!broken_.empty()) {
    lua_pop(L, arguments + 1);
    throw ScriptError(fmt::format("this cache is out of order until clear(): {}", broken_));
  }
  busy_ = true;
  const int status = lua_pcall(L, arguments, results, 0);
  busy_ = false;
  if (status == 0 && broken_.empty()) return;
  if (status != 0) {
    const char* text = lua_tostring(L, -1);
    // The first thing that went wrong is the one to tell.
    if (broken_.empty()) broken_ = fmt::format("{}: {}", hook, text == nullptr ? "failed" : text);
    lua_pop(L, 1);
  } else {
    lua_pop(L, results);
  }
  throw ScriptError(broken_);
}

void ScriptedPolicy::on_insert(Slot slot, const Entrant& entrant) {
  lua_State* L = script_->co;
  // BasicCache has the entry already, so the lists must have it too, whatever the hook does.
  lists_.push_front(kAge, slot);
  push_key(L, entrant);
  if (instance_->slot_at_top() != kNoSlot) {
    lua_pop(L, 1);
    broken_ = "two ids above 2^53 are one number in Lua";
    throw ScriptError(broken_);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->key_of);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, static_cast<int>(slot));
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->slot_of);
  lua_pushvalue(L, -3);
  lua_pushnumber(L, slot);
  lua_rawset(L, -3);
  lua_pop(L, 2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->on_insert);
  lua_insert(L, -2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->own);
  lua_insert(L, -2);
  lua_pushnumber(L, static_cast<double>(entrant.weight));
  call("on_insert", 3, 0);
}

void ScriptedPolicy::on_hit(Slot slot) {
  if (script_->on_hit == LUA_NOREF) return;
  lua_State* L = script_->co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->on_hit);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->own);
  instance_->push_key_of(slot);
  call("on_hit", 2, 0);
}

Slot ScriptedPolicy::victim(const Entrant& entrant) {
  lua_State* L = script_->co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->victim);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->own);
  push_key(L, entrant);
  lua_pushnumber(L, static_cast<double>(entrant.weight));
  call("victim", 3, 1);
  const Slot slot = lua_isnil(L, -1) ? kNoSlot : instance_->slot_at_top();
  if (slot == kNoSlot) {
    broken_ = fmt::format("victim: expected a key that is in the cache, got {}", describe_argument(L, -1));
    lua_pop(L, 1);
    throw ScriptError(broken_);
  }
  lua_pop(L, 1);
  return slot;
}

void ScriptedPolicy::on_remove(Slot slot, Leaving why) {
  lua_State* L = script_->co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->on_remove);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->own);
  instance_->push_key_of(slot);
  lua_pushstring(L, why == Leaving::evicted ? "evicted" : "erased");
  // BasicCache keeps the entry if the hook fails, so nothing is taken out before.
  call("on_remove", 3, 0);
  lists_.unlink(slot);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->slot_of);
  instance_->push_key_of(slot);
  lua_pushnil(L);
  lua_rawset(L, -3);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->key_of);
  lua_pushnil(L);
  lua_rawseti(L, -2, static_cast<int>(slot));
  lua_pop(L, 2);
}

void ScriptedPolicy::advance(Instant now) {
  if (script_->advance == LUA_NOREF) return;
  lua_State* L = script_->co;
  lua_rawgeti(L, LUA_REGISTRYINDEX, script_->advance);
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->own);
  lua_pushnumber(L, to_seconds(now));
  call("advance", 2, 0);
}

void ScriptedPolicy::clear() {
  if (busy_) {
    broken_ = "clear: a hook may not use its own cache";
    throw ScriptError(broken_);
  }
  lists_.clear();
  begin();
}

void ScriptedPolicy::check_invariants() const {
  lists_.check_invariants(kAge);
  lua_State* L = script_->co;
  SYSLAB_ASSERT(lua_gettop(L) == 0);
  int entries = 0;
  lists_.for_each(kAge, [&](Slot slot) {
    instance_->push_key_of(slot);
    SYSLAB_ASSERT(instance_->slot_at_top() == slot);
    lua_pop(L, 1);
    ++entries;
  });
  lua_rawgeti(L, LUA_REGISTRYINDEX, instance_->slot_of);
  lua_pushnil(L);
  while (lua_next(L, -2) != 0) {
    lua_pop(L, 1);
    --entries;
  }
  lua_pop(L, 1);
  SYSLAB_ASSERT(entries == 0);
}

static_assert(EvictionPolicy<ScriptedPolicy> && TimedPolicy<ScriptedPolicy>);
template class BasicCache<ScriptedPolicy>;

std::unique_ptr<Cache> make_custom(lua_State* L, CacheCapacity capacity, const ScriptedPolicy::Hooks& hooks) {
  return std::make_unique<BasicCache<ScriptedPolicy>>(capacity, ScriptedPolicy(L, capacity, hooks));
}

}  // namespace syslab
