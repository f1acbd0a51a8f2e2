#include "bindings/host/arena.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstring>
#include <lua.hpp>
#include <new>
#include <vector>

#include "core/base/assert.hpp"

namespace {
bool seeding = false;  // true while lua_newstate asks for its random seed
}

// The linker sends every call of syscall() here (-Wl,--wrap=syscall). LuaJIT seeds its string hash with getrandom; a
// fixed answer makes table order the same in every run. Hash flooding is not a concern: a script can only slow itself.
extern "C" long __real_syscall(long number, ...);
// Six arguments are passed on, as libc does, though few calls have so many; AddressSanitizer minds reading the others.
extern "C" [[gnu::no_sanitize_address]] long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& x : a) x = va_arg(list, long);
  va_end(list);
  if (seeding && number == SYS_getrandom) {
    std::memset(reinterpret_cast<void*>(a[0]), 0x5A, static_cast<std::size_t>(a[1]));
    return a[1];
  }
  return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

namespace syslab {
namespace {

// Free under plain, ASan and valgrind layouts on x86-64 and below LuaJIT's 47-bit limit.
constexpr std::uintptr_t kRegion = 0x200000000000;
constexpr std::size_t kSlotBytes = std::size_t{16} << 30;
// Freed blocks from this size on give their pages back. A Lua stack, at most 1 MiB, is below it: deep recursion in a
// loop grows and shrinks its stack all the time, and spent 95 % of its time faulting the pages in again.
constexpr std::size_t kReturnToSystem = 4 << 20;

struct Slot {
  bool taken = false;
  char* writable = nullptr;  // everything above is reserved only: it is no memory yet, and counts as none
};

std::vector<Slot>& slots() {
  static std::vector<Slot> all;
  return all;
}

// Makes memory of what is reserved up to `end`, in steps that double, so that a limit on a process's memory
// (RLIMIT_DATA) counts what its states use, and not the multiple that is reserved for each.
bool grow(char*& writable, char* begin, char* end, char* limit) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kFirst = std::size_t{1} << 20;
  const auto had = static_cast<std::size_t>(writable - begin);
  const std::size_t least = (static_cast<std::size_t>(end - begin) + kPage - 1) & ~(kPage - 1);
  const std::size_t most = static_cast<std::size_t>(limit - begin);
  // Near such a limit it takes no more than it needs.
  for (const std::size_t now : {std::min(most, std::max(had + std::max(had, kFirst), least)), least}) {
    if (mprotect(writable, now - had, PROT_READ | PROT_WRITE) == 0) {
      writable = begin + now;
      return true;
    }
  }
  return false;
}

// Four classes to a doubling, from 16 bytes: 16 32 48 64 | 80 96 112 128 | 160 192 224 256 | ...
int class_of(std::size_t size) {
  if (size <= 64) return static_cast<int>((size + 15) / 16) - 1;
  const int doubling = std::bit_width(size - 1) - 7;  // 65..128 is 0
  const std::size_t step = std::size_t{16} << doubling;
  return 4 + 4 * doubling + static_cast<int>((size - 1 - (std::size_t{64} << doubling)) / step);
}

std::size_t class_bytes(int c) {
  if (c < 4) return static_cast<std::size_t>(c + 1) * 16;
  const int doubling = (c - 4) / 4;
  return (std::size_t{64} << doubling) + (std::size_t{16} << doubling) * static_cast<std::size_t>((c - 4) % 4 + 1);
}

}  // namespace

Arena::Arena(std::size_t cap_bytes) : cap_(cap_bytes) {
  // Freed blocks of one class do not serve another, so address space is reserved at a multiple of the cap.
  reserved_ = std::min(kSlotBytes, ((cap_bytes + 4095) & ~std::size_t{4095}) * 4 + (1 << 20));
  auto& all = slots();
  const auto free_slot = std::find_if(all.begin(), all.end(), [](const Slot& slot) { return !slot.taken; });
  slot_ = static_cast<int>(free_slot - all.begin());
  if (free_slot == all.end()) all.emplace_back();
  void* wanted = reinterpret_cast<void*>(kRegion + static_cast<std::uintptr_t>(slot_) * kSlotBytes);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* got = mmap(wanted, reserved_, PROT_NONE, kFlags | MAP_FIXED_NOREPLACE, -1, 0);
  // Where somebody else sits there, any place will do: only the order of object-keyed tables then varies.
  if (got == MAP_FAILED) got = mmap(nullptr, reserved_, PROT_NONE, kFlags, -1, 0);
  if (got == MAP_FAILED) throw std::bad_alloc();
  begin_ = fresh_ = static_cast<char*>(got);
  all[static_cast<std::size_t>(slot_)] = {true, begin_};
}

Arena::~Arena() {
  munmap(begin_, reserved_);
  slots()[static_cast<std::size_t>(slot_)].taken = false;
}

lua_State* Arena::new_state() {
  seeding = true;
  lua_State* L = lua_newstate(&Arena::allocate, this);
  seeding = false;
  return L;
}

void* Arena::take(std::size_t size) {
  const int c = class_of(size);
  if (c >= kClasses) return nullptr;
  if (Free* block = free_[c]) {
    free_[c] = block->next;
    __builtin_prefetch(block->next);  // the next one: it was freed long ago and is in no cache
    return block;
  }
  const std::size_t bytes = class_bytes(c);
  if (bytes > reserved_ - static_cast<std::size_t>(fresh_ - begin_)) return nullptr;
  char*& writable = slots()[static_cast<std::size_t>(slot_)].writable;
  if (fresh_ + bytes > writable && !grow(writable, begin_, fresh_ + bytes, begin_ + reserved_)) return nullptr;
  void* block = fresh_;
  fresh_ += bytes;
  return block;
}

void Arena::give(void* block, std::size_t size) {
  const int c = class_of(size);
  if (class_bytes(c) >= kReturnToSystem) {
    const auto first = (reinterpret_cast<std::uintptr_t>(block) + 4096 + 4095) & ~std::uintptr_t{4095};
    const auto last = (reinterpret_cast<std::uintptr_t>(block) + class_bytes(c)) & ~std::uintptr_t{4095};
    madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
  auto* freed = static_cast<Free*>(block);
  freed->next = free_[c];
  free_[c] = freed;
}

void* Arena::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& arena = *static_cast<Arena*>(self);
  if (new_size == 0) {
    if (block != nullptr) {
      arena.give(block, old_size);
      arena.used_ -= old_size;
    }
    return nullptr;
  }
  if (block == nullptr) old_size = 0;
  if (arena.used_ - old_size + new_size > arena.cap_) return nullptr;
  if (block != nullptr && class_of(old_size) == class_of(new_size)) {
    arena.used_ += new_size - old_size;
    return block;
  }
  void* bigger = arena.take(new_size);
  if (bigger == nullptr) return nullptr;
  if (block != nullptr) {
    std::memcpy(bigger, block, std::min(old_size, new_size));
    arena.give(block, old_size);
  }
  arena.used_ += new_size - old_size;
  return bigger;
}

}  // namespace syslab
