// Space-saving: which keys came most often, and how often? A table of k keys; who is not in it takes the
// place of the one with the least count, and its count.
//
// A count is never below the truth, and above it by at most its `error`, which is at most (all counts) / k.
// Every key that came more often than that is in the table. The stream summary keeps keys of one count in one
// bucket, buckets in order, so that a key moves to the next one in O(1):
//
//     count 1: c, f   <->   count 4: a   <->   count 9: b, e
//
// Two tables merge into one with the sum of both bounds (Agarwal et al.). Keys are whole numbers below 2^64
// or texts; texts are kept, and are counted beside memory_bytes' fixed part. Cost: O(1) for a count of one
// (larger ones pass the buckets between), one hash-table look-up; about 80 bytes a place for numbers, 32 more
// where there are texts. Papers: Metwally, Agrawal & El Abbadi, "Efficient computation of frequent and top-k
// elements in data streams", ICDT 2005; Agarwal et al., "Mergeable summaries", PODS 2012.
#pragma once

#include <vector>

#include "core/base/slot_index.hpp"
#include "core/hash/hash64.hpp"
#include "core/sketch/sketch.hpp"

namespace syslab {

class SpaceSaving final : public Sketch {
 public:
  static constexpr std::size_t kMostPlaces = std::size_t{1} << 30;

  struct Heavy {
    bool is_text = false;
    std::uint64_t id = 0;  // or 0
    std::string text = {};
    std::uint64_t count = 0;  // at least the truth
    std::uint64_t error = 0;  // count - error is at most the truth
  };

  // Requires: 1 <= places <= kMostPlaces.
  explicit SpaceSaving(std::size_t places);

  std::string_view name() const override { return "space_saving"; }
  std::string describe() const override;
  void clear() override;
  std::size_t memory_bytes() const override;
  std::optional<Error> merge(const Sketch& other) override;
  // The error is the largest overestimate in the table, as a share of all counts; theory is 1/k. `outside` is
  // the share of the keys that came more often than that and are missing: 0 by theory. theory_bytes: a key
  // and a count, 16 bytes, for each place.
  Accuracy accuracy(std::span<const std::uint64_t> ids) const override;
  void check_invariants() const override;

  // False where the sum of all counts would be 2^64 or more; then nothing has changed. Requires: count >= 1.
  bool add(std::uint64_t id, std::uint64_t count = 1) { return add(id, {}, false, hash64(id), count); }
  bool add(std::string_view text, std::uint64_t count = 1) { return add(0, text, true, hash64(text), count); }
  // What the key may have come at most, and by how much that may be too many. A key that is not in the table
  // came at most as often as the least in it.
  Heavy find(std::uint64_t id) const { return find(id, {}, false, hash64(id)); }
  Heavy find(std::string_view text) const { return find(0, text, true, hash64(text)); }
  // The largest counts, largest first; of equal ones, who reached it first.
  std::vector<Heavy> top(std::size_t n) const;
  std::uint64_t total() const { return total_; }
  std::size_t size() const { return size_; }
  std::size_t places() const { return entries_.size() - 1; }
  // The least count in the table when it is full, else 0.
  std::uint64_t floor() const { return size_ < places() ? 0 : buckets_[first_].count; }

 private:
  using Place = std::uint32_t;  // 0 is none, for entries and for buckets

  struct Entry {
    std::uint64_t id = 0;
    std::uint64_t hash = 0;
    std::uint64_t error = 0;
    Place bucket = 0, previous = 0, next = 0;
    bool is_text = false;
  };
  struct Bucket {
    std::uint64_t count = 0;
    Place previous = 0, next = 0;  // by count; `next` also links free ones
    Place head = 0, tail = 0;      // its entries, oldest first
  };

  bool add(std::uint64_t id, std::string_view text, bool is_text, std::uint64_t hash, std::uint64_t count);
  Heavy find(std::uint64_t id, std::string_view text, bool is_text, std::uint64_t hash) const;
  Place lookup(std::uint64_t id, std::string_view text, bool is_text, std::uint64_t hash) const;
  Heavy heavy(Place entry) const;
  void name_entry(Place entry, std::uint64_t id, std::string_view text, bool is_text, std::uint64_t hash);
  void raise(Place entry, std::uint64_t count);
  void leave(Place entry);
  void enter(Place entry, Place after, std::uint64_t count);

  std::vector<Entry> entries_;      // from 1 on
  std::vector<std::string> texts_;  // beside entries_, once there is one
  std::vector<Bucket> buckets_;     // from 1 on
  Place first_ = 0, last_ = 0;      // buckets of the least and the largest count
  Place free_bucket_ = 0;
  SlotIndex index_;
  std::size_t size_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace syslab
