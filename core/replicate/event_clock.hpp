// Clocks that count events instead of seconds: stamps for what happens at several nodes that only exchange
// messages, so that if one event may have led to another its stamp is before the other's.
//
//   lamport  a number and the node: a total order. A smaller stamp may, but need not, have led to the larger.
//   vector   a number for every node: `before` if and only if it may have led to it, else concurrent.
//   hybrid   the wall clock as far as it goes, a counter where it does not: a total order like lamport's, and
//            never far from the time; what a skewed clock cannot do is to put an answer before its question.
//
// A stamp is a value that travels in messages: lamport {time, node}; vector {node = number ...}; hybrid
// {time, counter, node} with the time in nanoseconds. Cost: O(1) an event, for vectors O(nodes). Papers:
// Lamport 1978, "Time, Clocks, and the Ordering of Events"; Fidge 1988, Mattern 1989 (vector clocks);
// Kulkarni et al. 2014, "Logical Physical Clocks" (hybrid).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/replicate/version_vector.hpp"

namespace syslab {

class EventClock {
 public:
  explicit EventClock(std::string node) : node_(std::move(node)) {}
  virtual ~EventClock() = default;

  virtual std::string_view name() const = 0;
  const std::string& node() const { return node_; }
  // The stamp of an event at this node; a message takes it along. `wall` matters to hybrid clocks only.
  virtual Value tick(Instant wall) = 0;
  // The stamp of the arrival of a message that carries `stamp`. Errors: malformed (nothing happened).
  virtual Expected<Value> receive(Instant wall, const Value& stamp) = 0;
  // Errors: malformed. Total orders never say concurrent.
  virtual Expected<CausalOrder> compare(const Value& a, const Value& b) const = 0;
  // The last stamp given.
  virtual Value last() const = 0;

 private:
  std::string node_;
};

std::unique_ptr<EventClock> make_lamport_clock(std::string node);
std::unique_ptr<EventClock> make_vector_clock(std::string node);
std::unique_ptr<EventClock> make_hybrid_clock(std::string node);

// The hybrid clock itself, for those who keep its stamps in a form of their own.
struct HybridTime {
  std::int64_t time = 0;  // nanoseconds
  std::uint64_t counter = 0;
  auto operator<=>(const HybridTime&) const = default;
  // The next event at a wall clock, after everything up to `seen`: this one or the other's stamp.
  void tick(Instant wall);
  void receive(Instant wall, const HybridTime& seen);
};

}  // namespace syslab
