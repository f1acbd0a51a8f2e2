// Geographic router: what is at one place is on one shard. A key is a point or a geohash; its cell (the first
// letters of its geohash) is what another router places.
//
// In that other router's hands cells can be kept in order (range: neighbours together, so a search around a
// point asks few shards, and a city is hot) or scattered (hash: even, and the same search asks many). Cost:
// that of the other router, and O(precision).
#pragma once

#include "core/shard/geohash.hpp"
#include "core/shard/router.hpp"

namespace syslab {

class GeographicRouter final : public Router {
 public:
  // `cells` places the texts of cells; its shards become this one's. Requires: 1 <= precision <=
  // kGeohashMost.
  GeographicRouter(std::unique_ptr<Router> cells, int precision);
  GeographicRouter(const GeographicRouter& other)
      : Router(other), cells_(other.cells_->clone()), precision_(other.precision_) {}

  std::string_view name() const override { return "geographic"; }
  RouterTraits traits() const override { return cells_->traits(); }
  // A map { lat =, lon = } in degrees, or a geohash of at least as many letters as a cell has.
  std::string refusal_of_key(const Value& key) const override;
  std::size_t route(const Value& key) const override { return cells_->route(cell_of(key)); }
  void route_all(std::span<const Value> keys, std::span<std::uint32_t> places) const override;
  std::vector<std::size_t> touched(const KeyRange& range) const override { return cells_->touched(range); }
  std::size_t memory_bytes() const override { return cells_->memory_bytes(); }
  std::unique_ptr<Router> clone() const override { return std::make_unique<GeographicRouter>(*this); }
  void check_invariants() const override;

  int precision() const { return precision_; }
  // Requires: it is a key.
  std::string cell_of(const Value& key) const;
  const Router& cells() const { return *cells_; }

 private:
  void build(std::span<const std::uint32_t> order) override;
  void added(std::size_t place) override;
  void removed(std::size_t place) override;
  void weighed(std::size_t place) override;
  std::string refusal_of_all(const std::vector<PlacedNode>& shards) const override;
  std::string refusal(const PlacedNode& shard) const override;
  std::string refusal_of_weight(std::size_t place, double weight) const override;
  std::string refusal_of_removal(std::size_t place) const override;

  const std::unique_ptr<Router> cells_;
  const int precision_;
};

}  // namespace syslab
