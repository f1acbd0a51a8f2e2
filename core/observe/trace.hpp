// The ordered log of everything that happens in a world, with a rolling digest: two runs are the same run
// exactly if their digests are equal.
//
// The digest covers every event, bodies included, and never depends on how many events are kept. A checkpoint
// of it every 1024 steps lets two runs be compared to find the first step in which they differ.
// Cost: about 50 ns an event and the hash of its detail; 128 bytes an event kept.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/node_id.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct TraceEvent {
  enum class Kind : std::uint8_t {
    send,       // node: sender, peer: receiver
    deliver,    // node: receiver, peer: sender
    drop,       // as send where it never left, as deliver where it was lost on arrival; detail: the reason
    duplicate,  // a second copy of a message leaves, as send
    start,
    stop,
    crash,
    restart,
    pause,
    resume,
    fault,  // id: the fault's number in the journal, label: its verb, detail: its options
    heal,
    log,
    op,  // an operation of a client: invoked, ended
    note,
  };

  Instant at;
  Kind kind = Kind::note;
  NodeId node;
  NodeId peer;
  std::uint64_t id = 0;            // of the message, or the number of the fault
  std::string_view form;           // of a message: "oneway", "request", "response" or "failure"; a literal
  std::string label;               // the message type, or a text
  Value detail;                    // the body of a message; the options of a fault; the reason of a drop
  std::optional<Instant> arrival;  // of a send, where the network knows it already
};

std::string_view to_string(TraceEvent::Kind kind);

class Trace {
 public:
  static constexpr std::uint64_t kCheckpointSteps = 1024;
  using NameOf = std::function<std::string(NodeId)>;

  // Keeps the last `keep` events; 0 keeps none and counts only.
  explicit Trace(std::size_t keep = 200'000) : keep_(keep) {}

  // Requires: event.at is not before the last event's.
  void record(TraceEvent event);

  // Events since the start, kept or not.
  std::uint64_t steps() const { return steps_; }
  std::uint64_t digest() const { return digest_; }
  // 16 hexadecimal digits.
  std::string digest_hex() const;

  // The kept events, oldest first; the first one is step number dropped() (from 0).
  std::size_t size() const { return events_.size(); }
  const TraceEvent& operator[](std::size_t index) const;
  std::uint64_t dropped() const { return steps_ - events_.size(); }

  // One line of JSON an event: at (seconds), step, kind, and what else it has. Nodes by name.
  void write_json_lines(std::ostream& out, const NameOf& name_of) const;

  // The digest after 1024, 2048, ... steps.
  const std::vector<std::uint64_t>& checkpoints() const { return checkpoints_; }
  // From here on also keeps the digest after each of the steps first .. last (inclusive, from 0).
  void watch(std::uint64_t first, std::uint64_t last);
  const std::vector<std::uint64_t>& watched() const { return watched_; }

 private:
  std::size_t keep_;
  std::vector<TraceEvent> events_;  // a ring once it is full
  std::size_t oldest_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t digest_ = 0;
  std::vector<std::uint64_t> checkpoints_;
  std::uint64_t watch_first_ = 1;
  std::uint64_t watch_last_ = 0;
  std::vector<std::uint64_t> watched_;
};

// The first index at which two lists of digests differ (one may end early); none if they are equal. With
// checkpoints of two runs, index i says: the first differing step is in [1024 i, 1024 (i + 1)).
std::optional<std::size_t> first_difference(std::span<const std::uint64_t> a,
                                            std::span<const std::uint64_t> b);

}  // namespace syslab
