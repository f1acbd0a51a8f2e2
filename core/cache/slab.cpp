#include "core/cache/slab.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/base/assert.hpp"

namespace syslab {

SlabCache::SlabCache(const SlabOptions& options)
    : Cache(CacheCapacity::bytes(options.memory_bytes)), options_(options), items_(1) {
  SYSLAB_ASSERT(options.factor > 1);
  SYSLAB_ASSERT(options.header_bytes + options.chunk_min <= options.item_max);
  SYSLAB_ASSERT(options.item_max <= options.page_bytes && options.page_bytes <= options.memory_bytes);
  std::uint64_t chunk = options.header_bytes + options.chunk_min;
  // The last step may not come close to item_max: as in slabs_init, that class is added by itself.
  while (static_cast<double>(chunk) <= static_cast<double>(options.item_max) / options.factor) {
    chunk = (chunk + 7) / 8 * 8;
    if (chunk >= options.item_max) break;
    classes_.push_back({.chunk_bytes = chunk});
    chunk = std::max(chunk + 1, static_cast<std::uint64_t>(static_cast<double>(chunk) * options.factor));
  }
  classes_.push_back({.chunk_bytes = options.item_max});
}

Slot SlabCache::find(const Key& key) const {
  return index_.find(key.hash(), [&](Slot s) {
    return items_[s].word == key.word() && items_[s].kind == key.kind() && items_[s].text == key.text();
  });
}

std::size_t SlabCache::class_of(std::uint64_t bytes) const {
  const auto found =
      std::lower_bound(classes_.begin(), classes_.end(), bytes,
                       [](const SizeClass& c, std::uint64_t wanted) { return c.chunk_bytes < wanted; });
  return static_cast<std::size_t>(found - classes_.begin());
}

const Value* SlabCache::get(const Key& key) {
  const Slot slot = find(key);
  if (slot == kNoSlot) {
    ++stats_.misses;
    return nullptr;
  }
  ++stats_.hits;
  unlink(slot);
  link_newest(slot);
  return &items_[slot].value;
}

const Value* SlabCache::peek(const Key& key) const {
  const Slot slot = find(key);
  return slot == kNoSlot ? nullptr : &items_[slot].value;
}

// A replacement is a new item: it may be of another class, and memcached does it like this even if not.
bool SlabCache::put(const Key& key, Value value, std::uint64_t weight) {
  if (const Slot old = find(key); old != kNoSlot) {
    remove(old);
  } else {
    ++stats_.insertions;
  }
  if (weight > options_.item_max - options_.header_bytes) {
    ++stats_.rejections;
    return false;
  }
  const std::uint64_t bytes = weight + options_.header_bytes;
  const std::size_t number = class_of(bytes);
  SizeClass& size_class = classes_[number];
  take_chunk(size_class);
  Slot slot;
  if (free_.empty()) {
    slot = static_cast<Slot>(items_.size());
    items_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Item& item = items_[slot];
  item = {.kind = key.kind(),
          .word = key.word(),
          .text = std::string(key.text()),
          .value = std::move(value),
          .bytes = bytes,
          .size_class = number};
  index_.insert(key.hash(), slot);
  ++size_class.items;
  size_class.item_bytes += bytes;
  used_ += bytes;
  link_newest(slot);
  return true;
}

void SlabCache::take_chunk(SizeClass& size_class) {
  if (size_class.free_chunks == 0) {
    const bool room = (pages_used_ + 1) * options_.page_bytes <= options_.memory_bytes;
    if (room || size_class.pages == 0) {
      ++pages_used_;
      ++size_class.pages;
      size_class.free_chunks = options_.page_bytes / size_class.chunk_bytes;
    } else {
      ++stats_.evictions;
      ++size_class.evictions;
      remove(size_class.oldest);
    }
  }
  --size_class.free_chunks;
}

void SlabCache::link_newest(Slot slot) {
  SizeClass& size_class = classes_[items_[slot].size_class];
  items_[slot].newer = kNoSlot;
  items_[slot].older = size_class.newest;
  if (size_class.newest != kNoSlot) items_[size_class.newest].newer = slot;
  size_class.newest = slot;
  if (size_class.oldest == kNoSlot) size_class.oldest = slot;
}

void SlabCache::unlink(Slot slot) {
  const Item& item = items_[slot];
  SizeClass& size_class = classes_[item.size_class];
  (item.newer == kNoSlot ? size_class.newest : items_[item.newer].older) = item.older;
  (item.older == kNoSlot ? size_class.oldest : items_[item.older].newer) = item.newer;
}

void SlabCache::remove(Slot slot) {
  unlink(slot);
  Item& item = items_[slot];
  SizeClass& size_class = classes_[item.size_class];
  ++size_class.free_chunks;
  --size_class.items;
  size_class.item_bytes -= item.bytes;
  used_ -= item.bytes;
  index_.erase(Key::hash_of(item.kind, item.word), slot);
  item = {};
  free_.push_back(slot);
}

bool SlabCache::erase(const Key& key) {
  const Slot slot = find(key);
  if (slot != kNoSlot) remove(slot);
  return slot != kNoSlot;
}

// Pages stay with their classes no more: as freshly made.
void SlabCache::clear() {
  for (SizeClass& size_class : classes_) size_class = {.chunk_bytes = size_class.chunk_bytes};
  pages_used_ = 0;
  used_ = 0;
  index_.clear();
  items_.assign(1, Item{});
  free_.clear();
}

void SlabCache::replay(std::span<const std::uint64_t> ids, std::span<const std::uint64_t> sizes) {
  SYSLAB_ASSERT(sizes.empty() || sizes.size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (get(Key(ids[i])) == nullptr)
      put(Key(ids[i]), Value(), sizes.empty() ? 1 : std::max<std::uint64_t>(sizes[i], 1));
  }
}

std::vector<Value> SlabCache::keys() const {
  std::vector<Value> out;
  out.reserve(size());
  for (const SizeClass& size_class : classes_) {
    for (Slot slot = size_class.newest; slot != kNoSlot; slot = items_[slot].older) {
      const Item& item = items_[slot];
      switch (item.kind) {
        case Key::Kind::id:
          out.emplace_back(static_cast<double>(item.word));
          break;
        case Key::Kind::real:
          out.emplace_back(std::bit_cast<double>(item.word));
          break;
        case Key::Kind::text:
          out.emplace_back(item.text);
          break;
      }
    }
  }
  return out;
}

std::vector<std::uint64_t> SlabCache::chunk_sizes() const {
  std::vector<std::uint64_t> out;
  for (const SizeClass& size_class : classes_) out.push_back(size_class.chunk_bytes);
  return out;
}

std::vector<SlabCache::ClassUse> SlabCache::classes() const {
  std::vector<ClassUse> out;
  for (const SizeClass& c : classes_) {
    if (c.pages == 0) continue;
    out.push_back({c.chunk_bytes, c.pages, c.pages * (options_.page_bytes / c.chunk_bytes), c.items,
                   c.item_bytes, c.evictions});
  }
  return out;
}

void SlabCache::check_invariants() const {
  std::uint64_t pages = 0;
  std::uint64_t bytes = 0;
  std::size_t items = 0;
  for (const SizeClass& c : classes_) {
    // A chunk of a page is free or holds one item of the class.
    SYSLAB_ASSERT(c.free_chunks + c.items == c.pages * (options_.page_bytes / c.chunk_bytes));
    std::uint64_t listed = 0;
    Slot newer = kNoSlot;
    for (Slot slot = c.newest; slot != kNoSlot; slot = items_[slot].older) {
      SYSLAB_ASSERT(items_[slot].newer == newer);
      SYSLAB_ASSERT(&classes_[items_[slot].size_class] == &c);
      SYSLAB_ASSERT(items_[slot].bytes <= c.chunk_bytes);
      bytes += items_[slot].bytes;
      newer = slot;
      ++listed;
    }
    SYSLAB_ASSERT(c.oldest == newer);
    SYSLAB_ASSERT(listed == c.items);
    items += listed;
    pages += c.pages;
  }
  SYSLAB_ASSERT(pages == pages_used_);
  SYSLAB_ASSERT(bytes == used_);
  SYSLAB_ASSERT(items == index_.size());
}

}  // namespace syslab
