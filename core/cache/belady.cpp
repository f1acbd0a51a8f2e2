#include "core/cache/belady.hpp"

#include "core/base/probe_table.hpp"

namespace syslab {

void FutureUses::add(std::span<const std::uint64_t> ids) {
  SYSLAB_ASSERT(ids.size() < kNever - next_.size());
  for (const std::uint64_t id : ids) {
    const auto position = static_cast<Position>(next_.size());
    next_.push_back(kNever);
    if (const std::size_t key = find(id); key < keys()) {
      next_[last_[key]] = position;
      last_[key] = position;
    } else {
      identities_.push_back(id);
      first_.push_back(position);
      last_.push_back(position);
      index_.insert(fold_hash(id), static_cast<Slot>(keys()));
    }
  }
}

std::size_t FutureUses::find(std::uint64_t identity) const {
  const Slot found =
      index_.find(fold_hash(identity), [&](Slot slot) { return identities_[slot - 1] == identity; });
  return found == kNoSlot ? keys() : found - 1;
}

Belady::Belady(std::shared_ptr<const FutureUses> future) : future_(std::move(future)) {
  SYSLAB_ASSERT(future_ != nullptr);
  clear();
}

void Belady::clear() {
  upcoming_.resize(future_->keys());
  for (std::size_t key = 0; key < upcoming_.size(); ++key) upcoming_[key] = future_->first(key);
  now_ = 0;
  heap_.clear();
}

// A request for the key, now: moves on in the trace and says when the next one comes.
Belady::Position Belady::use(std::uint32_t key) {
  if (key >= upcoming_.size()) return FutureUses::kNever;
  Position& upcoming = upcoming_[key];
  while (upcoming < now_) upcoming = future_->next(upcoming);
  if (upcoming == FutureUses::kNever) return FutureUses::kNever;
  now_ = upcoming + 1;
  upcoming = future_->next(upcoming);
  return upcoming;
}

void Belady::on_insert(Slot slot, const Entrant& entrant) {
  const auto key = static_cast<std::uint32_t>(future_->find(entrant.identity));
  entries_[slot] = {key, use(key), 0};
  heap_.push_back(slot);
  put(heap_.size() - 1, slot);
  rise(heap_.size() - 1);
}

void Belady::on_hit(Slot slot) {
  Entry& entry = entries_[slot];
  entry.next_use = use(entry.key);
  rise(entry.place);  // a next use only ever moves away
}

void Belady::on_remove(Slot slot, Leaving) {
  const std::size_t place = entries_[slot].place;
  const Slot last = heap_.back();
  heap_.pop_back();
  if (last == slot) return;
  put(place, last);
  rise(place);
  sink(entries_[last].place);
}

void Belady::rise(std::size_t place) {
  const Slot slot = heap_[place];
  while (place > 0) {
    const std::size_t above = (place - 1) / 2;
    if (entries_[heap_[above]].next_use >= entries_[slot].next_use) break;
    put(place, heap_[above]);
    place = above;
  }
  put(place, slot);
}

void Belady::sink(std::size_t place) {
  const Slot slot = heap_[place];
  for (;;) {
    std::size_t below = 2 * place + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && entries_[heap_[below + 1]].next_use > entries_[heap_[below]].next_use) {
      ++below;
    }
    if (entries_[heap_[below]].next_use <= entries_[slot].next_use) break;
    put(place, heap_[below]);
    place = below;
  }
  put(place, slot);
}

void Belady::check_invariants() const {
  for (std::size_t i = 0; i < heap_.size(); ++i) {
    SYSLAB_ASSERT(entries_[heap_[i]].place == i);
    SYSLAB_ASSERT(i == 0 || entries_[heap_[(i - 1) / 2]].next_use >= entries_[heap_[i]].next_use);
  }
}

static_assert(EvictionPolicy<Belady>);
template class BasicCache<Belady>;

std::unique_ptr<Cache> make_belady(CacheCapacity capacity, std::shared_ptr<const FutureUses> future) {
  return std::make_unique<BasicCache<Belady>>(capacity, Belady(std::move(future)));
}

}  // namespace syslab
