// Monitor: the configuration service of a group of replicas, itself one node beside them. It hears their
// heartbeats, and when one on which the group depends falls silent it makes a new configuration: an epoch,
// and the members that count, of which the first is the primary (or the head of a chain) and the last its
// tail.
//
// What is certain whatever fails: an epoch belongs to one configuration and is on disk before anybody hears
// of it; so is each change of its members. A new epoch is first promised by those who are to be in it
// ("seal"): they obey no earlier one from then on, and tell how far their log reaches. With fencing by lease
// nobody serves who was not told so lately, and a new epoch waits until the leases of those who have not
// promised are over; with stonith ("shoot the other node in the head") the power of the old primary is
// switched off first. With no fencing nothing of that is done: the one whose last report was best is named,
// and both may serve.
//
// Members join and leave within an epoch at the wish of its primary (or tail), which counts a joining one
// before it asks, and a leaving one until it is told: so the members are always among those that have every
// acknowledged entry. The monitor is one node: while it is away nothing fails over, and leases run out.
// An operator may ask it to "promote" a replica by name, also one that is behind, and with `until` (seconds)
// to go back to what the store was then: what came later is dropped. Cost: two messages a heartbeat and
// replica. Sources: van Renesse & Schneider 2004 (the master of a chain); Lin et al. 2008, "PacificA" (the
// configuration manager, and members asked for by the primary).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/replicate/replica_journal.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

enum class Fencing : std::uint8_t { none, epoch, lease, stonith };
inline constexpr std::array<std::string_view, 4> kFencingNames = {"none", "epoch", "lease", "stonith"};

struct MonitorOptions {
  std::shared_ptr<const std::vector<NodeId>> replicas = nullptr;  // filled before the first start
  Duration heartbeat = std::chrono::milliseconds(50);
  Duration timeout = std::chrono::milliseconds(250);  // who is silent for so long is taken for dead
  Fencing fencing = Fencing::epoch;
  Duration lease = std::chrono::milliseconds(200);
  // Whether the order of the members stays and each of them matters (a chain), or the one with the best log
  // comes first and only that one matters.
  bool chain = false;
  // Whether the members are those that the configuration says, of which one is enough, or all replicas, of
  // which so many must have promised.
  std::optional<std::size_t> quorum = std::nullopt;
  bool by_hand = false;  // another primary is named only when "promote" asks for it
  std::function<void(NodeId)> power_off = nullptr;  // of stonith
  Duration power_time = std::chrono::milliseconds(100);
  bool promotes_any = false;         // planted: does not look whose log is best
  bool lease_without_bound = false;  // planted: does not wait for leases
};

class Monitor final : public Node {
 public:
  explicit Monitor(MonitorOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // role ("monitor" or "broken"), epoch, primary, members, changing.
  Value show() const override;

 private:
  struct Report {
    Instant heard;
    std::uint64_t last_epoch = 0;
    std::uint64_t last = 0;
    Instant lease_until = {};  // on this clock; the replica's ends earlier
    bool fresh = false;        // it has started anew and does not know its own epoch any more
  };

  bool listed(NodeId node) const;
  bool silent(NodeId node) const;
  void check();
  void begin_change();
  void seal();
  void conclude();
  std::vector<NodeId> choose() const;
  void announce_after_fencing(std::vector<NodeId> members);
  void record(std::uint64_t epoch, std::vector<NodeId> members);
  Value configuration() const;
  void tell(NodeId node, const Value& asked_at);

  void on_alive(const Message& m);
  void on_sealed(const Message& m);
  void on_wish(const Message& m, bool joins);

  MonitorOptions options_;
  Env* env_ = nullptr;
  ReplicaJournal journal_;

  // On disk.
  std::uint64_t last_epoch_ = 0;  // the last that anybody was asked to promise
  std::uint64_t epoch_ = 0;       // of the configuration
  std::uint64_t version_ = 0;     // of the members within it
  std::vector<NodeId> members_;

  NodeId promoted_ = kNoNode;  // asked for by the operator, in this change
  Value until_;
  bool announced_ = false;  // the configuration is durable
  bool changing_ = false;
  bool fencing_ = false;  // the members are chosen, and the old ones not yet harmless
  std::map<NodeId, Report> reports_;
  std::map<NodeId, Report> sealed_;  // who promised last_epoch_
};

}  // namespace syslab
