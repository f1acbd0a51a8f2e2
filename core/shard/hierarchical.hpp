// Hierarchical router: a manager at the top sends a key to a group, and the group's own router to one of its
// sub-shards, "GROUP/SHARD".
//
// Nobody knows all shards: the top knows groups, a group its sub-shards; and what comes or leaves within a
// group moves nothing outside of it. The two levels must not use one hash (see placed.hpp). Groups are fixed;
// their sub-shards come and go. Cost: that of both routers.
#pragma once

#include <vector>

#include "core/shard/router.hpp"

namespace syslab {

class HierarchicalRouter final : public Router {
 public:
  // `groups[i]` routes within the i-th of top's shards. Requires: as many groups as top has shards; each has
  // a sub-shard.
  HierarchicalRouter(std::unique_ptr<Router> top, std::vector<std::unique_ptr<Router>> groups);
  HierarchicalRouter(const HierarchicalRouter& other);

  std::string_view name() const override { return "hierarchical"; }
  RouterTraits traits() const override;
  std::string refusal_of_key(const Value& key) const override;
  std::size_t route(const Value& key) const override;
  std::size_t take(const Value& key) override;
  std::vector<std::size_t> touched(const KeyRange& range) const override;
  std::size_t memory_bytes() const override;
  std::unique_ptr<Router> clone() const override { return std::make_unique<HierarchicalRouter>(*this); }
  void check_invariants() const override;

  const Router& top() const { return *top_; }
  const Router& group(std::size_t place) const { return *groups_[place]; }

 private:
  struct Leaf {
    std::size_t group = kNone;
    std::string_view shard;
  };
  Leaf leaf_of(std::string_view name) const;
  // The place of a group's sub-shard among all.
  std::size_t place_of(std::size_t group, std::size_t shard) const;
  void list_shards();
  void build(std::span<const std::uint32_t>) override;
  void added(std::size_t place) override;
  void removed(std::size_t) override;
  void weighed(std::size_t place) override;
  std::string refusal_of_all(const std::vector<PlacedNode>& shards) const override;
  std::string refusal(const PlacedNode& shard) const override;
  std::string refusal_of_weight(std::size_t place, double weight) const override;
  std::string refusal_of_removal(std::size_t place) const override;

  std::unique_ptr<Router> top_;
  std::vector<std::unique_ptr<Router>> groups_;
  std::vector<std::vector<std::size_t>> places_;  // of each group's sub-shards
};

}  // namespace syslab
