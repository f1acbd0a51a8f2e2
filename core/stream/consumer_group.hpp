// ConsumerGroup: who is in a group, who reads which partitions, and how far the group has read.
//
// A pure state machine, as the group's coordinator keeps it: time is an argument and never runs backwards.
//
//   empty -> preparing (members join) -> stable -> preparing (somebody joins, leaves, or is not heard of) ->
//   ...
//
// Each time that all members have joined, or the rebalance timeout is over, a new *generation* begins, with
// an assignment. Members hear that a rebalance has begun by a failed heartbeat (REBALANCE_IN_PROGRESS) and
// join again. With an *eager* assignor a member gives up all its partitions before it joins, so the group
// stands still. With the cooperative one it names what it owns, goes on with it, and gets an assignment
// without what others still have; who has to give something up does so and joins once more, and a second,
// short rebalance gives that to its new owner. A *static* member (with an instance id) that comes back within
// its session gets its old partitions and nobody else notices.
//
// The assignor runs here, as in KIP-848; in the classic protocol the first member runs the same function.
//
// Error codes are Kafka's: INVALID_GROUP_ID, INVALID_SESSION_TIMEOUT, INCONSISTENT_GROUP_PROTOCOL,
// UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, FENCED_INSTANCE_ID, GROUP_MAX_SIZE_REACHED.
// All are definite.
//
// Cost: O(log members) a call; a rebalance costs what its assignor does. Source: Kafka consumer
// configuration; KIP-345 (static membership), KIP-429 (incremental cooperative rebalancing).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/stream/assignor.hpp"

namespace syslab {

struct GroupOptions {
  std::string name = "group";
  Duration rebalance_delay = std::chrono::seconds(3);  // how long an empty group waits for more members
  Duration session_min = std::chrono::seconds(6);
  Duration session_max = std::chrono::minutes(30);
  std::size_t members_max = 1000000;
};

struct JoinRequest {
  std::string member = {};    // "": a new one
  std::string instance = {};  // of a static member
  std::vector<std::string> topics = {};
  Partitions owned = {};  // cooperative: what it has now
  Assignor assignor = Assignor::range;
  Duration session = std::chrono::seconds(45);
  Duration rebalance = std::chrono::seconds(300);  // how long the others wait for it to join
};

// The answer to a join.
struct Joined {
  std::string member;
  std::uint32_t generation = 0;
  Partitions assignment = {};
};

struct Committed {
  std::int64_t offset = 0;
  std::uint32_t generation = 0;
  std::uint32_t epoch =
      0;  // of the leader from which it was read: a leader of an earlier one is not to be believed
};

class ConsumerGroup {
 public:
  enum class State : std::uint8_t { empty, preparing, stable };

  explicit ConsumerGroup(GroupOptions options) : options_(std::move(options)) {}

  // Takes the request; the member's id. Its answer is among those that advance() gives, now or later. A join
  // that it sends again replaces the one that waits.
  Expected<std::string> join(Instant now, const JoinRequest& request);
  // Errors: as above; REBALANCE_IN_PROGRESS asks it to join again.
  Expected<bool> heartbeat(Instant now, const std::string& member, std::uint32_t generation);
  Expected<bool> leave(Instant now, const std::string& member);

  // Fenced by member and generation. Without a member: from somebody who is in no group, and only while it is
  // empty.
  Expected<bool> commit(Instant now, const std::string& member, std::uint32_t generation,
                        const TopicPartition& tp, std::int64_t offset, std::uint32_t epoch = 0);
  // Whether what it asks for may be told to it: as for a commit, without the effect. Without a member:
  // anybody.
  Expected<bool> knows(const std::string& member, std::uint32_t generation) const;
  std::optional<Committed> committed(const TopicPartition& tp) const;
  const std::map<TopicPartition, Committed>& offsets() const { return offsets_; }
  // What a commit that was written down says; for a coordinator that takes over.
  void restore_offset(const TopicPartition& tp, Committed committed) { offsets_[tp] = committed; }

  // Lets time pass: sessions end, a rebalance completes. `counts` are the partitions of the topics. The
  // answers to joins that are due now.
  std::vector<Joined> advance(Instant now, const std::map<std::string, std::uint32_t>& counts);
  // When advance() has something to do; none where nobody waits.
  std::optional<Instant> next_change() const;

  State state() const { return state_; }
  std::uint32_t generation() const { return generation_; }
  std::uint64_t rebalances() const { return rebalances_; }
  std::size_t size() const { return members_.size(); }
  // What each member was given in this generation.
  std::map<std::string, Partitions> assignment() const;

  // Members, generation and assignment, for a coordinator that takes over: sessions begin anew at `now`.
  Value snapshot() const;
  void restore(Instant now, const Value& snapshot);
  // {state, generation, members = {{member, instance, partitions}}, offsets = {"topic/0" = n}}
  Value show() const;

  // For tests: nobody has what somebody else has, and ids and instances agree.
  void check_invariants() const;

 private:
  struct Member {
    std::string instance = {};
    std::vector<std::string> topics = {};
    Partitions owned = {};
    Partitions assignment = {};
    Assignor assignor = Assignor::range;
    Duration session{};
    Duration rebalance{};
    Instant expires;
    bool joined = false;   // for the generation to come
    bool waiting = false;  // for an answer
    bool at_once = false;  // the answer is the present generation
  };

  void begin_rebalance(Instant now);
  void drop(Instant now, const std::string& member);
  Error unknown(const std::string& member) const;
  std::vector<Joined> complete(Instant now, const std::map<std::string, std::uint32_t>& counts);

  GroupOptions options_;
  State state_ = State::empty;
  std::uint32_t generation_ = 0;
  std::uint64_t rebalances_ = 0;
  std::uint64_t last_member_ = 0;
  bool unsettled_ = false;             // cooperative: somebody is to get what another one still has
  std::optional<Instant> not_before_;  // an empty group waits for more members
  Instant deadline_;                   // of the rebalance
  std::map<std::string, Member> members_;
  std::map<std::string, std::string> instances_;  // static members: to their present id
  std::map<std::string, std::string> fenced_;  // ids that another process with the same instance id replaced
  std::map<TopicPartition, Committed> offsets_;
};

std::string_view to_string(ConsumerGroup::State state);

}  // namespace syslab
