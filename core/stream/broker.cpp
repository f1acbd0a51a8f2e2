#include "core/stream/broker.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <set>

#include "core/replicate/raft.hpp"
#include "core/stream/consumer_group.hpp"
#include "core/stream/partitioner.hpp"
#include "core/stream/recorder.hpp"

namespace syslab {
namespace {

// How it is put together.
//
// Three roles share this node. As a *replica* it has a PartitionLog for each partition that it holds, and is
// its leader or a follower as the last ClusterState says that reached it. As *controller*, while it leads
// Raft, it owns the ClusterState: every change is a compare-and-set of the whole state in Raft's store, one
// at a time, and is told to all brokers only when it is committed. As *coordinator* it has the groups of the
// offset partitions that it leads.
//
// Followers pull: one request a leader with all partitions that are fetched from it; its offsets are the
// acknowledgement of what came before. The leader holds a request that finds nothing for `replica_wait`.
// Everything between brokers may be lost and is asked for again, by the tick that runs twice a second or by
// the next fetch.

constexpr Duration kTick = std::chrono::milliseconds(500);
constexpr Duration kFetchBackoff = std::chrono::milliseconds(250);
constexpr Duration kPassOn = std::chrono::seconds(30);
constexpr std::size_t kFetchRecords = 1000;
constexpr std::size_t kFetchBytes = std::size_t{1} << 20;

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}
Error doubtful(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), false};
}

Value number(std::int64_t n) {
  return static_cast<double>(n);
}
std::int64_t integer(const Value& v, std::int64_t otherwise = 0) {
  return v.is_number() ? static_cast<std::int64_t>(v.number()) : otherwise;
}
std::string text_of(const Value& value) {
  return value.is_string() ? std::string(value.string()) : std::string();
}

// A whole number of the request that is at least 0, or what stands for it.
Expected<std::int64_t> count_of(const Value& body, const char* name, std::int64_t otherwise) {
  const Value& given = body[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || !(given.number() >= 0) || given.number() > 9e15 ||
      given.number() != static_cast<double>(static_cast<std::int64_t>(given.number()))) {
    return refused("INVALID_REQUEST", std::string(name) + " is no whole number of at least 0");
  }
  return static_cast<std::int64_t>(given.number());
}

// Any number is an offset; whether there is a record is for the log to say.
Expected<std::int64_t> offset_of(const Value& body) {
  const Value& given = body["offset"];
  if (given.is_nil()) return std::int64_t{0};
  if (given.is_number() && given.number() < 0 && given.number() > -9e15)
    return static_cast<std::int64_t>(given.number());
  return count_of(body, "offset", 0);
}

Expected<Duration> duration_of(const Value& body, const char* name, Duration otherwise) {
  const Value& given = body[name];
  if (given.is_nil()) return otherwise;
  if (!given.is_number() || !(given.number() >= 0)) {
    return refused("INVALID_REQUEST", std::string(name) + " is no time in seconds");
  }
  return from_seconds(given.number());
}

#define SYSLAB_TAKE(variable, expression)                  \
  auto variable##_or = (expression);                       \
  if (!variable##_or) return reply(variable##_or.error()); \
  auto& variable = *variable##_or

bool has(const std::vector<int>& all, int n) {
  return std::find(all.begin(), all.end(), n) != all.end();
}

class StreamBroker final : public Node {
 public:
  explicit StreamBroker(StreamClusterOptions options)
      : options_(std::move(options)), recorder_(options_.history), raft_(raft_options(options_)) {}

  void on_start(Env& env) override {
    const std::vector<NodeId>& members = *options_.members;
    self_ = static_cast<int>(std::find(members.begin(), members.end(), env.self()) - members.begin());
    // Which process this is. Microseconds of a clock that does not jump are never the same twice.
    incarnation_ = static_cast<double>(env.now().time_since_epoch() / std::chrono::microseconds(1) + 1);
    next_flush_ = next_retention_ = env.now();
    raft_.on_start(env);
    beat(env);
    tick(env);
  }

  void on_message(Env& env, const Message& m) override {
    if (m.type == "stream_heartbeat") return on_heartbeat(env, m);
    if (m.type == "stream_metadata") {
      controller_ = m.from;
      return apply(env, m.body);
    }
    if (m.type == "stream_controller") {
      controller_ = m.from;
      return;
    }
    if (m.type == "stream_isr") return on_isr(env, m);
    if (m.type == "stream_isr_decided") return on_isr_decided(m);
    raft_.on_message(env, m);
  }

  void on_request(Env& env, const Request& request, Reply reply) override {
    if (request.type == "read" || request.type == "write" || request.type == "cas") {
      return raft_.on_request(env, request, std::move(reply));
    }
    const auto action = actions().find(request.type);
    if (action == actions().end()) {
      return reply(make_error("not_found", "a broker takes no requests of type '" + request.type + "'"));
    }
    if (broken_) return reply(refused("KAFKA_STORAGE_ERROR", "this broker's disk has failed"));
    (this->*action->second)(env, request.body, std::move(reply));
  }

  Value show() const override {
    Value::Map partitions;
    std::int64_t leads = 0;
    for (const auto& [tp, r] : replicas_) {
      leads += r.leads ? 1 : 0;
      if (tp.topic == kOffsetsTopic) continue;
      partitions.emplace_back(tp.text(),
                              Value::map({{"leads", r.leads},
                                          {"start", number(r.log.start())},
                                          {"end", number(r.log.end())},
                                          {"high_watermark", number(r.high_watermark)},
                                          {"epoch", number(r.state.epoch)},
                                          {"isr", number(static_cast<std::int64_t>(r.state.isr.size()))}}));
    }
    return Value::map({{"controller", controls_},
                       {"leads", number(leads)},
                       {"role", broken_     ? "broken"
                                : controls_ ? "controller"
                                            : "broker"},
                       {"partitions", Value::map(std::move(partitions))}});
  }

 private:
  using Action = void (StreamBroker::*)(Env& env, const Value& body, Reply reply);

  struct Follower {
    std::int64_t end = -1;  // how far its log reaches; -1: it has not asked yet
    Instant caught_up;
    Instant asked;
    std::int64_t end_when_asked = 0;  // of our log
  };
  struct PendingProduce {
    std::int64_t last;  // offset
    int acks;
    std::vector<StreamRecord> records;  // for the history
    TimerId timer;
    Reply reply;  // gives {offset, ...} or an error
    Value answer;
  };
  struct PendingFetch {
    std::uint64_t id;
    Value body;
    TimerId timer;
    Reply reply;
  };
  struct Replica {
    Replica(TopicPartition which, StreamTopic topic) : tp(std::move(which)), config(topic), log(topic.log) {}
    TopicPartition tp;
    StreamTopic config;
    PartitionLog log;
    PartitionState state = {};
    bool leads = false;
    std::int64_t high_watermark = 0;
    std::int64_t marked = -1;  // the high watermark that is on the disk
    std::map<int, Follower> followers = {};
    std::optional<std::vector<int>> wanted_isr = {};  // asked of the controller
    std::list<PendingProduce> produces = {};
    std::list<PendingFetch> fetches = {};
  };
  struct Fetcher {
    bool busy = false;
    std::uint64_t round = 0;
    TimerId timer = {};
  };
  struct ReplicaFetch {
    std::uint64_t id;
    int broker;
    Value body;
    TimerId timer;
    Reply reply;
  };
  struct Group {
    explicit Group(GroupOptions options) : members(std::move(options)) {}
    ConsumerGroup members;
    std::map<std::string, Reply> joins = {};
    TimerId wake = {};
  };
  struct Change {
    std::function<Expected<bool>(ClusterState&)> apply;
    Reply done;  // may be empty
  };

  static RaftOptions raft_options(const StreamClusterOptions& o) {
    RaftOptions r;
    r.members = o.members;
    // The controllers' quorum of Kafka: elections after 1 to 2 s without word of the leader.
    r.heartbeat = std::chrono::milliseconds(500);
    r.election_min = std::chrono::milliseconds(1000);
    r.election_max = std::chrono::milliseconds(2000);
    return r;
  }

  static const std::map<std::string, Action, std::less<>>& actions() {
    static const std::map<std::string, Action, std::less<>> actions = {
        {"produce", &StreamBroker::produce},
        {"fetch", &StreamBroker::fetch},
        {"replicate", &StreamBroker::replicate},
        {"list_offsets", &StreamBroker::list_offsets},
        {"metadata", &StreamBroker::metadata},
        {"create_topic", &StreamBroker::create_topic},
        {"init_producer", &StreamBroker::init_producer},
        {"join_group", &StreamBroker::join_group},
        {"heartbeat", &StreamBroker::heartbeat_of_member},
        {"leave_group", &StreamBroker::leave_group},
        {"commit", &StreamBroker::commit},
        {"committed", &StreamBroker::committed},
        {"describe_group", &StreamBroker::describe_group},
        {"lag", &StreamBroker::lag},
    };
    return actions;
  }

  NodeId node(int broker) const { return (*options_.members)[static_cast<std::size_t>(broker)]; }
  const std::string& name(Env& env, int broker) const { return env.name_of(node(broker)); }

  // ---- the tick

  void tick(Env& env) {
    if (!broken_) {
      control(env);
      for (auto& [tp, r] : replicas_) {
        if (r.leads) watch_followers(env, r);
      }
      for (int b = 0; b < static_cast<int>(options_.members->size()); ++b) pull(env, b);
      keep(env);
    }
    env.after(kTick, [this, &env] { tick(env); });
  }

  void beat(Env& env) {
    if (!broken_) {
      const Value body = Value::map({{"broker", self_},
                                     {"incarnation", incarnation_},
                                     {"version", number(static_cast<std::int64_t>(state_.version))}});
      for (const NodeId member : *options_.members) env.send(member, "stream_heartbeat", body);
    }
    env.after(options_.heartbeat, [this, &env] { beat(env); });
  }

  // ---- the controller

  void control(Env& env) {
    const bool leads = raft_.show()["role"] == Value("leader");
    if (!leads) {
      if (controls_) env.log("no longer the controller");
      controls_ = loading_ = false;
      return refuse_changes();
    }
    if (!controls_) return load(env);
    for (std::size_t b = 0; b < seen_.size(); ++b) {
      if (decided_.brokers[b].alive && env.now() - seen_[b] >= options_.session) {
        env.log("a broker is gone", name(env, static_cast<int>(b)));
        change(env, [b](ClusterState& s) { return s.fence(b), Expected<bool>(true); });
      }
    }
    if (env.now() >= next_leader_check_) {
      next_leader_check_ = env.now() + options_.leader_check;
      change(env, [](ClusterState& s) { return s.prefer_leaders(), Expected<bool>(true); });
    }
    submit(env);
  }

  void load(Env& env) {
    if (loading_) return;
    loading_ = true;
    raft_.on_request(
        env, {.type = "read", .body = Value::map({{"key", "cluster"}})}, [this, &env](const Result& read) {
          if (!loading_) return;
          loading_ = false;
          if (!read.ok()) return;
          controls_ = true;
          submitting_ = false;
          kept_ = *read;
          seen_.assign(options_.members->size(), env.now());
          next_leader_check_ = env.now() + options_.leader_check;
          env.log("controller");
          if (kept_.is_map()) {
            decided_ = ClusterState::unpack(kept_);
            return tell_all(env);
          }
          decided_ = {};
          decided_.brokers.resize(options_.members->size());
          change(env, [this](ClusterState& s) -> Expected<bool> {
            s.brokers.resize(options_.members->size());
            StreamTopic offsets;
            offsets.name = kOffsetsTopic;
            offsets.partitions = options_.offsets_partitions;
            offsets.replication = std::min<std::uint32_t>(3, static_cast<std::uint32_t>(s.brokers.size()));
            offsets.log.remove = false;
            offsets.log.compact = true;
            std::vector<StreamTopic> topics = options_.topics;
            topics.push_back(offsets);
            for (const StreamTopic& topic : topics) {
              if (const auto made = s.create_topic(topic); !made) return made;
            }
            return true;
          });
        });
  }

  void change(Env& env, std::function<Expected<bool>(ClusterState&)> apply, Reply done = {}) {
    changes_.push_back({std::move(apply), std::move(done)});
    submit(env);
  }

  void refuse_changes() {
    for (Change& c : std::exchange(changes_, {})) {
      if (c.done) c.done(doubtful("NOT_CONTROLLER", "this broker is not the controller any more"));
    }
  }

  void submit(Env& env) {
    if (!controls_ || submitting_ || changes_.empty()) return;
    ClusterState next = decided_;
    auto batch = std::make_shared<std::vector<Reply>>();
    for (Change& c : std::exchange(changes_, {})) {
      const Expected<bool> applied = c.apply(next);
      if (!c.done) continue;
      if (applied) {
        batch->push_back(std::move(c.done));
      } else {
        c.done(applied.error());
      }
    }
    const Value unchanged = next.pack();
    if (unchanged == decided_.pack()) {
      for (const Reply& done : *batch) done(Value(true));
      return;
    }
    ++next.version;
    const Value packed = next.pack();
    submitting_ = true;
    Value body = Value::map({{"key", "cluster"}, {"value", packed}});
    if (!kept_.is_nil()) body = body.with("expected", kept_);
    raft_.on_request(env, {.type = "cas", .body = std::move(body)},
                     [this, &env, next, packed, batch](const Result& result) {
                       submitting_ = false;
                       if (!result.ok()) {
                         // Somebody else decides by now, or nobody knows: what is true is read again.
                         controls_ = false;
                         for (const Reply& done : *batch)
                           done(doubtful("NOT_CONTROLLER", result.error().message));
                         return refuse_changes();
                       }
                       record_elections(env, decided_, next);
                       decided_ = next;
                       kept_ = packed;
                       tell_all(env);
                       for (const Reply& done : *batch) done(Value(true));
                       submit(env);
                     });
  }

  void record_elections(Env& env, const ClusterState& before, const ClusterState& after) {
    if (!recorder_.on()) return;
    for (const auto& [topic, t] : after.topics) {
      const auto was = before.topics.find(topic);
      for (std::size_t p = 0; p < t.partitions.size(); ++p) {
        const PartitionState& now = t.partitions[p];
        if (now.leader < 0 || (was != before.topics.end() && was->second.partitions[p].epoch == now.epoch))
          continue;
        const auto b = static_cast<std::size_t>(now.leader);
        // The last one in sync, back without what it had not synced: the ISR has not held.
        const bool forgot = b < before.brokers.size() && before.brokers[b].incarnation != 0 &&
                            before.brokers[b].incarnation != after.brokers[b].incarnation &&
                            options_.flush > Duration::zero();
        recorder_.elect(env.now(), TopicPartition{topic, static_cast<std::uint32_t>(p)}.text(),
                        name(env, now.leader), now.epoch, now.isr.size(), now.unclean || forgot);
      }
    }
  }

  void tell_all(Env& env) {
    for (const NodeId member : *options_.members) env.send(member, "stream_metadata", kept_);
  }

  void on_heartbeat(Env& env, const Message& m) {
    if (!controls_ || submitting_first()) return;
    const auto b = static_cast<std::size_t>(integer(m.body["broker"]));
    const double incarnation = m.body["incarnation"].is_number() ? m.body["incarnation"].number() : 0;
    if (b >= seen_.size()) return;
    seen_[b] = env.now();
    const ClusterState::Broker& known = decided_.brokers[b];
    if (!known.alive || known.incarnation != incarnation) {
      change(env,
             [b, incarnation](ClusterState& s) { return s.welcome(b, incarnation), Expected<bool>(true); });
    }
    if (static_cast<std::uint64_t>(integer(m.body["version"])) < decided_.version && !kept_.is_nil()) {
      env.send(m.from, "stream_metadata", kept_);
    } else {
      env.send(m.from, "stream_controller", {});
    }
  }
  // The first state is still on its way.
  bool submitting_first() const { return kept_.is_nil(); }

  void on_isr(Env& env, const Message& m) {
    if (!controls_) return;
    std::vector<int> isr;
    for (const Value& b : m.body["isr"].list()) isr.push_back(static_cast<int>(b.number()));
    const Value& b = m.body;
    change(
        env,
        [topic = text_of(b["topic"]), p = static_cast<std::size_t>(integer(b["partition"])),
         leader = static_cast<int>(integer(b["leader"])),
         epoch = static_cast<std::uint32_t>(integer(b["epoch"])),
         version = static_cast<std::uint32_t>(integer(b["version"])),
         isr](ClusterState& s) { return s.change_isr(topic, p, leader, epoch, version, isr); },
        [this, &env, to = m.from, topic = b["topic"], partition = b["partition"]](const Result&) {
          // Which version it has now: where that is the leader's, nothing came of the request.
          const auto found = decided_.topics.find(text_of(topic));
          const auto p = static_cast<std::size_t>(integer(partition));
          if (!controls_ || found == decided_.topics.end() || p >= found->second.partitions.size()) return;
          const PartitionState& state = found->second.partitions[p];
          env.send(to, "stream_isr_decided",
                   Value::map({{"topic", topic},
                               {"partition", partition},
                               {"epoch", number(state.epoch)},
                               {"version", number(state.version)}}));
        });
  }

  void on_isr_decided(const Message& m) {
    const auto found =
        replicas_.find({text_of(m.body["topic"]), static_cast<std::uint32_t>(integer(m.body["partition"]))});
    if (found == replicas_.end()) return;
    Replica& r = found->second;
    if (integer(m.body["epoch"]) == r.state.epoch && integer(m.body["version"]) == r.state.version)
      r.wanted_isr.reset();
  }

  // ---- what the controller has decided

  void apply(Env& env, const Value& packed) {
    if (broken_ || static_cast<std::uint64_t>(integer(packed["version"])) <= state_.version) return;
    state_ = ClusterState::unpack(packed);
    counts_.clear();
    for (const auto& [topic, t] : state_.topics) {
      counts_[topic] = static_cast<std::uint32_t>(t.partitions.size());
      for (std::uint32_t p = 0; p < t.partitions.size(); ++p) {
        if (has(t.partitions[p].replicas, self_))
          adopt(env, replica(env, {topic, p}, t.config), t.partitions[p]);
      }
    }
    for (int b = 0; b < static_cast<int>(options_.members->size()); ++b) pull(env, b);
  }

  Replica& replica(Env& env, const TopicPartition& tp, const StreamTopic& topic) {
    const auto [found, fresh] = replicas_.try_emplace(tp, tp, topic);
    if (fresh) recover(env, found->second);
    return found->second;
  }

  void adopt(Env& env, Replica& r, const PartitionState& state) {
    const PartitionState before = std::exchange(r.state, state);
    if (before.version != state.version) r.wanted_isr.reset();
    if (before.epoch == state.epoch) {
      if (r.leads && before.version != state.version) advance(env, r);
      return;
    }
    const bool led = std::exchange(r.leads, state.leader == self_);
    if (led) {
      for (PendingProduce& p : std::exchange(r.produces, {})) {
        if (p.timer) env.cancel(p.timer);
        p.reply(doubtful("NOT_LEADER_OR_FOLLOWER", "another broker leads " + r.tp.text() + " by now"));
      }
      for (PendingFetch& f : std::exchange(r.fetches, {})) {
        if (f.timer) env.cancel(f.timer);
        f.reply(refused("NOT_LEADER_OR_FOLLOWER", "another broker leads " + r.tp.text() + " by now"));
      }
    }
    if (r.tp.topic == kOffsetsTopic) resign_groups(env, r.tp.partition);
    if (!r.leads) return;
    env.log("leads", Value::map({{"partition", r.tp.text()}, {"epoch", number(state.epoch)}}));
    r.followers.clear();
    for (const int b : state.replicas) {
      if (b != self_) r.followers[b] = {-1, env.now(), env.now(), 0};
    }
    advance(env, r);
    if (r.tp.topic == kOffsetsTopic) load_groups(env, r);
  }

  // ---- the disk

  static std::string file_of(const TopicPartition& tp) { return "log/" + tp.text(); }

  void recover(Env& env, Replica& r) {
    const Result mark = env.disk().peek("mark/" + r.tp.text());
    if (mark.ok() && (*mark)["start"].is_number()) {
      r.log.restart(integer((*mark)["start"]));
      r.high_watermark = r.marked = integer((*mark)["high_watermark"]);
    }
    const Result log = env.disk().peek(file_of(r.tp));
    if (log.ok() && log->is_list()) {
      for (const Value& packed : log->list()) {
        const auto record = StreamRecord::unpack(packed);
        // Half a record is the end of what can be trusted; the leader has the rest.
        if (!record) break;
        (void)r.log.append_copy(env.now(), *record);  // false below the start: it was trimmed since
      }
    }
    r.high_watermark = std::clamp(r.high_watermark, r.log.start(), r.log.end());
  }

  void check_disk(Env& env, const Result& result) {
    if (result.ok() || broken_) return;
    broken_ = true;
    env.log("the disk failed: this broker does nothing more until a restart", Value(result.error().code));
    for (auto& [tp, r] : replicas_) {
      for (PendingProduce& p : std::exchange(r.produces, {})) {
        p.reply(doubtful("KAFKA_STORAGE_ERROR", "the leader's disk failed"));
      }
      for (PendingFetch& f : std::exchange(r.fetches, {})) {
        f.reply(refused("KAFKA_STORAGE_ERROR", "the leader's disk failed"));
      }
    }
  }

  void write(Env& env, const Replica& r, const StreamRecord& record) {
    env.disk().append(file_of(r.tp), record.pack(), [this, &env](const Result& w) { check_disk(env, w); });
    dirty_ = true;
  }

  void rewrite(Env& env, Replica& r) {
    Value::List all;
    const auto records = r.log.read(r.log.start(), SIZE_MAX, SIZE_MAX, r.log.end());
    for (const StreamRecord& record : *records) all.push_back(record.pack());
    env.disk().write(file_of(r.tp), Value::list(std::move(all)),
                     [this, &env](const Result& w) { check_disk(env, w); });
    r.marked = -1;
    dirty_ = true;
  }

  // Runs `then` when what was written may be relied on: at once, or after a sync.
  void when_kept(Env& env, std::function<void()> then) {
    if (options_.flush > Duration::zero()) return then();
    env.disk().sync([this, &env, then = std::move(then)](const Result& synced) {
      check_disk(env, synced);
      if (!broken_) then();
    });
  }

  // Flushes, and takes away what need not be kept.
  void keep(Env& env) {
    const Instant now = env.now();
    if (now >= next_retention_) {
      next_retention_ = now + options_.retention_check;
      for (auto& [tp, r] : replicas_) {
        const std::size_t gone =
            r.log.retain(env.wall_now(), r.high_watermark) + r.log.compact(now, r.high_watermark);
        if (gone > 0) rewrite(env, r);
      }
    }
    if (now < next_flush_ || options_.flush == Duration::zero()) return;
    next_flush_ = now + options_.flush;
    for (auto& [tp, r] : replicas_) {
      if (r.marked == r.high_watermark) continue;
      r.marked = r.high_watermark;
      env.disk().write(
          "mark/" + tp.text(),
          Value::map({{"start", number(r.log.start())}, {"high_watermark", number(r.high_watermark)}}),
          [this, &env](const Result& w) { check_disk(env, w); });
      dirty_ = true;
    }
    if (!dirty_) return;
    dirty_ = false;
    env.disk().sync([this, &env](const Result& synced) { check_disk(env, synced); });
  }

  // ---- leading

  // Which replicas have to have a record before it counts: those in sync, and those that will be.
  void advance(Env& env, Replica& r) {
    std::int64_t held = r.log.end();
    for (const auto& [b, f] : r.followers) {
      if (has(r.state.isr, b) || (r.wanted_isr && has(*r.wanted_isr, b))) held = std::min(held, f.end);
    }
    if (held > r.high_watermark) {
      r.high_watermark = held;
      serve_fetches(env, r);
    }
    while (!r.produces.empty()) {
      auto p = r.produces.begin();
      while (p != r.produces.end() && p->last >= r.high_watermark) ++p;
      if (p == r.produces.end()) return;
      PendingProduce done = std::move(*p);
      r.produces.erase(p);
      if (done.timer) env.cancel(done.timer);
      if (r.state.isr.size() < r.config.min_insync) {
        done.reply(doubtful(
            "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
            "it was appended, but only " + std::to_string(r.state.isr.size()) + " replicas are in sync"));
        continue;
      }
      recorder_.produce(env.now(), r.tp.text(), done.acks, r.state.epoch, r.state.isr.size(),
                        r.config.min_insync, done.records);
      done.reply(done.answer);
    }
  }

  void watch_followers(Env& env, Replica& r) {
    const Instant now = env.now();
    std::vector<int> isr = r.wanted_isr.value_or(r.state.isr);
    if (!r.wanted_isr) {
      std::erase_if(isr, [&](int b) {
        return b != self_ && now - r.followers.at(b).caught_up > options_.profile.replica_lag;
      });
      for (const auto& [b, f] : r.followers) {
        const bool alive = state_.brokers[static_cast<std::size_t>(b)].alive;
        if (!has(isr, b) && alive && f.end >= r.high_watermark && f.end >= 0 &&
            now - f.caught_up <= kTick * 2) {
          isr.push_back(b);
        }
      }
    }
    if (isr == r.state.isr) return;
    r.wanted_isr = isr;
    if (controller_ == kNoNode) return;
    Value::List list;
    for (const int b : isr) list.emplace_back(b);
    env.send(controller_, "stream_isr",
             Value::map({{"topic", r.tp.topic},
                         {"partition", number(r.tp.partition)},
                         {"leader", self_},
                         {"epoch", number(r.state.epoch)},
                         {"version", number(r.state.version)},
                         {"isr", Value::list(std::move(list))}}));
  }

  // A follower's request: {broker, partitions = {{topic, partition, epoch, offset, last}}}.
  void replicate(Env& env, const Value& body, Reply reply) {
    const int broker = static_cast<int>(integer(body["broker"], -1));
    const Instant now = env.now();
    for (const Value& p : body["partitions"].list()) {
      const auto found =
          replicas_.find({text_of(p["topic"]), static_cast<std::uint32_t>(integer(p["partition"]))});
      if (found == replicas_.end()) continue;
      Replica& r = found->second;
      const auto follower = r.followers.find(broker);
      if (!r.leads || follower == r.followers.end() || integer(p["epoch"]) != r.state.epoch || parts(r, p))
        continue;
      Follower& f = follower->second;
      f.end = integer(p["offset"]);
      if (f.end >= r.log.end()) {
        f.caught_up = now;
      } else if (f.end >= f.end_when_asked) {
        f.caught_up = std::max(f.caught_up, f.asked);
      }
      f.asked = now;
      f.end_when_asked = r.log.end();
      if (!has(r.state.isr, broker)) watch_followers(env, r);
      advance(env, r);
    }
    bool news = false;
    Value answer = replicate_answer(body, news);
    if (news) return reply(std::move(answer));
    const std::uint64_t id = ++last_id_;
    const TimerId timer = env.after(options_.replica_wait, [this, id] {
      const auto mine =
          std::find_if(pulls_.begin(), pulls_.end(), [id](const ReplicaFetch& f) { return f.id == id; });
      if (mine == pulls_.end()) return;
      const ReplicaFetch late = std::move(*mine);
      pulls_.erase(mine);
      bool any = false;
      late.reply(replicate_answer(late.body, any));
    });
    pulls_.push_back({id, broker, body, timer, std::move(reply)});
  }

  // Whether the follower's log is not a beginning of ours: its last epoch ends elsewhere here.
  static bool parts(const Replica& r, const Value& p) {
    const auto last = static_cast<std::uint32_t>(integer(p["last"]));
    const std::int64_t offset = integer(p["offset"]);
    if (offset <= r.log.start() || last == 0) return offset > r.log.end();
    const auto [epoch, end] = r.log.epoch_end(last);
    return epoch != last || end < offset;
  }

  Value replicate_answer(const Value& body, bool& news) const {
    Value::List list;
    for (const Value& p : body["partitions"].list()) {
      const TopicPartition tp{text_of(p["topic"]), static_cast<std::uint32_t>(integer(p["partition"]))};
      Value::Map entry = {{"topic", tp.topic}, {"partition", number(tp.partition)}, {"epoch", p["epoch"]}};
      const auto found = replicas_.find(tp);
      if (found == replicas_.end() || !found->second.leads ||
          integer(p["epoch"]) != found->second.state.epoch) {
        entry.emplace_back("error", "FENCED_LEADER_EPOCH");
        list.push_back(Value::map(std::move(entry)));
        news = true;
        continue;
      }
      const Replica& r = found->second;
      const std::int64_t offset = integer(p["offset"]);
      entry.emplace_back("high_watermark", number(r.high_watermark));
      entry.emplace_back("start", number(r.log.start()));
      if (offset < r.log.start()) {
        entry.emplace_back("restart", number(r.log.start()));
        news = true;
      } else if (parts(r, p)) {
        const auto [epoch, end] = r.log.epoch_end(static_cast<std::uint32_t>(integer(p["last"])));
        entry.emplace_back("diverges", Value::map({{"epoch", number(epoch)}, {"end", number(end)}}));
        news = true;
      } else {
        Value::List records;
        const auto got = r.log.read(offset, kFetchRecords, kFetchBytes, r.log.end());
        for (const StreamRecord& record : *got) records.push_back(record.pack());
        if (records.empty()) {
          if (integer(p["high_watermark"], -1) == r.high_watermark) continue;
          list.push_back(Value::map(std::move(entry)));
          continue;
        }
        news = true;
        entry.emplace_back("records", Value::list(std::move(records)));
      }
      list.push_back(Value::map(std::move(entry)));
    }
    return Value::map({{"partitions", Value::list(std::move(list))}});
  }

  void answer_pulls(Env& env) {
    for (auto f = pulls_.begin(); f != pulls_.end();) {
      bool news = false;
      Value answer = replicate_answer(f->body, news);
      if (!news) {
        ++f;
        continue;
      }
      const ReplicaFetch ready = std::move(*f);
      f = pulls_.erase(f);
      env.cancel(ready.timer);
      ready.reply(std::move(answer));
    }
  }

  // ---- following

  void pull(Env& env, int leader) {
    Fetcher& fetcher = fetchers_[leader];
    if (leader == self_ || fetcher.busy || broken_) return;
    Value::List partitions;
    for (const auto& [tp, r] : replicas_) {
      if (r.leads || r.state.leader != leader) continue;
      partitions.push_back(Value::map({{"topic", tp.topic},
                                       {"partition", number(tp.partition)},
                                       {"epoch", number(r.state.epoch)},
                                       {"offset", number(r.log.end())},
                                       {"last", number(r.log.last_epoch())},
                                       {"high_watermark", number(r.high_watermark)}}));
    }
    if (partitions.empty()) return;
    fetcher.busy = true;
    env.call(node(leader),
             {.type = "replicate",
              .body = Value::map({{"broker", self_}, {"partitions", Value::list(std::move(partitions))}})},
             options_.replica_wait + std::chrono::seconds(1), [this, &env, leader](const Result& result) {
               bool trouble = !result.ok();
               if (result.ok()) {
                 for (const Value& p : (*result)["partitions"].list())
                   trouble = !take(env, leader, p) || trouble;
               }
               const auto next = [this, &env, leader] {
                 fetchers_[leader].busy = false;
                 pull(env, leader);
               };
               if (trouble) {
                 env.after(kFetchBackoff, next);
               } else {
                 when_kept(env, next);
               }
             });
  }

  // What a leader gave for one partition; false where it refused.
  bool take(Env& env, int leader, const Value& p) {
    const auto found =
        replicas_.find({text_of(p["topic"]), static_cast<std::uint32_t>(integer(p["partition"]))});
    if (found == replicas_.end()) return true;
    Replica& r = found->second;
    if (r.leads || r.state.leader != leader || integer(p["epoch"]) != r.state.epoch)
      return true;  // an old answer
    if (!p["error"].is_nil()) return false;
    if (p["restart"].is_number()) {
      r.log.restart(integer(p["restart"]));
      r.high_watermark = r.log.start();
      rewrite(env, r);
    } else if (p["diverges"].is_map()) {
      const auto [epoch, end] = r.log.epoch_end(static_cast<std::uint32_t>(integer(p["diverges"]["epoch"])));
      const std::int64_t keep = std::min({end, integer(p["diverges"]["end"]), r.log.end()});
      env.log("truncates",
              Value::map({{"partition", r.tp.text()}, {"from", number(r.log.end())}, {"to", number(keep)}}));
      r.log.truncate(std::max(keep, r.log.start()));
      r.high_watermark = std::min(r.high_watermark, r.log.end());
      rewrite(env, r);
    } else if (p["records"].is_list()) {
      for (const Value& packed : p["records"].list()) {
        auto record = StreamRecord::unpack(packed);
        if (!record) return false;
        const StreamRecord copy = *record;
        if (r.log.append_copy(env.now(), std::move(*record))) write(env, r, copy);
      }
    }
    r.high_watermark = std::max(r.high_watermark, std::min(integer(p["high_watermark"]), r.log.end()));
    if (integer(p["start"]) > r.log.start() && integer(p["start"]) <= r.log.end())
      r.log.trim(integer(p["start"]));
    return true;
  }

  // ---- clients

  // The partition's leader is here, or its error. `pass` is set where another broker leads it.
  Expected<Replica*> led(const Value& body, const TopicPartition& tp, int& pass) {
    pass = -1;
    if (state_.version == 0)
      return refused("LEADER_NOT_AVAILABLE", "this broker has not heard of the controller yet");
    const auto topic = state_.topics.find(tp.topic);
    if (topic == state_.topics.end() || tp.partition >= topic->second.partitions.size()) {
      return refused("UNKNOWN_TOPIC_OR_PARTITION", "there is no partition '" + tp.text() + "'");
    }
    const int leader = topic->second.partitions[tp.partition].leader;
    if (leader < 0) return refused("LEADER_NOT_AVAILABLE", tp.text() + " has no leader at present");
    if (leader == self_) {
      const auto found = replicas_.find(tp);
      if (found != replicas_.end() && found->second.leads) return &found->second;
    }
    if (leader == self_ || body["passed_on"].truthy()) {
      return refused("NOT_LEADER_OR_FOLLOWER", "another broker leads " + tp.text());
    }
    pass = leader;
    return refused("NOT_LEADER_OR_FOLLOWER", "another broker leads " + tp.text());
  }

  void pass_on(Env& env, int to, const char* type, const Value& body, Reply reply) {
    const Duration wait = body["within"].is_number() ? from_seconds(body["within"].number()) : kPassOn;
    env.call(node(to), {.type = type, .body = body.with("passed_on", true)}, wait + std::chrono::seconds(1),
             std::move(reply));
  }

  Expected<TopicPartition> partition_named(const Value& body) const {
    if (!body["topic"].is_string()) return refused("INVALID_REQUEST", "the request names no topic");
    const auto partition = count_of(body, "partition", 0);
    if (!partition) return partition.error();
    return TopicPartition{text_of(body["topic"]),
                          static_cast<std::uint32_t>(std::min<std::int64_t>(*partition, UINT32_MAX))};
  }

#define SYSLAB_LEAD(variable, type, tp)                                         \
  int pass_to = -1;                                                             \
  const auto variable##_or = led(body, tp, pass_to);                            \
  if (pass_to >= 0) return pass_on(env, pass_to, type, body, std::move(reply)); \
  if (!variable##_or) return reply(variable##_or.error());                      \
  Replica& variable = **variable##_or

  Expected<std::vector<StreamRecord>> records_of(Env& env, const Value& body) const {
    std::vector<StreamRecord> out;
    const auto one = [&](const Value& v) -> Expected<bool> {
      StreamRecord r;
      r.key = v["key"];
      r.value = v["value"];
      r.headers = v["headers"];
      r.timestamp = env.wall_now();
      if (v["time"].is_number()) r.timestamp = Instant(from_seconds(v["time"].number()));
      if (body["producer"].is_string()) {
        const auto first = count_of(body, "sequence", 0);
        if (!first) return first.error();
        r.producer = body["producer"];
        r.sequence = *first + static_cast<std::int64_t>(out.size());
      }
      out.push_back(std::move(r));
      return true;
    };
    if (body["records"].is_list()) {
      for (const Value& v : body["records"].list()) {
        if (const auto ok = one(v); !ok) return ok.error();
      }
    } else if (const auto ok = one(body); !ok) {
      return ok.error();
    }
    if (out.empty()) return refused("INVALID_REQUEST", "there are no records to produce");
    return out;
  }

  void produce(Env& env, const Value& given, Reply reply) {
    Value body = given;
    int acks = options_.profile.acks;
    if (const Value& a = body["acks"]; !a.is_nil()) {
      if (a == Value("all") || a == Value(-1)) {
        acks = -1;
      } else if (a == Value(0) || a == Value(1)) {
        acks = static_cast<int>(a.number());
      } else {
        return reply(refused("INVALID_REQUIRED_ACKS", "acks is 0, 1 or 'all'"));
      }
    }
    if (body["partition"].is_nil() && body["topic"].is_string()) {
      const auto topic = state_.topics.find(text_of(body["topic"]));
      if (topic != state_.topics.end()) {
        const auto count = static_cast<std::uint32_t>(topic->second.partitions.size());
        const Value& key = body["records"].is_list() && !body["records"].list().empty()
                               ? body["records"].list()[0]["key"]
                               : body["key"];
        // Without a key the partitions take turns.
        body = body.with("partition", number(key.is_nil() ? turn_++ % count : partition_of_key(key, count)));
      }
    }
    SYSLAB_TAKE(tp, partition_named(body));
    SYSLAB_TAKE(timeout, duration_of(body, "within", std::chrono::seconds(30)));
    SYSLAB_LEAD(r, "produce", tp);
    SYSLAB_TAKE(records, records_of(env, body));
    append(env, r, std::move(records), acks, timeout, std::move(reply));
  }

  // Appends as the leader, and answers when `acks` are there.
  void append(Env& env, Replica& r, std::vector<StreamRecord> records, int acks, Duration timeout,
              Reply reply) {
    const auto isr = r.state.isr.size();
    if (acks < 0 && isr < r.config.min_insync) {
      return reply(refused("NOT_ENOUGH_REPLICAS", "only " + std::to_string(isr) + " replicas are in sync, " +
                                                      std::to_string(r.config.min_insync) +
                                                      " are asked for"));
    }
    const std::size_t count = records.size();
    const auto appended = r.log.append(env.now(), r.state.epoch, std::move(records));
    if (!appended)
      return reply(acks == 0 ? Result(Value::map({{"topic", r.tp.topic}})) : Result(appended.error()));
    const std::int64_t last = appended->offset + static_cast<std::int64_t>(count) - 1;
    std::vector<StreamRecord> written;
    if (!appended->duplicate || recorder_.on())
      written = *r.log.read(std::max(appended->offset, r.log.start()), count, SIZE_MAX, last + 1);
    if (!appended->duplicate) {
      for (const StreamRecord& record : written) write(env, r, record);
    }
    Value answer = Value::map({{"topic", r.tp.topic},
                               {"partition", number(r.tp.partition)},
                               {"offset", number(appended->offset)},
                               {"duplicate", appended->duplicate}});
    if (acks == 0) {
      // Nobody waits, so nobody hears where it went.
      reply(Value::map({{"topic", r.tp.topic}, {"partition", number(r.tp.partition)}}));
      acks = 1;
      reply = [](const Result&) {};
      recorder_.produce(env.now(), r.tp.text(), 0, r.state.epoch, isr, r.config.min_insync, written);
      written.clear();
    }
    when_kept(env, [this, &env, tp = r.tp, epoch = r.state.epoch, last, acks, timeout,
                    written = std::move(written), answer = std::move(answer),
                    reply = std::move(reply)]() mutable {
      Replica& now = replicas_.at(tp);
      if (!now.leads || now.state.epoch != epoch) {
        return reply(doubtful("NOT_LEADER_OR_FOLLOWER", "another broker leads " + tp.text() + " by now"));
      }
      if (acks == 1) {
        if (!written.empty())
          recorder_.produce(env.now(), tp.text(), 1, epoch, now.state.isr.size(), now.config.min_insync,
                            written);
        reply(std::move(answer));
      } else {
        const TimerId timer = env.after(timeout, [this, tp, last] { give_up(tp, last); });
        now.produces.push_back({last, acks, std::move(written), timer, std::move(reply), std::move(answer)});
      }
      advance(env, now);
    });
    answer_pulls(env);
  }

  void give_up(const TopicPartition& tp, std::int64_t last) {
    Replica& r = replicas_.at(tp);
    const auto p = std::find_if(r.produces.begin(), r.produces.end(),
                                [&](const PendingProduce& x) { return x.last == last; });
    if (p == r.produces.end()) return;
    const Reply late = std::move(p->reply);
    r.produces.erase(p);
    late(doubtful("REQUEST_TIMED_OUT", "not all in-sync replicas had it in time"));
  }

  void fetch(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(tp, partition_named(body));
    SYSLAB_TAKE(wait, duration_of(body, "wait", Duration::zero()));
    SYSLAB_LEAD(r, "fetch", tp);
    if (integer(body["epoch"]) > r.state.epoch) return reply(left_behind(r));
    SYSLAB_TAKE(offset, offset_of(body));
    if (offset < r.high_watermark || offset > r.log.end() || offset < r.log.start() ||
        wait == Duration::zero()) {
      return reply(fetched(env, r, body));
    }
    const std::uint64_t id = ++last_id_;
    const TimerId timer = env.after(wait, [this, &env, tp, id] {
      Replica& now = replicas_.at(tp);
      const auto f = std::find_if(now.fetches.begin(), now.fetches.end(),
                                  [id](const PendingFetch& x) { return x.id == id; });
      if (f == now.fetches.end()) return;
      const PendingFetch late = std::move(*f);
      now.fetches.erase(f);
      late.reply(fetched(env, now, late.body));
    });
    r.fetches.push_back({id, body, timer, std::move(reply)});
  }

  // The reader has heard of a later leader than we are: KIP-320.
  static Error left_behind(const Replica& r) {
    return refused("UNKNOWN_LEADER_EPOCH", "this leader of " + r.tp.text() + " was left behind");
  }

  Result fetched(Env& env, Replica& r, const Value& body) {
    const auto offset = offset_of(body);
    const auto max = count_of(body, "max", 500);
    const auto bytes = count_of(body, "max_bytes", 1048576);
    if (!offset) return offset.error();
    if (!max) return max.error();
    if (!bytes) return bytes.error();
    const auto got = r.log.read(*offset, static_cast<std::size_t>(*max), static_cast<std::size_t>(*bytes),
                                r.high_watermark);
    if (!got) return got.error();
    Value::List list;
    for (const StreamRecord& record : *got) {
      Value::Map map = {{"offset", number(record.offset)}, {"time", to_seconds(record.timestamp)}};
      if (!record.key.is_nil()) map.emplace_back("key", record.key);
      if (!record.value.is_nil()) map.emplace_back("value", record.value);
      if (!record.headers.is_nil()) map.emplace_back("headers", record.headers);
      list.push_back(Value::map(std::move(map)));
    }
    recorder_.fetch(env.now(), r.tp.text(), text_of(body["reader"]), *offset,
                    {r.state.epoch, r.log.start(), r.log.end(), r.high_watermark}, *got);
    return Value::map({{"records", Value::list(std::move(list))},
                       {"high_watermark", number(r.high_watermark)},
                       {"start", number(r.log.start())},
                       {"end", number(r.log.end())},
                       {"epoch", number(r.state.epoch)}});
  }

  void serve_fetches(Env& env, Replica& r) {
    for (auto f = r.fetches.begin(); f != r.fetches.end();) {
      if (integer(f->body["offset"]) >= r.high_watermark) {
        ++f;
        continue;
      }
      const PendingFetch ready = std::move(*f);
      f = r.fetches.erase(f);
      env.cancel(ready.timer);
      ready.reply(fetched(env, r, ready.body));
    }
  }

  void list_offsets(Env& env, const Value& body, Reply reply) {
    SYSLAB_TAKE(tp, partition_named(body));
    SYSLAB_LEAD(r, "list_offsets", tp);
    if (integer(body["epoch"]) > r.state.epoch) return reply(left_behind(r));
    const Value& time = body["time"];
    std::int64_t offset = r.high_watermark;
    if (time == Value("earliest")) {
      offset = r.log.start();
    } else if (time.is_number()) {
      offset = std::min(offset, r.log.offset_at(Instant(from_seconds(time.number()))));
    } else if (!time.is_nil() && time != Value("latest")) {
      return reply(refused("INVALID_REQUEST", "time is 'earliest', 'latest' or in seconds"));
    }
    reply(Value::map(
        {{"offset", number(offset)}, {"end", number(r.high_watermark)}, {"start", number(r.log.start())}}));
  }

  void metadata(Env& env, const Value&, Reply reply) {
    Value::Map topics;
    for (const auto& [topic, t] : state_.topics) {
      if (topic == kOffsetsTopic) continue;
      Value::List partitions;
      for (const PartitionState& p : t.partitions) {
        Value::List isr, replicas;
        for (const int b : p.isr) isr.emplace_back(name(env, b));
        for (const int b : p.replicas) replicas.emplace_back(name(env, b));
        Value entry = Value::map(
            {{"epoch", number(p.epoch)}, {"isr", Value::list(isr)}, {"replicas", Value::list(replicas)}});
        partitions.push_back(p.leader < 0 ? entry : entry.with("leader", name(env, p.leader)));
      }
      topics.emplace_back(topic, Value::map({{"partitions", Value::list(std::move(partitions))}}));
    }
    Value::List brokers;
    for (std::size_t b = 0; b < state_.brokers.size(); ++b) {
      if (state_.brokers[b].alive) brokers.emplace_back(name(env, static_cast<int>(b)));
    }
    Value answer =
        Value::map({{"topics", Value::map(std::move(topics))}, {"brokers", Value::list(std::move(brokers))}});
    if (controller_ != kNoNode) answer = answer.with("controller", env.name_of(controller_));
    reply(std::move(answer));
  }

  void create_topic(Env& env, const Value& body, Reply reply) {
    if (!controls_) {
      if (body["passed_on"].truthy() || controller_ == kNoNode || controller_ == env.self()) {
        return reply(refused("NOT_CONTROLLER", "no controller is known to this broker"));
      }
      return env.call(controller_, {.type = "create_topic", .body = body.with("passed_on", true)}, kPassOn,
                      std::move(reply));
    }
    StreamTopic t;
    t.name = text_of(body["topic"]);
    SYSLAB_TAKE(partitions, count_of(body, "partitions", 1));
    SYSLAB_TAKE(replication,
                count_of(body, "replication",
                         std::min<std::int64_t>(3, static_cast<std::int64_t>(options_.members->size()))));
    SYSLAB_TAKE(min_insync, count_of(body, "min_insync", options_.profile.min_insync));
    SYSLAB_TAKE(retention, duration_of(body, "retention", options_.profile.retention));
    if (partitions > 10000) return reply(refused("INVALID_PARTITIONS", "at most 10000"));
    t.partitions = static_cast<std::uint32_t>(partitions);
    t.replication = static_cast<std::uint32_t>(std::min<std::int64_t>(replication, 1000000));
    t.min_insync = static_cast<std::uint32_t>(std::min<std::int64_t>(min_insync, 1000000));
    t.unclean = body["unclean"].truthy();
    t.log.retention = retention;
    t.log.segment_bytes = options_.profile.segment_bytes;
    t.log.record_bytes_max = options_.profile.record_bytes_max;
    change(
        env, [t](ClusterState& s) { return s.create_topic(t); }, std::move(reply));
  }

  void init_producer(Env& env, const Value&, Reply reply) {
    reply(Value::map({{"producer", env.name_of(env.self()) + "-" +
                                       std::to_string(static_cast<std::int64_t>(incarnation_)) + "-" +
                                       std::to_string(++last_producer_)}}));
  }

  // ---- groups

  Expected<std::string> group_named(const Value& body) const {
    const std::string group = text_of(body["group"]);
    if (group.empty()) return refused("INVALID_GROUP_ID", "a group has a name");
    return group;
  }

  TopicPartition home_of(const std::string& group) const {
    const auto count = counts_.find(kOffsetsTopic);
    return {kOffsetsTopic, count == counts_.end() ? 0 : partition_of_key(Value(group), count->second)};
  }

#define SYSLAB_COORDINATE(type)                                                                          \
  SYSLAB_TAKE(group, group_named(body));                                                                 \
  int pass_to = -1;                                                                                      \
  const auto home = led(body, home_of(group), pass_to);                                                  \
  if (pass_to >= 0) return pass_on(env, pass_to, type, body, std::move(reply));                          \
  if (!home)                                                                                             \
    return reply(refused(                                                                                \
        home.error().code == "NOT_LEADER_OR_FOLLOWER" ? "NOT_COORDINATOR" : "COORDINATOR_NOT_AVAILABLE", \
        "no coordinator of '" + group + "' is known here"));

  Group& group_at(std::uint32_t partition, const std::string& group) {
    auto& all = groups_[partition];
    if (const auto found = all.find(group); found != all.end()) return found->second;
    GroupOptions o;
    o.name = group;
    o.rebalance_delay = options_.profile.rebalance_delay;
    o.session_min = options_.profile.session_min;
    o.session_max = options_.profile.session_max;
    return all.emplace(group, Group(o)).first->second;
  }

  void resign_groups(Env& env, std::uint32_t partition) {
    for (auto& [group, g] : groups_[partition]) {
      if (g.wake) env.cancel(g.wake);
      for (auto& [member, reply] : g.joins)
        reply(refused("NOT_COORDINATOR", "another broker coordinates '" + group + "' by now"));
    }
    groups_[partition].clear();
  }

  // Takes over: what was written down is what is true.
  void load_groups(Env& env, Replica& r) {
    const auto records = r.log.read(r.log.start(), SIZE_MAX, SIZE_MAX, r.log.end());
    std::map<std::string, Value> snapshots;
    for (const StreamRecord& record : *records) {
      const std::string group = text_of(record.key["group"]);
      if (group.empty()) continue;
      if (record.key["topic"].is_string()) {
        group_at(r.tp.partition, group)
            .members.restore_offset(
                {text_of(record.key["topic"]), static_cast<std::uint32_t>(integer(record.key["partition"]))},
                {integer(record.value["offset"]),
                 static_cast<std::uint32_t>(integer(record.value["generation"])),
                 static_cast<std::uint32_t>(integer(record.value["epoch"]))});
      } else {
        snapshots[group] = record.value;
      }
    }
    for (const auto& [group, snapshot] : snapshots) {
      Group& g = group_at(r.tp.partition, group);
      g.members.restore(env.now(), snapshot);
      pump(env, r.tp.partition, group);
    }
  }

  void pump(Env& env, std::uint32_t partition, const std::string& group) {
    Group& g = group_at(partition, group);
    const std::uint32_t before = g.members.generation();
    const std::vector<Joined> joined = g.members.advance(env.now(), counts_);
    if (g.members.generation() != before || !joined.empty()) {
      StreamRecord snapshot;
      snapshot.key = Value::map({{"group", group}});
      snapshot.value = g.members.snapshot();
      snapshot.timestamp = env.wall_now();
      // Nobody is told of a generation before it is kept: a coordinator that was left behind makes none.
      std::vector<std::pair<Reply, Value>> answers;
      for (const Joined& j : joined) {
        const auto waiting = g.joins.find(j.member);
        if (waiting == g.joins.end()) continue;
        answers.emplace_back(std::move(waiting->second),
                             Value::map({{"member", j.member},
                                         {"generation", number(j.generation)},
                                         {"partitions", to_value(j.assignment)}}));
        g.joins.erase(waiting);
      }
      append(
          env, replicas_.at({kOffsetsTopic, partition}), {snapshot}, -1, kPassOn,
          [this, &env, group, fresh = g.members.generation() != before, generation = g.members.generation(),
           assignment = g.members.assignment(), answers](const Result& kept) {
            if (kept.ok() && fresh) recorder_.assign(env.now(), group, generation, assignment);
            for (const auto& [reply, answer] : answers) {
              reply(kept.ok()
                        ? Result(answer)
                        : Result(refused("NOT_COORDINATOR", "another broker coordinates the group by now")));
            }
          });
    }
    const std::optional<Instant> next = g.members.next_change();
    if (g.wake) env.cancel(g.wake);
    g.wake = {};
    if (!next) return;
    g.wake = env.after(std::max(Duration(1), *next - env.now()), [this, &env, partition, group] {
      group_at(partition, group).wake = {};
      pump(env, partition, group);
    });
  }

  void join_group(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("join_group");
    JoinRequest j;
    j.member = text_of(body["member"]);
    j.instance = text_of(body["instance"]);
    for (const Value& topic : body["topics"].is_list() ? body["topics"].list() : Value::List{}) {
      if (!topic.is_string() || !counts_.contains(text_of(topic))) {
        return reply(refused("UNKNOWN_TOPIC_OR_PARTITION", "there is no topic " + topic.json()));
      }
      j.topics.push_back(text_of(topic));
    }
    if (j.topics.empty()) return reply(refused("INVALID_REQUEST", "the member names no topics"));
    j.owned = partitions_of(body["owned"]);
    SYSLAB_TAKE(assignor, assignor_named(body["assignor"].is_nil() ? "range" : text_of(body["assignor"])));
    SYSLAB_TAKE(session, duration_of(body, "session", options_.profile.session));
    SYSLAB_TAKE(rebalance, duration_of(body, "rebalance", options_.profile.poll_interval));
    j.assignor = assignor;
    j.session = session;
    j.rebalance = rebalance;
    const std::uint32_t partition = (*home)->tp.partition;
    Group& g = group_at(partition, group);
    const auto member = g.members.join(env.now(), j);
    if (!member) return reply(member.error());
    if (const auto earlier = g.joins.find(*member); earlier != g.joins.end()) {
      earlier->second(refused("REBALANCE_IN_PROGRESS", "a later join takes the place of this one"));
    }
    g.joins[*member] = std::move(reply);
    pump(env, partition, group);
  }

  Expected<std::pair<std::string, std::uint32_t>> member_of(const Value& body) const {
    const auto generation = count_of(body, "generation", 0);
    if (!generation) return generation.error();
    return std::make_pair(text_of(body["member"]),
                          static_cast<std::uint32_t>(std::min<std::int64_t>(*generation, UINT32_MAX)));
  }

  void heartbeat_of_member(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("heartbeat");
    SYSLAB_TAKE(who, member_of(body));
    const auto beaten =
        group_at((*home)->tp.partition, group).members.heartbeat(env.now(), who.first, who.second);
    reply(beaten ? Result(Value(true)) : Result(beaten.error()));
    pump(env, (*home)->tp.partition, group);
  }

  void leave_group(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("leave_group");
    const auto left =
        group_at((*home)->tp.partition, group).members.leave(env.now(), text_of(body["member"]));
    reply(left ? Result(Value(true)) : Result(left.error()));
    pump(env, (*home)->tp.partition, group);
  }

  void commit(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("commit");
    SYSLAB_TAKE(who, member_of(body));
    const std::uint32_t partition = (*home)->tp.partition;
    Group& g = group_at(partition, group);
    std::vector<StreamRecord> records;
    std::vector<std::pair<TopicPartition, std::int64_t>> done;
    std::vector<std::uint32_t> epochs;
    for (const Value& v : body["offsets"].is_list() ? body["offsets"].list() : Value::List{}) {
      SYSLAB_TAKE(tp, partition_named(v));
      SYSLAB_TAKE(offset, count_of(v, "offset", 0));
      const auto known = counts_.find(tp.topic);
      if (known == counts_.end() || tp.partition >= known->second) {
        return reply(refused("UNKNOWN_TOPIC_OR_PARTITION", "there is no partition '" + tp.text() + "'"));
      }
      SYSLAB_TAKE(epoch, count_of(v, "epoch", 0));
      done.emplace_back(tp, offset);
      epochs.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(epoch, UINT32_MAX)));
    }
    if (done.empty()) return reply(refused("INVALID_REQUEST", "there are no offsets to commit"));
    for (std::size_t i = 0; i < done.size(); ++i) {
      const auto& [tp, offset] = done[i];
      const auto taken = g.members.commit(env.now(), who.first, who.second, tp, offset, epochs[i]);
      if (!taken) {
        recorder_.commit(env.now(), group, who.first, who.second, tp, offset, taken);
        return reply(taken.error());
      }
      StreamRecord record;
      record.key = Value::map({{"group", group}, {"topic", tp.topic}, {"partition", number(tp.partition)}});
      record.value = Value::map(
          {{"offset", number(offset)}, {"generation", number(who.second)}, {"epoch", number(epochs[i])}});
      record.timestamp = env.wall_now();
      records.push_back(std::move(record));
    }
    append(env, **home, std::move(records), -1, kPassOn,
           [this, &env, group, who, done, reply = std::move(reply)](const Result& kept) {
             for (const auto& [tp, offset] : done) {
               recorder_.commit(env.now(), group, who.first, who.second, tp, offset,
                                kept.ok() ? Expected<bool>(true) : Expected<bool>(kept.error()));
             }
             reply(kept.ok() ? Result(Value(true)) : kept);
           });
  }

  void committed(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("committed");
    SYSLAB_TAKE(tp, partition_named(body));
    SYSLAB_TAKE(who, member_of(body));
    const ConsumerGroup& members = group_at((*home)->tp.partition, group).members;
    if (const auto known = members.knows(who.first, who.second); !known) return reply(known.error());
    const auto found = members.committed(tp);
    reply(found ? Value::map({{"offset", number(found->offset)}, {"epoch", number(found->epoch)}})
                : Value::map({}));
  }

  void describe_group(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("describe_group");
    const auto& all = groups_[(*home)->tp.partition];
    const auto found = all.find(group);
    if (found == all.end()) return reply(refused("GROUP_ID_NOT_FOUND", "there is no group '" + group + "'"));
    reply(found->second.members.show());
  }

  // How far the group is behind, partition by partition: the ends are asked of the leaders.
  void lag(Env& env, const Value& body, Reply reply) {
    SYSLAB_COORDINATE("lag");
    const auto& all = groups_[(*home)->tp.partition];
    const auto found = all.find(group);
    if (found == all.end()) return reply(refused("GROUP_ID_NOT_FOUND", "there is no group '" + group + "'"));
    std::set<std::string> topics;
    for (const auto& [tp, c] : found->second.members.offsets()) topics.insert(tp.topic);
    for (const auto& [member, partitions] : found->second.members.assignment()) {
      for (const TopicPartition& tp : partitions) topics.insert(tp.topic);
    }
    struct Sum {
      std::size_t waiting = 0;
      double total = 0;
      Value::Map partitions = {};
      Reply reply;
    };
    auto sum = std::make_shared<Sum>();
    sum->reply = std::move(reply);
    const auto finish = [sum] {
      sum->reply(Value::map({{"lag", sum->total}, {"partitions", Value::map(sum->partitions)}}));
    };
    for (const std::string& topic : topics) sum->waiting += counts_.contains(topic) ? counts_.at(topic) : 0;
    if (sum->waiting == 0) return finish();
    for (const std::string& topic : topics) {
      for (std::uint32_t p = 0; counts_.contains(topic) && p < counts_.at(topic); ++p) {
        const TopicPartition tp{topic, p};
        const auto at = found->second.members.committed(tp);
        list_offsets(env, Value::map({{"topic", topic}, {"partition", number(p)}, {"within", 2}}),
                     [sum, finish, tp, at](const Result& ends) {
                       if (ends.ok()) {
                         const double from = at ? static_cast<double>(at->offset) : (*ends)["start"].number();
                         const double behind = std::max(0.0, (*ends)["end"].number() - from);
                         sum->total += behind;
                         sum->partitions.emplace_back(tp.text(), behind);
                       }
                       if (--sum->waiting == 0) finish();
                     });
      }
    }
  }

#undef SYSLAB_TAKE
#undef SYSLAB_LEAD
#undef SYSLAB_COORDINATE

  const StreamClusterOptions options_;
  StreamRecorder recorder_;
  Raft raft_;
  int self_ = 0;
  double incarnation_ = 0;
  bool broken_ = false;
  bool dirty_ = false;
  Instant next_flush_;
  Instant next_retention_;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_producer_ = 0;
  std::uint32_t turn_ = 0;

  // As the controller.
  bool controls_ = false;
  bool loading_ = false;
  bool submitting_ = false;
  ClusterState decided_;
  Value kept_;  // the same as Raft has it; nil: nothing yet
  std::vector<Instant> seen_;
  Instant next_leader_check_;
  std::vector<Change> changes_;

  // As a replica.
  NodeId controller_ = kNoNode;
  ClusterState state_;  // as it was told
  std::map<std::string, std::uint32_t> counts_;
  std::map<TopicPartition, Replica> replicas_;
  std::map<int, Fetcher> fetchers_;
  std::list<ReplicaFetch> pulls_;

  // As a coordinator: by offset partition.
  std::map<std::uint32_t, std::map<std::string, Group>> groups_;
};

}  // namespace

std::unique_ptr<Node> make_stream_broker(StreamClusterOptions options) {
  return std::make_unique<StreamBroker>(std::move(options));
}

}  // namespace syslab
