// Slab cache: a cache of bytes whose memory is cut as memcached cuts it.
//
// Memory is taken in pages, and a page belongs for good to a size class, which cuts it into equal chunks. An
// item goes into the smallest chunk that holds it, and each class has an LRU list of its own: a full class
// evicts its own tail, even where another class has chunks to spare or items that nobody has asked for in
// hours. So memory is lost at the end of each chunk, and a class that once needed many pages keeps them when
// sizes change (calcification). In exchange nothing is ever moved, and malloc never fragments. A class that
// has no page gets one even when all are given away, as in memcached, so a little more than `memory_bytes`
// may be in use.
//
// Classes: the smallest chunk is header_bytes + chunk_min, each next one `factor` times as large, rounded up
// to 8 bytes; the last one is item_max. An item weighs what put() says (key and value) plus header_bytes; it
// is rejected above item_max. Weights of a replay are those of the trace, so headers count there, too.
//
// Cost: O(1) a call, O(log classes) for a new item; about 104 bytes an item. Defaults: memcached 1.4.39
// (settings_init in memcached.c, slabs.c): 64 MiB, factor 1.25, 48 bytes, pages and items up to 1 MiB; strict
// LRU, no page mover (off by default until 1.5).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/slot_index.hpp"
#include "core/cache/cache.hpp"

namespace syslab {

struct SlabOptions {
  std::uint64_t memory_bytes = 64ull << 20;
  double factor = 1.25;
  std::uint64_t chunk_min = 48;
  std::uint64_t header_bytes = 48;  // of an item
  std::uint64_t page_bytes = 1ull << 20;
  std::uint64_t item_max = 1ull << 20;
};

class SlabCache final : public Cache {
 public:
  // A class that has pages, for pictures.
  struct ClassUse {
    std::uint64_t chunk_bytes = 0;
    std::uint64_t pages = 0;
    std::uint64_t chunks = 0;
    std::uint64_t items = 0;
    std::uint64_t item_bytes = 0;
    std::uint64_t evictions = 0;
  };

  // Requires: factor > 1; header_bytes + chunk_min <= item_max <= page_bytes <= memory_bytes.
  explicit SlabCache(const SlabOptions& options);

  std::string_view name() const override { return "slab"; }
  const Value* get(const Key& key) override;
  const Value* peek(const Key& key) const override;
  bool put(const Key& key, Value value, std::uint64_t weight = 1) override;
  bool erase(const Key& key) override;
  void clear() override;
  std::unique_ptr<Cache> fresh() const override { return std::make_unique<SlabCache>(options_); }
  void replay(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes = {}) override;
  // Class by class, each from its newest to its next victim.
  std::vector<Value> keys() const override;
  std::size_t size() const override { return index_.size(); }
  void check_invariants() const override;

  // The chunk sizes, ascending.
  std::vector<std::uint64_t> chunk_sizes() const;
  std::vector<ClassUse> classes() const;
  std::uint64_t pages_used() const { return pages_used_; }

 private:
  struct Item {
    Key::Kind kind = Key::Kind::id;
    std::uint64_t word = 0;
    std::string text = {};
    Value value = {};
    std::uint64_t bytes = 0;  // with its header
    std::size_t size_class = 0;
    Slot newer = kNoSlot;
    Slot older = kNoSlot;
  };
  struct SizeClass {
    std::uint64_t chunk_bytes = 0;
    std::uint64_t pages = 0;
    std::uint64_t free_chunks = 0;
    std::uint64_t items = 0;
    std::uint64_t item_bytes = 0;
    std::uint64_t evictions = 0;
    Slot newest = kNoSlot;
    Slot oldest = kNoSlot;
  };

  Slot find(const Key& key) const;
  std::size_t class_of(std::uint64_t bytes) const;
  void link_newest(Slot slot);
  void unlink(Slot slot);
  void remove(Slot slot);
  void take_chunk(SizeClass& size_class);

  const SlabOptions options_;
  std::vector<SizeClass> classes_;
  std::uint64_t pages_used_ = 0;
  SlotIndex index_;
  std::vector<Item> items_;  // [0] is nobody
  std::vector<Slot> free_;
};

}  // namespace syslab
