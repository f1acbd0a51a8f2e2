// ReuseDistances: how often LRU would hit, for every capacity, from one pass over the requests.
//
// LRU is a stack algorithm: a cache of n holds what the last n different keys were, whatever its own size. So
// a request hits in every cache that is larger than its reuse distance, the number of different keys since
// the last request for the same key. A line of bits over time has a 1 where a key was asked for last; the
// distance is the number of ones since then. Exact, and equal to a replay of make_lru at every capacity in
// entries. (In bytes LRU is no stack algorithm: what leaves for a heavy entry depends on the capacity.)
//
// Cost: a look-up and a count of bits, about as much as five to ten replays at one size; for more than some
// ten million different keys it grows with their number. Some 40 bytes a key. Papers: Mattson, Gecsei, Slutz
// & Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 1970; Olken, "Efficient
// methods for calculating the success function of fixed space replacement policies", LBL 1981.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/slot_index.hpp"

namespace syslab {

class ReuseDistances {
 public:
  ReuseDistances();

  // Requires: fewer than 2^31 - 1 different keys in all.
  void add(std::span<const std::uint64_t> ids);

  std::uint64_t requests() const { return requests_; }
  // Different ones: also the smallest capacity at which only first requests miss.
  std::uint64_t keys() const { return last_.size(); }
  // Of an LRU cache of so many entries, over everything that was added. O(capacity).
  std::uint64_t lru_hits(std::uint64_t capacity) const;

 private:
  using Time = std::uint32_t;

  void mark(Time time);
  void unmark(Time time);
  std::size_t marked_after(Time time) const;
  void renumber();
  void make_room(std::size_t times);

  SlotIndex index_;  // number of the key + 1
  std::vector<std::uint64_t> identities_;
  std::vector<Time> last_;  // by key
  // Marks: a bit for each time, and how many there are in each block of words and each row of blocks.
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> blocks_, rows_;
  Time now_ = 0;  // the next one
  std::uint64_t requests_ = 0;
  std::vector<std::uint64_t> counts_;  // by distance: how many requests had it
};

}  // namespace syslab
