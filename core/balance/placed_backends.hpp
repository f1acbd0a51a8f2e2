// What policies that place keys share: backends as the nodes of a placement, built anew when they change.
//
// Backends are placed by their names and weights, whether they are available or not, so that only the keys of
// one that is away move, and come back with it. The same name listed twice is one node. Cost: a comparison of
// all weights a call; a change costs what the placement takes to be built.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/balance/picker.hpp"
#include "core/hash/placement.hpp"

namespace syslab {

class PlacedBackends {
 public:
  // Gives the placement of these nodes, whose names differ.
  using Make = std::function<std::unique_ptr<Placement>(std::vector<PlacedNode>)>;

  explicit PlacedBackends(Make make) : make_(std::move(make)) {}

  // Requires: there is a backend. To be called before the others, whenever the backends may have changed.
  void update(std::span<const Backend> backends);
  // The index of a key's home.
  std::size_t home(std::uint64_t hash) const { return backend_at_[placement_->place(hash)]; }
  // All backends in the order in which they stand in for each other, the home first.
  std::vector<std::size_t> all(std::uint64_t hash) const;

 private:
  Make make_;
  std::unique_ptr<Placement> placement_;
  std::vector<double> weights_;          // as they were when it was built
  std::vector<std::size_t> backend_at_;  // by place
};

}  // namespace syslab
