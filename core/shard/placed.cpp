#include "core/shard/placed.hpp"

#include "core/base/assert.hpp"
#include "core/base/rng.hpp"

namespace syslab {
namespace {

class PlacedRouter final : public Router {
 public:
  PlacedRouter(std::string_view name, std::unique_ptr<Placement> placement, std::uint64_t seed)
      : name_(name), placement_(std::move(placement)), seed_(seed) {
    shards_ = placement_->nodes();
  }
  PlacedRouter(const PlacedRouter& other)
      : Router(other), name_(other.name_), placement_(other.placement_->clone()), seed_(other.seed_) {}

  std::string_view name() const override { return name_; }
  RouterTraits traits() const override {
    const PlacementTraits t = placement_->traits();
    return {.weighted = t.weighted,
            .minimal = t.minimal,
            .ordered = false,
            .spreads = true,
            .independent = t.independent};
  }
  std::size_t route(const Value& key) const override { return placement_->place(hash_of(key)); }
  std::size_t take(const Value& key) override { return placement_->take(hash_of(key)); }
  void route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const override {
    SYSLAB_ASSERT(keys.size() == places.size());
    std::vector<std::uint64_t> hashes;
    hashes.reserve(keys.size());
    for (const Value& key : keys) hashes.push_back(hash_of(key));
    placement_->place_hashes(hashes, places);
  }
  std::size_t memory_bytes() const override { return placement_->memory_bytes(); }
  std::unique_ptr<Router> clone() const override { return std::make_unique<PlacedRouter>(*this); }
  void check_invariants() const override {
    Router::check_invariants();
    placement_->check_invariants();
    SYSLAB_ASSERT(placement_->nodes().size() == shards_.size());
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      SYSLAB_ASSERT(placement_->nodes()[i].name == shards_[i].name);
    }
  }

 private:
  std::uint64_t hash_of(const Value& key) const {
    std::uint64_t hash = 0;
    const double number = key.is_number() ? key.number() : -1;
    if (key.is_string()) {
      hash = placement_->hash_of(key.string());
    } else if (number >= 0 && number < 0x1p64 &&
               static_cast<double>(static_cast<std::uint64_t>(number)) == number) {
      hash = placement_->hash_of(static_cast<std::uint64_t>(number));
    } else {
      hash = hash_key(key);
    }
    return seed_ == 0 ? hash : mix64(hash ^ mix64(seed_));
  }

  std::string refusal_of_all(const std::vector<PlacedNode>& shards) const override {
    return placement_->clone()->reset(shards);
  }
  std::string refusal(const PlacedNode& shard) const override { return placement_->refusal(shard); }
  std::string refusal_of_weight(std::size_t place, double weight) const override {
    if (!placement_->traits().path_free) {
      return "the weight of '" + shards_[place].name +
             "' cannot be changed: " + std::string(placement_->name()) + " would have to start anew";
    }
    return Router::refusal_of_weight(place, weight);
  }
  std::string refusal_of_removal(std::size_t place) const override {
    return placement_->removal_refusal(shards_[place].name);
  }
  void build(std::span<const std::uint32_t> order) override {
    std::vector<PlacedNode> in_order;
    for (const std::uint32_t place : order) in_order.push_back(shards_[place]);
    const std::string problem = placement_->reset(std::move(in_order));
    SYSLAB_ASSERT(problem.empty());
  }
  void added(std::size_t place) override {
    const bool done = placement_->add(shards_[place]);
    SYSLAB_ASSERT(done);
  }
  void removed(std::size_t) override {
    for (const PlacedNode& node : placement_->nodes()) {
      if (index_of(node.name) != kNone) continue;
      const bool done = placement_->remove(std::string(node.name));
      SYSLAB_ASSERT(done);
      return;
    }
  }
  void weighed(std::size_t) override {
    const std::string problem = placement_->reset(shards_);
    SYSLAB_ASSERT(problem.empty());
  }

  const std::string_view name_;
  const std::unique_ptr<Placement> placement_;
  const std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Router> make_placed_router(std::string_view name, std::unique_ptr<Placement> placement,
                                           std::uint64_t seed) {
  return std::make_unique<PlacedRouter>(name, std::move(placement), seed);
}

}  // namespace syslab
