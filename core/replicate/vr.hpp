// View-stamped replication, as revisited: a log that a primary orders and a majority holds in memory. Nothing
// but a mark that it has run before is on disk.
//
// The primary of view v is member v mod n. A request (see KvMachine) goes to it; others pass it on. It is
// answered when a majority has its entry, reads too, so every answer is linearizable; a request that carries
// {client, seq} is executed once. Errors: not_leader (definite) while the view changes or this replica
// recovers, unknown (indefinite) where the view changed before the entry was committed.
//
// A backup that hears nothing from the primary for `patience` begins the next view: it stops taking entries
// and tells all; who hears so from a majority sends its log to the new primary, which takes the one of the
// latest view, and of those the longest, from a majority. A replica that has crashed asks all, and takes the
// log of the primary of the latest view of a majority's answers, before it takes part again; so at most f of
// 2f + 1 may be down or recovering, and where more are, as after a power failure of all, the group stands
// still for ever. Who is behind asks for what it lacks.
//
// Invariants: those of LogWatch, with views for terms. Cost of a write or read: two message delays, no fsync;
// a view change and a recovery send whole logs (this one keeps all entries: no checkpoints, no
// reconfiguration). Paper: Liskov & Cowling 2012, "Viewstamped Replication Revisited".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "core/replicate/kv_machine.hpp"
#include "core/replicate/log_watch.hpp"
#include "core/replicate/vr_bug.hpp"
#include "core/runtime/node.hpp"

namespace syslab {

struct VrOptions {
  // All replicas, this one included; filled before the first of them starts.
  std::shared_ptr<const std::vector<NodeId>> members = nullptr;
  Duration heartbeat = std::chrono::milliseconds(50);
  Duration patience =
      std::chrono::milliseconds(200);  // of a backup; up to twice that, so that not all begin at once
  std::size_t batch = 64;              // entries a message
  VrBug bug = VrBug::none;
  std::shared_ptr<LogWatch> watch = nullptr;  // shared by all replicas
};

class Vr final : public Node {
 public:
  explicit Vr(VrOptions options) : options_(std::move(options)) {}

  void on_start(Env& env) override;
  void on_message(Env& env, const Message& message) override;
  void on_request(Env& env, const Request& request, Reply reply) override;
  // role ("leader" for the primary, "backup", "view_change", "recovering"), view, log, committed.
  Value show() const override;

 private:
  enum class Status : std::uint8_t { starting, recovering, normal, view_change };
  struct Entry {
    std::uint64_t view = 0;  // in which it was made
    Value record;            // {view, command}, as in messages
  };
  struct Waiting {
    std::uint64_t view;
    Reply reply;
  };

  bool bug(VrBug bug) const { return options_.bug == bug; }
  std::size_t majority() const { return options_.members->size() / 2 + 1; }
  NodeId primary(std::uint64_t view) const { return (*options_.members)[view % options_.members->size()]; }
  bool leads() const { return status_ == Status::normal && primary(view_) == self_; }
  std::uint64_t last() const { return log_.size(); }
  std::uint64_t view_at(std::uint64_t index) const {
    return index == 0 || index > last() ? 0 : log_[index - 1].view;
  }
  void to_all(Env& env, std::string_view type, const Value& body);
  Value entries_from(std::uint64_t first, std::size_t most) const;

  void add(Value record);
  void drop_from(std::uint64_t index);
  void adopt(const Value& entries);  // as the whole log
  void commit(std::uint64_t upto);

  void tick(Env& env);
  void heard(Env& env);
  void send_prepare(Env& env, NodeId to);
  void acknowledge(Env& env);
  void count_acknowledged();
  void catch_up(Env& env, NodeId from, std::uint64_t view, std::uint64_t index);
  void begin_view(Env& env, std::uint64_t view);
  void send_log(Env& env);
  void lead(Env& env);
  void enter(Env& env, std::uint64_t view);
  void ask_to_recover(Env& env);

  void on_prepare(Env& env, const Message& m);
  void on_begin_view(Env& env, const Message& m);
  void on_log(Env& env, const Message& m);
  void on_view(Env& env, const Message& m);
  void on_state(Env& env, const Message& m);
  void on_recovery(Env& env, const Message& m);

  VrOptions options_;
  NodeId self_ = kNoNode;
  Status status_ = Status::starting;
  std::uint64_t view_ = 0;
  std::uint64_t normal_view_ = 0;  // the last one in which it was normal
  std::vector<Entry> log_;
  std::uint64_t committed_ = 0;
  KvMachine machine_;
  Instant deadline_;  // then the next view begins

  // Of a primary.
  std::map<NodeId, std::uint64_t> held_;      // up to which entry
  std::map<std::uint64_t, Waiting> waiting_;  // by index

  std::set<NodeId> begun_;        // who begins view_, this one included
  std::map<NodeId, Value> logs_;  // of view_, sent to this replica as its primary
  bool log_sent_ = false;
  double nonce_ = 0;                 // of this recovery
  std::map<NodeId, Value> answers_;  // to it
};

}  // namespace syslab
