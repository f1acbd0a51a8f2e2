// Which member of a consumer group reads which partitions.
//
//   range               topic by topic, neighbouring partitions; members who come first get one more where it
//   does not
//                       come out even
//   round_robin         all partitions dealt out in turn
//   sticky              as even as it can be, and otherwise as it was
//   cooperative_sticky  the same; what moves is first given up by its old owner, and meanwhile the rest goes
//   on
//
// Pure functions. Cost: range and round robin O(partitions + members log members); sticky O(partitions x
// members). Source: Kafka's RangeAssignor, RoundRobinAssignor; KIP-54 (sticky), KIP-429 (cooperative). Sticky
// keeps to their promises (balance first, then stickiness), not to their very choices.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.hpp"

namespace syslab {

struct TopicPartition {
  std::string topic;
  std::uint32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
  bool operator==(const TopicPartition&) const = default;
  std::string text() const { return topic + "/" + std::to_string(partition); }
};
using Partitions = std::vector<TopicPartition>;
// A list of {topic, partition}, and back; what is no such thing is left out.
Value to_value(const Partitions& partitions);
Partitions partitions_of(const Value& list);

enum class Assignor : std::uint8_t { range, round_robin, sticky, cooperative_sticky };
std::string_view to_string(Assignor assignor);
Expected<Assignor> assignor_named(std::string_view name);  // errors: INCONSISTENT_GROUP_PROTOCOL

struct Subscriber {
  std::vector<std::string> topics;
  Partitions owned = {};  // what it has now; only the sticky ones look at it
};

// Sorted lists; every member has one. A topic that `counts` does not know is passed over.
std::map<std::string, Partitions> assign_partitions(Assignor assignor,
                                                    const std::map<std::string, Subscriber>& members,
                                                    const std::map<std::string, std::uint32_t>& counts);

}  // namespace syslab
