// Arena: the memory of one Lua state, at a fixed address and with a cap.
//
// Two reasons. A script must not take the machine's memory, so the allocator has a cap (Lua then raises its ordinary
// "not enough memory"). And LuaJIT orders tables that are keyed by objects by their addresses, so addresses must not
// differ between runs: every state gets the lowest free slot of a fixed region, and blocks are handed out by a
// deterministic size-class allocator.
//
// Cost: O(1), at most 25 % of internal waste; memory is reserved, not committed, until used.
#pragma once

#include <cstddef>
#include <cstdint>

struct lua_State;

namespace syslab {

class Arena {
 public:
  explicit Arena(std::size_t cap_bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // A new Lua state in this arena whose string hashes do not depend on the run. Null where the cap is too small.
  lua_State* new_state();

  // Whoever owns the state; LuaHost::of(L) finds its host by it.
  void* owner = nullptr;

  std::size_t used_bytes() const { return used_; }
  std::size_t cap_bytes() const { return cap_; }

 private:
  static void* allocate(void* arena, void* block, std::size_t old_size, std::size_t new_size);
  void* take(std::size_t size);
  void give(void* block, std::size_t size);

  static constexpr int kClasses = 160;
  struct Free {
    Free* next;
  };

  std::size_t cap_;
  std::size_t used_ = 0;
  int slot_ = -1;
  std::size_t reserved_ = 0;
  char* begin_ = nullptr;
  char* fresh_ = nullptr;  // everything above has never been used
  Free* free_[kClasses] = {};
};

}  // namespace syslab
