// Router: the face of the shard family. Which shard has a key?
//
// A hash placement sees only a key's hash. A router sees the key itself, so it may keep neighbours together
// (range, geographic), or follow a table that somebody keeps (slots, buckets, directory). Shards have names
// and weights, as the nodes of a placement do (core/hash/placement.hpp), and routers are judged by the same
// numbers: spread_of_places and moved_of_places of core/hash/spread.hpp, with the places of route_all. Flows
// are the plan of a change: what moves from where to where. Pure data structure, not thread-safe,
// deterministic.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.hpp"
#include "core/hash/placement.hpp"

namespace syslab {

// What a router promises. The conformance test holds each one to it.
struct RouterTraits {
  bool weighted = true;  // shards may have weights; else all weigh 1
  bool minimal = true;   // keys move only from shards that leave and to shards that come
  bool ordered = false;  // a range of keys is on few shards
  bool spreads = true;   // a new shard gets its share at once; else it waits until something is given to it
  bool independent = true;  // a key's shard does not depend on which other keys there are
};

// Keys from `from` on and before `to`; nil is no bound. Keys are ordered as Values are.
struct KeyRange {
  Value from = {};
  Value to = {};
  bool contains(const Value& key) const {
    return (from.is_nil() || !(key < from)) && (to.is_nil() || key < to);
  }
};

class Router {
 public:
  static constexpr std::size_t kNone = Placement::kNone;

  virtual ~Router() = default;
  // The strategy: "range".
  virtual std::string_view name() const = 0;
  virtual RouterTraits traits() const = 0;

  // Sorted by name. Places are indexes into it, valid until the next change.
  const std::vector<PlacedNode>& shards() const { return shards_; }
  std::size_t index_of(std::string_view shard) const;

  // Changes of the shards. Each returns why it cannot be done, in words, and then changes nothing; "" where
  // it went well. Requires: weights finite and above 0.
  std::string reset(std::vector<PlacedNode> shards);
  std::string add(PlacedNode shard);
  std::string remove(std::string_view shard);
  std::string weigh(std::string_view shard, double weight);

  // Why this is no key, in words; "" where it is one.
  virtual std::string refusal_of_key(const Value&) const { return ""; }
  // The shard of a key. Requires: there is a shard; the key is one.
  virtual std::size_t route(const Value& key) const = 0;
  // As route, and the router remembers it, where it is one that remembers (directory).
  virtual std::size_t take(const Value& key) { return route(key); }
  // Of keys that are there together, as if each was taken in turn. Requires: both spans have one size.
  virtual void route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const;
  // The shards on which keys of the range may be, in order. Requires: there is a shard.
  virtual std::vector<std::size_t> touched(const KeyRange& range) const;
  // The shards that have any of these keys, in order: what a read of many keys asks.
  std::vector<std::size_t> touched_by(std::span<const Value> keys) const;

  // What it takes beside the names of the shards.
  virtual std::size_t memory_bytes() const = 0;
  virtual std::unique_ptr<Router> clone() const = 0;
  // Ends the process if the structure contradicts itself. For tests.
  virtual void check_invariants() const;

 protected:
  Router() = default;
  Router(const Router& other) = default;
  Router& operator=(const Router&) = delete;

  // What a strategy does when shards_ has changed: all are new (order[k] is who came k-th), one has come, has
  // left (its place is already another's), or has another weight.
  virtual void build(std::span<const std::uint32_t> order) = 0;
  virtual void added(std::size_t place) = 0;
  virtual void removed(std::size_t place) = 0;
  virtual void weighed(std::size_t) {}
  // Why these shards, one more, this weight, or one less, cannot be had.
  virtual std::string refusal_of_all(const std::vector<PlacedNode>&) const { return ""; }
  virtual std::string refusal(const PlacedNode& shard) const;
  virtual std::string refusal_of_weight(std::size_t place, double weight) const;
  virtual std::string refusal_of_removal(std::size_t) const { return ""; }

  std::vector<PlacedNode> shards_;
};

// Numbers that name places, after a shard has come to a place or left it; the one that left becomes kNobody.
inline constexpr std::uint32_t kNobody = ~0u;
void place_added(std::vector<std::uint32_t>& owners, std::size_t place);
void place_removed(std::vector<std::uint32_t>& owners, std::size_t place);

// So many things shared out by weight: rounded down, and what is left over to the largest remainders, among
// equal ones to who has more already.
std::vector<std::uint32_t> shares_of(std::uint32_t things, std::span<const PlacedNode> shards,
                                     std::span<const std::uint32_t> has);

// What moves from one shard to another, most first.
struct Flow {
  std::string from;
  std::string to;
  std::uint64_t keys = 0;
};
// Requires: as moved_of_places.
std::vector<Flow> flows_of_places(std::span<const PlacedNode> before, std::span<const std::uint32_t> from,
                                  std::span<const PlacedNode> after, std::span<const std::uint32_t> to);

}  // namespace syslab
