// Transactions and what orders them, and the cycles that must not be. See transactions.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace syslab {

enum class Dependency : std::uint8_t { ww, wr, rw, rt };
constexpr unsigned bit(Dependency d) {
  return 1u << static_cast<unsigned>(d);
}

class DependencyGraph {
 public:
  struct Edge {
    std::uint32_t from, to;
    Dependency kind;
    std::uint32_t why;  // the caller's: says what the edge follows from
  };
  // What a cycle must be: of edges of these kinds, with one of kind `through`. `single`: no other of that
  // kind. `apart`: another of that kind at least, and no two in a row.
  struct Shape {
    unsigned kinds;
    Dependency through;
    bool single = false;
    bool apart = false;
  };

  explicit DependencyGraph(std::size_t nodes) : out_(nodes) {}

  // Edges from a node to itself are left out.
  void add(std::uint32_t from, std::uint32_t to, Dependency kind, std::uint32_t why);

  // The cycles of a shape, a short one for each strongly connected component that has one, as indices of
  // edges that follow one another. `steps` is lowered by what the search costs; at 0 it ends.
  std::vector<std::vector<std::uint32_t>> cycles(const Shape& shape, std::uint64_t& steps) const;
  const Edge& edge(std::uint32_t index) const { return edges_[index]; }
  std::size_t edge_count() const { return edges_.size(); }

 private:
  std::vector<std::uint32_t> components(unsigned kinds) const;
  std::vector<std::uint32_t> path_back(std::uint32_t first, const Shape& shape,
                                       const std::vector<std::uint32_t>& component,
                                       std::uint64_t& steps) const;

  std::vector<Edge> edges_;
  std::vector<std::vector<std::uint32_t>> out_;  // edges by where they start
};

}  // namespace syslab
