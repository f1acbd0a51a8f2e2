#include "core/check/dependency_graph.hpp"

#include <algorithm>
#include <unordered_map>

// Cycles are looked for within strongly connected components (Tarjan 1972), which few transactions of a good
// history are in: an edge of the wanted kind, and the shortest way back from its end to its start.

namespace syslab {
namespace {
constexpr std::uint32_t kNone = UINT32_MAX;
}

void DependencyGraph::add(std::uint32_t from, std::uint32_t to, Dependency kind, std::uint32_t why) {
  if (from == to) return;
  out_[from].push_back(static_cast<std::uint32_t>(edges_.size()));
  edges_.push_back({from, to, kind, why});
}

// The number of each node's component; kNone for those that are alone in theirs.
std::vector<std::uint32_t> DependencyGraph::components(unsigned kinds) const {
  const auto nodes = static_cast<std::uint32_t>(out_.size());
  std::vector<std::uint32_t> component(nodes, kNone), index(nodes, kNone), low(nodes, 0), stack;
  std::vector<bool> on_stack(nodes, false);
  struct Frame {
    std::uint32_t node;
    std::size_t next;
  };
  std::vector<Frame> frames;
  std::uint32_t counter = 0, count = 0;
  for (std::uint32_t root = 0; root < nodes; ++root) {
    if (index[root] != kNone) continue;
    frames.push_back({root, 0});
    while (!frames.empty()) {
      const std::uint32_t node = frames.back().node;
      if (frames.back().next == 0) {
        index[node] = low[node] = counter++;
        stack.push_back(node);
        on_stack[node] = true;
      }
      bool descended = false;
      while (frames.back().next < out_[node].size()) {
        const Edge& e = edges_[out_[node][frames.back().next++]];
        if ((kinds & bit(e.kind)) == 0) continue;
        if (index[e.to] == kNone) {
          frames.push_back({e.to, 0});
          descended = true;
          break;
        }
        if (on_stack[e.to]) low[node] = std::min(low[node], index[e.to]);
      }
      if (descended) continue;
      if (frames.back().next == 0) frames.back().next = 1;
      frames.pop_back();
      if (!frames.empty()) low[frames.back().node] = std::min(low[frames.back().node], low[node]);
      if (low[node] != index[node]) continue;
      const bool alone = stack.back() == node;
      for (;;) {
        const std::uint32_t member = stack.back();
        stack.pop_back();
        on_stack[member] = false;
        component[member] = alone ? kNone : count;
        if (member == node) break;
      }
      count += !alone;
    }
  }
  return component;
}

std::vector<std::uint32_t> DependencyGraph::path_back(std::uint32_t first, const Shape& shape,
                                                      const std::vector<std::uint32_t>& component,
                                                      std::uint64_t& steps) const {
  // A state is a node, whether the last edge was of the kind that must not follow itself, and whether another
  // of that kind was passed. Breadth first, so that the first way found is a shortest one.
  struct Visit {
    std::uint32_t node;
    bool last, more;
    std::uint32_t parent, edge;
  };
  const Edge& start = edges_[first];
  std::vector<Visit> visits = {{start.to, true, false, kNone, first}};
  std::unordered_map<std::uint64_t, bool> seen;  // only asked
  const auto key = [](const Visit& v) { return std::uint64_t{v.node} << 2 | v.last << 1 | v.more; };
  seen.emplace(key(visits[0]), true);
  for (std::size_t at = 0; at < visits.size() && steps > 0; ++at) {
    const Visit here = visits[at];
    for (std::uint32_t e : out_[here.node]) {
      if (steps > 0) --steps;
      const Edge& edge = edges_[e];
      if ((shape.kinds & bit(edge.kind)) == 0 || component[edge.to] != component[start.from]) continue;
      const bool same = edge.kind == shape.through;
      if (same && (shape.single || (shape.apart && here.last))) continue;
      const Visit there{edge.to, shape.apart && same, shape.apart && (here.more || same),
                        static_cast<std::uint32_t>(at), e};
      if (edge.to == start.from && (!shape.apart || (there.more && !there.last))) {
        std::vector<std::uint32_t> path = {e};
        for (auto v = static_cast<std::uint32_t>(at); v != kNone; v = visits[v].parent)
          path.push_back(visits[v].edge);
        std::reverse(path.begin(), path.end());
        return path;
      }
      if (seen.emplace(key(there), true).second) visits.push_back(there);
    }
  }
  return {};
}

std::vector<std::vector<std::uint32_t>> DependencyGraph::cycles(const Shape& shape,
                                                                std::uint64_t& steps) const {
  const std::vector<std::uint32_t> component = components(shape.kinds);
  std::vector<std::vector<std::uint32_t>> best;  // by component
  for (std::uint32_t e = 0; e < edges_.size() && steps > 0; ++e) {
    const Edge& edge = edges_[e];
    if (edge.kind != shape.through || component[edge.from] == kNone ||
        component[edge.from] != component[edge.to])
      continue;
    const std::uint32_t c = component[edge.from];
    if (c >= best.size()) best.resize(c + 1);
    // A cycle of two or three is short enough; longer ones are worth another look.
    if (!best[c].empty() && best[c].size() <= 3) continue;
    auto path = path_back(e, shape, component, steps);
    if (!path.empty() && (best[c].empty() || path.size() < best[c].size())) best[c] = std::move(path);
  }
  std::erase_if(best, [](const auto& path) { return path.empty(); });
  return best;
}

}  // namespace syslab
