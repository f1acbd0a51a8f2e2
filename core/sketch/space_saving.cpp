#include "core/sketch/space_saving.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"

namespace syslab {

SpaceSaving::SpaceSaving(std::size_t places) {
  SYSLAB_ASSERT(places >= 1 && places <= kMostPlaces);
  entries_.resize(places + 1);
  buckets_.resize(places +
                  2);  // one more than entries: a raised entry enters its new bucket before the old is freed
  index_.reserve(places);
  clear();
}

void SpaceSaving::clear() {
  std::fill(entries_.begin(), entries_.end(), Entry());
  std::fill(texts_.begin(), texts_.end(), std::string());
  std::fill(buckets_.begin(), buckets_.end(), Bucket());
  for (std::size_t i = 1; i + 1 < buckets_.size(); ++i) buckets_[i].next = static_cast<Place>(i + 1);
  free_bucket_ = 1;
  first_ = last_ = 0;
  index_.clear();
  index_.reserve(places());
  size_ = 0;
  total_ = 0;
}

std::size_t SpaceSaving::memory_bytes() const {
  std::size_t bytes = entries_.size() * sizeof(Entry) + buckets_.size() * sizeof(Bucket) +
                      std::bit_ceil(2 * places()) * 8 + texts_.size() * sizeof(std::string);
  for (const std::string& text : texts_) bytes += text.size() > 15 ? text.capacity() : 0;
  return bytes;
}

SpaceSaving::Place SpaceSaving::lookup(std::uint64_t id, std::string_view text, bool is_text,
                                       std::uint64_t hash) const {
  return index_.find(hash, [&](Slot slot) {
    const Entry& e = entries_[slot];
    return e.hash == hash && e.is_text == is_text && e.id == id && (!is_text || texts_[slot] == text);
  });
}

void SpaceSaving::name_entry(Place entry, std::uint64_t id, std::string_view text, bool is_text,
                             std::uint64_t hash) {
  Entry& e = entries_[entry];
  e.id = id;
  e.hash = hash;
  e.is_text = is_text;
  if (is_text) {
    texts_.resize(entries_.size());
    texts_[entry] = text;
  } else if (!texts_.empty()) {
    texts_[entry].clear();
  }
  index_.insert(hash, entry);
}

// Takes the entry out of its bucket, and the bucket out of the order if it is empty then.
void SpaceSaving::leave(Place entry) {
  Entry& e = entries_[entry];
  Bucket& b = buckets_[e.bucket];
  (e.previous != 0 ? entries_[e.previous].next : b.head) = e.next;
  (e.next != 0 ? entries_[e.next].previous : b.tail) = e.previous;
  if (b.head != 0) return;
  (b.previous != 0 ? buckets_[b.previous].next : first_) = b.next;
  (b.next != 0 ? buckets_[b.next].previous : last_) = b.previous;
  b.next = free_bucket_;
  free_bucket_ = e.bucket;
}

// Puts the entry into the bucket of `count`, which comes somewhere behind the bucket `after` (0: anywhere).
void SpaceSaving::enter(Place entry, Place after, std::uint64_t count) {
  Place next = after != 0 ? buckets_[after].next : first_;
  while (next != 0 && buckets_[next].count < count) {
    after = next;
    next = buckets_[next].next;
  }
  Place bucket = next;
  if (next == 0 || buckets_[next].count != count) {
    bucket = free_bucket_;
    free_bucket_ = buckets_[bucket].next;
    buckets_[bucket] = {.count = count, .previous = after, .next = next, .head = 0, .tail = 0};
    (after != 0 ? buckets_[after].next : first_) = bucket;
    (next != 0 ? buckets_[next].previous : last_) = bucket;
  }
  Bucket& b = buckets_[bucket];
  Entry& e = entries_[entry];
  e.bucket = bucket;
  e.previous = b.tail;
  e.next = 0;
  (b.tail != 0 ? entries_[b.tail].next : b.head) = entry;
  b.tail = entry;
}

void SpaceSaving::raise(Place entry, std::uint64_t count) {
  const Place old = entries_[entry].bucket;
  const std::uint64_t raised = buckets_[old].count + count;
  const Place next = buckets_[old].next;
  // Alone in its bucket, and nobody in the way: the bucket itself goes up.
  if (buckets_[old].head == buckets_[old].tail && (next == 0 || buckets_[next].count > raised)) {
    buckets_[old].count = raised;
    return;
  }
  const Place previous = buckets_[old].previous;
  const bool stays = buckets_[old].head != buckets_[old].tail;
  leave(entry);
  enter(entry, stays ? old : previous, raised);
}

bool SpaceSaving::add(std::uint64_t id, std::string_view text, bool is_text, std::uint64_t hash,
                      std::uint64_t count) {
  SYSLAB_ASSERT(count >= 1);
  // No count is above the total, so none can overflow before it does.
  if (__builtin_add_overflow(total_, count, &total_)) {
    total_ -= count;
    return false;
  }
  if (const Place found = lookup(id, text, is_text, hash); found != 0) {
    raise(found, count);
    return true;
  }
  if (size_ < places()) {
    const auto entry = static_cast<Place>(++size_);
    name_entry(entry, id, text, is_text, hash);
    enter(entry, 0, count);
    return true;
  }
  // Of the least ones, who came there first goes.
  const Place entry = buckets_[first_].head;
  index_.erase(entries_[entry].hash, entry);
  entries_[entry].error = buckets_[first_].count;
  name_entry(entry, id, text, is_text, hash);
  raise(entry, count);
  return true;
}

SpaceSaving::Heavy SpaceSaving::heavy(Place entry) const {
  const Entry& e = entries_[entry];
  return {e.is_text, e.id, e.is_text ? texts_[entry] : std::string(), buckets_[e.bucket].count, e.error};
}

SpaceSaving::Heavy SpaceSaving::find(std::uint64_t id, std::string_view text, bool is_text,
                                     std::uint64_t hash) const {
  if (const Place found = lookup(id, text, is_text, hash); found != 0) return heavy(found);
  return {is_text, id, std::string(text), floor(), floor()};
}

std::vector<SpaceSaving::Heavy> SpaceSaving::top(std::size_t n) const {
  std::vector<Heavy> all;
  for (Place b = last_; b != 0; b = buckets_[b].previous) {
    for (Place e = buckets_[b].head; e != 0; e = entries_[e].next) {
      if (all.size() == n) return all;
      all.push_back(heavy(e));
    }
  }
  return all;
}

std::optional<Error> SpaceSaving::merge(const Sketch& other) {
  const auto* sketch = dynamic_cast<const SpaceSaving*>(&other);
  if (sketch == nullptr || sketch->places() != places()) return unlike(*this, other);
  std::uint64_t total = 0;
  if (__builtin_add_overflow(total_, sketch->total_, &total)) {
    return make_error("conflict", "the counts of both are 2^64 or more");
  }
  // Who is in one table only may have come to the other as often as its least.
  std::vector<Heavy> both = top(size_);
  for (Heavy& h : both) {
    const Heavy there = h.is_text ? sketch->find(h.text) : sketch->find(h.id);
    h.count += there.count;
    h.error += there.error;
  }
  for (Heavy& h : sketch->top(sketch->size_)) {
    if (lookup(h.id, h.text, h.is_text, h.is_text ? hash64(h.text) : hash64(h.id)) != 0) continue;
    h.count += floor();
    h.error += floor();
    both.push_back(std::move(h));
  }
  std::stable_sort(both.begin(), both.end(),
                   [](const Heavy& a, const Heavy& b) { return a.count > b.count; });
  if (both.size() > places()) both.resize(places());
  clear();
  total_ = total;
  size_ = both.size();
  for (std::size_t i = both.size(); i-- > 0;) {
    const auto entry = static_cast<Place>(i + 1);
    const Heavy& h = both[i];
    name_entry(entry, h.id, h.text, h.is_text, h.is_text ? hash64(h.text) : hash64(h.id));
    entries_[entry].error = h.error;
    // They come in the order of their counts, so the last bucket is the place, or the one behind it.
    enter(entry, last_ != 0 && buckets_[last_].count == h.count ? buckets_[last_].previous : last_, h.count);
  }
  return std::nullopt;
}

Accuracy SpaceSaving::accuracy(std::span<const std::uint64_t> ids) const {
  SpaceSaving sketch(places());
  std::vector<std::uint64_t> sorted(ids.begin(), ids.end());
  for (const std::uint64_t id : sorted) sketch.add(id);
  std::sort(sorted.begin(), sorted.end());
  Accuracy a;
  a.error = "largest overestimate in the table, as a share of all counts";
  a.items = ids.size();
  a.theory = 1 / static_cast<double>(places());
  const auto all = static_cast<double>(ids.size());
  std::uint64_t frequent = 0, missing = 0, most = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    const std::uint64_t truth = end - i;
    const bool held = sketch.lookup(sorted[i], {}, false, hash64(sorted[i])) != 0;
    if (held) most = std::max(most, sketch.find(sorted[i]).count - truth);
    if (static_cast<double>(truth) > a.theory * all) {
      ++frequent;
      missing += held ? 0 : 1;
    }
    ++a.keys;
    i = end;
  }
  if (!ids.empty()) a.measured = static_cast<double>(most) / all;
  if (frequent > 0) a.outside = static_cast<double>(missing) / static_cast<double>(frequent);
  a.memory_bytes = memory_bytes();
  a.theory_bytes = 16 * places();
  a.exact_bytes = 16 * a.keys;
  return a;
}

void SpaceSaving::check_invariants() const {
  std::size_t held = 0;
  std::uint64_t sum = 0, before = 0;
  Place previous = 0;
  for (Place b = first_; b != 0; b = buckets_[b].next) {
    SYSLAB_ASSERT(buckets_[b].previous == previous);
    SYSLAB_ASSERT(buckets_[b].count > before);
    SYSLAB_ASSERT(buckets_[b].head != 0);
    Place previous_entry = 0;
    for (Place e = buckets_[b].head; e != 0; e = entries_[e].next) {
      SYSLAB_ASSERT(entries_[e].bucket == b);
      SYSLAB_ASSERT(entries_[e].previous == previous_entry);
      SYSLAB_ASSERT(entries_[e].error <= buckets_[b].count);
      SYSLAB_ASSERT(lookup(entries_[e].id, entries_[e].is_text ? texts_[e] : std::string(),
                           entries_[e].is_text, entries_[e].hash) == e);
      previous_entry = e;
      sum += buckets_[b].count;
      ++held;
    }
    SYSLAB_ASSERT(buckets_[b].tail == previous_entry);
    before = buckets_[b].count;
    previous = b;
  }
  SYSLAB_ASSERT(last_ == previous);
  SYSLAB_ASSERT(held == size_ && index_.size() == size_);
  // Counts are handed on, not lost; a merge may leave some of them out, and counts others twice.
  SYSLAB_ASSERT(floor() <= total_);
  SYSLAB_ASSERT(size_ == 0 || sum >= before);
}

std::string SpaceSaving::describe() const {
  return fmt::format("space_saving{{places = {}}}", places());
}

}  // namespace syslab
