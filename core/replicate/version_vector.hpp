// Version vectors: for each replica, how many of its events are known. They tell whether one state knows all
// of another, or whether the two came about without knowing of each other.
//
// A dot names one event: the replica it happened at, and its number there, from 1. A version vector knows
// those up to a number of each replica. A causal context may know any others beside them, which is what a
// part of a state says of itself that was not sent in order (Almeida et al. 2018, section 7.2). Cost: a
// lookup O(log n) of n replicas, compare and merge O(n); about 40 bytes a replica. Papers: Parker et al.
// 1983, "Detection of Mutual Inconsistency in Distributed Systems"; Preguica et al. 2010, "Dotted Version
// Vectors".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/value.hpp"

namespace syslab {

enum class CausalOrder : std::uint8_t { equal, before, after, concurrent };
std::string_view to_string(CausalOrder order);

struct Dot {
  std::string replica;
  std::uint64_t counter = 0;
  auto operator<=>(const Dot&) const = default;
};

class VersionVector {
 public:
  // 0 where nothing of it is known.
  std::uint64_t operator[](std::string_view replica) const;
  // Knows one event more of the replica: its number.
  std::uint64_t increment(std::string_view replica);
  // Knows at least so many; whether that is news.
  bool raise(std::string_view replica, std::uint64_t counter);
  bool merge(const VersionVector& other);

  bool covers(const Dot& dot) const { return (*this)[dot.replica] >= dot.counter; }
  bool covers(const VersionVector& other) const;
  // `before`: the other one knows all that this one does, and more.
  CausalOrder compare(const VersionVector& other) const;

  // Sorted by replica; none is 0.
  const std::vector<std::pair<std::string, std::uint64_t>>& entries() const { return entries_; }
  bool operator==(const VersionVector&) const = default;

  // A map of replica to number.
  Value encode() const;
  // Errors: malformed.
  static Expected<VersionVector> decode(const Value& value);

 private:
  std::vector<std::pair<std::string, std::uint64_t>> entries_;
};

// Invariant: no dot beside the vector is covered by it, nor follows immediately on what is.
class CausalContext {
 public:
  bool covers(const Dot& dot) const { return vector_.covers(dot) || others_.contains(dot); }
  bool add(const Dot& dot);  // whether it is news
  bool merge(const CausalContext& other);
  // The next event of a replica, which must not be known beyond a gap. It is not added.
  Dot next(const std::string& replica) const { return {replica, vector_[replica] + 1}; }
  const VersionVector& vector() const { return vector_; }
  const std::set<Dot>& others() const { return others_; }
  bool operator==(const CausalContext&) const = default;

  // The vector, or a list of it and of the others as {replica, number}.
  Value encode() const;
  static Expected<CausalContext> decode(const Value& value);

 private:
  void compact(const std::string& replica);

  VersionVector vector_;
  std::set<Dot> others_;
};

// A whole number of at least 0 that a double holds exactly; none otherwise.
std::optional<std::uint64_t> whole_number(const Value& value);

}  // namespace syslab
