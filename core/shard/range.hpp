// Range router: the keys, in order, are cut at split points, and each range between two of them has a shard.
//
// Neighbours are together, so a query for a range of keys asks few shards; and for the same reason keys that
// come in order (times, counters) all go to the last range. A range that is too large or too hot is split;
// two small neighbours are merged. A new shard takes whole ranges from those which have most for their
// weight, and one that leaves gives each range to the neighbour that has less; where there are fewer ranges
// than shards, some shards have nothing until a range is split. Cost: O(log ranges) a key, O(ranges * shards)
// a change; about 40 bytes a range, and the split points. Source: Bigtable (Chang et al., OSDI 2006).
#pragma once

#include "core/shard/router.hpp"

namespace syslab {

// The quantiles of a sample: at most `ranges` - 1 split points after which each range has as many of its
// keys.
std::vector<Value> even_splits(std::vector<Value> sample, std::size_t ranges);

class RangeRouter final : public Router {
 public:
  struct Range {
    Value from;  // nil: from the beginning
    std::uint32_t shard = kNobody;
  };

  // `splits` need not be sorted, and doubles count once. Requires: none is nil.
  explicit RangeRouter(std::vector<Value> splits = {});

  std::string_view name() const override { return "range"; }
  RouterTraits traits() const override { return {.ordered = true, .spreads = false}; }
  std::size_t route(const Value& key) const override { return ranges_[range_of(key)].shard; }
  std::vector<std::size_t> touched(const KeyRange& range) const override;
  std::size_t memory_bytes() const override;
  std::unique_ptr<Router> clone() const override { return std::make_unique<RangeRouter>(*this); }
  void check_invariants() const override;

  // In order; the first has no lower bound.
  const std::vector<Range>& ranges() const { return ranges_; }
  std::size_t range_of(const Value& key) const;
  // Cuts a range; both parts stay where they were. False where there is a split point already. Requires: a
  // shard; not nil.
  bool split(const Value& at);
  // Takes a split point away: what was above it goes to the shard below. False where there is none.
  bool merge(const Value& at);
  // Gives the range of this key to a shard. Requires: there is such a place.
  void assign(const Value& key, std::size_t place) {
    ranges_[range_of(key)].shard = static_cast<std::uint32_t>(place);
  }

 private:
  void build(std::span<const std::uint32_t> order) override;
  void added(std::size_t place) override;
  void removed(std::size_t place) override;
  std::vector<std::uint32_t> counts() const;

  std::vector<Range> ranges_;
};

}  // namespace syslab
