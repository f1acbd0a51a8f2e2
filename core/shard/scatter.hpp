// Scatter-gather: a filter that makes a service ask several others at once and answer with what has come.
//
// Every request goes to all targets. The answer comes when all have answered, or `enough` of them, or at the
// deadline: {results = {NAME = value}, missing = {names}, failed = {NAME = code}, asked}; who failed is in
// both of the last two. Fewer than `least` answers are no answer: `timeout` (indefinite: some may have done
// what was asked). With n targets the slowest counts, so the median of the whole is about the 1 - 0.7/n
// quantile of one; a deadline or `enough` cut that off and say so, and a hedge around each target
// (core/resilience/hedge.hpp, around a balancer of its replicas) makes it rarer. The service inside says what
// a request costs here. Cost: a call a target. Source: Dean & Barroso 2013, "The tail at scale".
#pragma once

#include <optional>
#include <vector>

#include "core/runtime/service.hpp"

namespace syslab {

struct ScatterOptions {
  std::vector<NodeId> targets = {};
  Duration deadline = std::chrono::seconds(1);
  std::optional<std::size_t> enough = {};  // none: all
  std::size_t least = 0;
};

// Requires: there is a target; enough >= 1.
Filter make_scatter(ScatterOptions options);

}  // namespace syslab
