// The scenarios that etcd's raft is tested with, told for this one: a replica among puppets, which say
// exactly what the scenario wants and keep what they hear. (What a group does as a whole is in
// raft_scenarios_test.lua.)
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/replicate/raft.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/world.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

Value number(std::uint64_t n) {
  return static_cast<double>(n);
}

// The terms of a log's entries, from index 1 or what follows `first`.
Value entries(const std::vector<std::uint64_t>& terms, std::uint64_t first = 1) {
  Value::List list;
  for (const std::uint64_t term : terms) {
    list.push_back(
        Value::map({{"index", number(first++)},
                    {"term", number(term)},
                    {"command", Value::map({{"type", "write"}, {"key", "x"}, {"value", number(term)}})}}));
  }
  return Value::list(std::move(list));
}

class Puppet final : public Node {
 public:
  explicit Puppet(std::vector<Message>* heard) : heard_(heard) {}
  void on_start(Env&) override {}
  void on_message(Env&, const Message& m) override { heard_->push_back(m); }
  // Never answered.
  void on_request(Env&, const Request& request, Reply) override {
    Message& m = heard_->emplace_back();
    m.type = request.type;
    m.body = request.body;
  }

 private:
  std::vector<Message>* heard_;
};

// Replica 0 is real, the others are puppets.
struct Stage {
  World world;
  std::vector<NodeId> nodes;
  std::vector<std::vector<Message>> heard;
  NodeId client;

  explicit Stage(std::size_t count, RaftOptions options = {.pre_vote = false}, std::uint64_t seed = 1)
      : world({.seed = seed}), heard(count) {
    auto members = std::make_shared<std::vector<NodeId>>();
    options.members = members;
    nodes = *world.add_group("kv", count, [&](std::size_t i) -> NodeFactory {
      if (i == 0) return [options] { return std::make_unique<Raft>(options); };
      return [log = &heard[i]] { return std::make_unique<Puppet>(log); };
    });
    *members = nodes;
    client = *world.add_client("client", {.kind = "clients"});
  }

  // From a puppet to the replica; time passes until it is handled, and what it answers has arrived.
  void say(std::size_t puppet, const char* type, const Value& body) {
    world.env(nodes[puppet]).send(nodes[0], type, body);
    world.run(5ms);
  }
  void append(std::size_t leader, std::uint64_t term, std::uint64_t previous, std::uint64_t previous_term,
              const Value& records, std::uint64_t committed = 0) {
    say(leader, "append",
        Value::map({{"term", number(term)},
                    {"previous", number(previous)},
                    {"previous_term", number(previous_term)},
                    {"entries", records},
                    {"committed", number(committed)},
                    {"round", 1}}));
  }
  void ask(std::size_t puppet, std::uint64_t term, std::uint64_t last_index, std::uint64_t last_term,
           const char* type = "request_vote") {
    say(puppet, type,
        Value::map(
            {{"term", number(term)}, {"last_index", number(last_index)}, {"last_term", number(last_term)}}));
  }
  void vote(std::size_t puppet, std::uint64_t term, bool granted = true) {
    say(puppet, "vote", Value::map({{"term", number(term)}, {"granted", granted}}));
  }
  // What it holds, and that it has answered the last round it was sent.
  void acknowledge(std::size_t puppet, std::uint64_t match, bool ok = true) {
    const Message* last = find(puppet, "append");
    REQUIRE(last != nullptr);
    say(puppet, "appended",
        Value::map({{"term", number(term())},
                    {"ok", ok},
                    {"match", number(match)},
                    {"round", last->body["round"]}}));
  }

  std::uint64_t field(const char* name) {
    return static_cast<std::uint64_t>(world.host(nodes[0]).show()[name].number());
  }
  std::uint64_t term() { return field("term"); }
  std::string role() { return std::string(world.host(nodes[0]).show()["role"].string()); }
  // The last message of a type that a puppet heard; null if there is none.
  const Message* find(std::size_t puppet, std::string_view type) {
    const auto found = std::find_if(heard[puppet].rbegin(), heard[puppet].rend(),
                                    [&](const Message& m) { return m.type == type; });
    return found == heard[puppet].rend() ? nullptr : &*found;
  }
  Value last(std::size_t puppet, std::string_view type) {
    const Message* m = find(puppet, type);
    REQUIRE(m != nullptr);
    return m->body;
  }
  void until_role(const std::string& wanted) {
    REQUIRE(world.run_until([&] { return role() == wanted; }, world.now() + 2s));
    world.run(5ms);
  }
  // Becomes the leader, with the votes of the first puppets.
  void lead() {
    until_role("candidate");
    for (std::size_t i = 1; i <= nodes.size() / 2; ++i) vote(i, term());
    REQUIRE(role() == "leader");
  }
  // The term of the last entry is what it tells when it stands for election.
  std::uint64_t last_term() {
    until_role("candidate");
    return static_cast<std::uint64_t>(last(1, "request_vote")["last_term"].number());
  }
  std::optional<Result> request(const char* type, Value body) {
    auto answer = std::make_shared<std::optional<Result>>();
    world.env(client).call(nodes[0], {type, std::move(body)}, 2s,
                           [answer](Result r) { *answer = std::move(r); });
    world.run(5ms);
    answers.push_back(answer);
    return *answer;
  }
  std::vector<std::shared_ptr<std::optional<Result>>> answers;
};

const Value kWrite = Value::map({{"key", "x"}, {"value", 7}});

// ---- elections

void leader_election() {
  struct Row {
    std::size_t count, granted, refused;
    const char* role;
  };
  for (const Row& row : {Row{1, 0, 0, "leader"}, Row{3, 1, 0, "leader"}, Row{3, 0, 1, "candidate"},
                         Row{3, 0, 2, "candidate"}, Row{4, 1, 1, "candidate"}, Row{4, 2, 0, "leader"},
                         Row{5, 1, 2, "candidate"}, Row{5, 2, 2, "leader"}}) {
    Stage s(row.count);
    if (row.count == 1) {
      s.until_role("leader");
      continue;
    }
    s.until_role("candidate");
    for (std::size_t i = 1; i <= row.granted; ++i) s.vote(i, s.term());
    for (std::size_t i = 1; i <= row.refused; ++i) s.vote(row.granted + i, s.term(), false);
    INFO(row.count << " replicas, " << row.granted << " for it, " << row.refused << " against");
    CHECK(s.role() == row.role);
  }
}

void pre_election() {
  Stage s(3, {});
  s.world.run(400ms);
  const Value asked = s.last(1, "request_pre_vote");
  CHECK(asked["term"] == Value(1));
  CHECK(s.term() == 0);  // asking costs no term
  s.say(1, "pre_vote", Value::map({{"term", 0}, {"for_term", 1}, {"granted", false}}));
  CHECK(s.term() == 0);
  s.say(2, "pre_vote", Value::map({{"term", 0}, {"for_term", 1}, {"granted", true}}));
  CHECK(s.role() == "candidate");
  CHECK(s.term() == 1);
}

void election_timeout_is_random() {
  std::set<Instant> times;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Stage s(3, {.pre_vote = false}, seed);
    REQUIRE(s.world.run_until([&] { return s.role() == "candidate"; }, Instant(1s)));
    CHECK(s.world.now() >= Instant(150ms));
    CHECK(s.world.now() <= Instant(310ms));
    times.insert(s.world.now());
  }
  CHECK(times.size() > 35);
}

void newer_logs_are_overwritten() {
  // Its entries of term 2 were never committed: the leader of term 3 has others.
  Stage s(3);
  s.append(1, 2, 0, 0, entries({1, 2, 2}));
  CHECK(s.field("log") == 3);
  s.append(2, 3, 1, 1, entries({3}, 2), 2);
  CHECK(s.field("log") == 2);
  CHECK(s.field("committed") == 2);
  CHECK(s.last_term() == 3);
}

void vote_from_any_state() {
  for (const std::string state : {"follower", "candidate", "leader"}) {
    Stage s(3);
    if (state == "candidate") s.until_role("candidate");
    if (state == "leader") s.lead();
    const std::uint64_t term = s.term() + 5;
    s.ask(2, term, 10, term - 1);
    INFO(state);
    CHECK(s.role() == "follower");
    CHECK(s.term() == term);
    CHECK(s.last(2, "vote")["granted"] == Value(true));
  }
}

void votes_go_to_logs_that_are_up_to_date() {
  struct Row {
    std::uint64_t index, term;
    bool granted;
  };
  // Its own log ends with index 2 of term 2.
  for (const Row& row : {Row{0, 0, false}, Row{1, 2, false}, Row{2, 2, true}, Row{3, 2, true},
                         Row{9, 1, false}, Row{1, 3, true}, Row{2, 3, true}}) {
    Stage s(3);
    s.append(1, 2, 0, 0, entries({1, 2}));
    s.ask(2, 4, row.index, row.term);
    INFO("asked by a log that ends with " << row.index << " of term " << row.term);
    CHECK(s.last(2, "vote")["granted"] == Value(row.granted));
    CHECK(s.term() == 4);
  }
}

void one_vote_a_term() {
  Stage s(3);
  s.ask(1, 1, 0, 0);
  CHECK(s.last(1, "vote")["granted"] == Value(true));
  s.ask(2, 1, 0, 0);
  CHECK(s.last(2, "vote")["granted"] == Value(false));
  s.ask(1, 1, 0, 0);  // asked again, the same one gets it again
  CHECK(s.last(1, "vote")["granted"] == Value(true));
  s.ask(2, 2, 0, 0);
  CHECK(s.last(2, "vote")["granted"] == Value(true));
}

void a_vote_survives_a_crash() {
  Stage s(3);
  s.ask(1, 1, 0, 0);
  s.world.inject(make_crash({.target = "kv-1", .power = true}), 20ms);
  s.world.run(40ms);
  CHECK(s.term() == 1);
  s.ask(2, 1, 0, 0);
  CHECK(s.last(2, "vote")["granted"] == Value(false));
}

void dueling_candidates() {
  Stage s(3);
  s.append(1, 1, 0, 0, entries({1}));
  s.until_role("candidate");
  const std::uint64_t term = s.term();
  s.ask(2, term, 1, 1);  // it has voted for itself
  CHECK(s.last(2, "vote")["granted"] == Value(false));
  CHECK(s.role() == "candidate");
  s.ask(2, term + 1, 0, 0);  // a later term is taken note of, a shorter log gets no vote all the same
  CHECK(s.last(2, "vote")["granted"] == Value(false));
  CHECK(s.role() == "follower");
  CHECK(s.term() == term + 1);
}

void dueling_pre_candidates() {
  Stage s(3, {});
  s.world.run(400ms);
  s.ask(2, 1, 0, 0, "request_pre_vote");  // who canvasses may say yes to others, too
  CHECK(s.last(2, "pre_vote")["granted"] == Value(true));
  CHECK(s.term() == 0);
  s.append(1, 1, 0, 0, entries({1}));
  s.world.run(200ms);
  s.ask(2, 2, 0, 0, "request_pre_vote");
  CHECK(s.last(2, "pre_vote")["granted"] == Value(false));
}

void candidate_concedes() {
  Stage s(3);
  s.until_role("candidate");
  const std::uint64_t term = s.term();
  s.append(2, term, 0, 0, entries({term}), 1);
  CHECK(s.role() == "follower");
  CHECK(s.term() == term);
  CHECK(s.field("log") == 1);
  CHECK(s.field("committed") == 1);
}

void everybody_steps_down_for_a_higher_term() {
  for (const std::string state : {"follower", "candidate", "leader"}) {
    Stage s(3);
    if (state == "candidate") s.until_role("candidate");
    if (state == "leader") s.lead();
    s.append(1, 9, 0, 0, entries({}));
    INFO(state);
    CHECK(s.role() == "follower");
    CHECK(s.term() == 9);
  }
  Stage s(3);
  s.lead();
  s.say(1, "appended", Value::map({{"term", 8}, {"ok", false}, {"match", 0}, {"round", 0}}));
  CHECK(s.role() == "follower");
  CHECK(s.term() == 8);
}

void leader_without_quorum_gives_way() {
  Stage s(5);
  s.lead();
  for (int i = 0; i < 20; ++i) {  // two followers answer: it stays
    s.world.run(40ms);
    s.acknowledge(1, 0);
    s.acknowledge(2, 0);
  }
  CHECK(s.role() == "leader");
  for (int i = 0; i < 20; ++i) {  // one does not make a majority
    s.world.run(40ms);
    if (s.role() == "leader") s.acknowledge(1, 0);
  }
  CHECK(s.role() != "leader");
}

void followers_of_a_leader_are_not_disrupted() {
  Stage s(3, {});
  s.append(1, 1, 0, 0, entries({1}));
  s.ask(2, 5, 9, 4);
  CHECK(s.find(2, "vote") == nullptr);
  CHECK(s.term() == 1);
  s.world.run(151ms);  // nothing heard for the shortest election timeout
  s.ask(2, 5, 9, 4);
  CHECK(s.last(2, "vote")["granted"] == Value(true));
}

void leader_cycle() {
  // Real replicas: whoever leads is cut off, until each of them has led; terms only grow.
  World world({.seed = 4});
  RaftOptions options;
  auto members = std::make_shared<std::vector<NodeId>>();
  options.members = members;
  *members = *world.add_group("kv", 3, [&](std::size_t) -> NodeFactory {
    return [options] { return std::make_unique<Raft>(options); };
  });
  std::set<NodeId> have_led;
  double term = 0;
  for (int i = 0; i < 30 && have_led.size() < 3; ++i) {
    std::optional<NodeId> leader;
    REQUIRE(world.run_until(
        [&] {
          for (const NodeId n : *members) {
            const Value shown = world.host(n).show();
            if (shown["role"] == Value("leader") && shown["term"].number() > term) leader = n;
          }
          return leader.has_value();
        },
        world.now() + 5s));
    term = world.host(*leader).show()["term"].number();
    have_led.insert(*leader);
    world.run(200ms);  // all catch up
    world.inject(make_partition({.target = world.name_of(*leader)}), 500ms);
  }
  CHECK(have_led.size() == 3);
}

// ---- the log

void handle_append() {
  struct Row {
    std::uint64_t previous, previous_term;
    std::vector<std::uint64_t> terms;
    std::uint64_t committed, want_log, want_committed;
    bool ok;
  };
  // Its log: index 1 of term 1, index 2 of term 2. The leader's term is 3.
  const std::vector<Row> rows = {
      {2, 3, {}, 3, 2, 0, false},     // another entry there
      {3, 3, {}, 3, 2, 0, false},     // none there
      {1, 1, {}, 1, 2, 1, true},      // nothing new
      {0, 0, {3}, 1, 1, 1, true},     // conflicts with both
      {2, 2, {3, 3}, 3, 4, 3, true},  // two more
      {2, 2, {3}, 4, 3, 3, true},     // commits no more than it has compared
      {1, 1, {2}, 4, 2, 2, true},     // had it already
      {1, 1, {}, 3, 2, 1, true},      // behind `previous` nothing is compared
      {2, 2, {}, 4, 2, 2, true},
  };
  for (const Row& row : rows) {
    Stage s(3);
    s.append(1, 2, 0, 0, entries({1, 2}));
    s.append(2, 3, row.previous, row.previous_term, entries(row.terms, row.previous + 1), row.committed);
    INFO("behind " << row.previous << " of term " << row.previous_term << ", " << row.terms.size()
                   << " entries");
    CHECK(s.last(2, "appended")["ok"] == Value(row.ok));
    CHECK(s.field("log") == row.want_log);
    CHECK(s.field("committed") == row.want_committed);
  }
}

void old_messages() {
  Stage s(3);
  s.append(2, 3, 0, 0, entries({2, 3}));
  s.append(1, 2, 1, 2, entries({2, 2}, 2), 3);  // of a leader of old
  CHECK(s.last(1, "appended")["ok"] == Value(false));
  CHECK(s.last(1, "appended")["term"] == Value(3));
  CHECK(s.field("log") == 2);
  CHECK(s.field("committed") == 0);
  s.append(2, 3, 0, 0, entries({2}));  // a late one of the leader takes nothing away
  CHECK(s.field("log") == 2);
  s.until_role("candidate");
  s.vote(1, s.term() - 1);  // votes of an earlier election
  s.vote(2, s.term() - 1);
  CHECK(s.role() == "candidate");
}

void commit_by_majority() {
  struct Row {
    std::size_t count;
    std::vector<std::uint64_t>
        match;  // of the puppets; the leader has index 1 (its own entry) and two writes
    std::uint64_t committed;
  };
  for (const Row& row : {Row{3, {3, 0}, 3}, Row{3, {2, 1}, 2}, Row{3, {0, 0}, 0}, Row{4, {3, 0, 0}, 0},
                         Row{4, {3, 2, 0}, 2}, Row{5, {3, 1, 0, 0}, 1}, Row{5, {3, 3, 0, 0}, 3}}) {
    Stage s(row.count);
    s.lead();
    s.request("write", kWrite);
    s.request("write", kWrite);
    for (std::size_t i = 0; i < row.match.size(); ++i) {
      if (row.match[i] > 0) s.acknowledge(i + 1, row.match[i]);
    }
    CHECK(s.field("committed") == row.committed);
    for (std::size_t i = 0; i < 2; ++i) CHECK(s.answers[i]->has_value() == (row.committed >= i + 2));
  }
}

void single_node_commits() {
  Stage s(1);
  s.until_role("leader");
  const auto answer = s.request("write", kWrite);
  REQUIRE(answer.has_value());
  CHECK(answer->ok());
  CHECK(s.field("committed") == 2);
}

void older_terms_are_not_committed_by_counting() {
  Stage s(5);
  s.append(1, 1, 0, 0, entries({1, 1}));
  s.lead();
  REQUIRE(s.field("log") == 3);  // and its own, of this term
  for (std::size_t i = 1; i <= 4; ++i) s.acknowledge(i, 2);
  CHECK(s.field("committed") == 0);
  s.acknowledge(1, 3);
  s.acknowledge(2, 3);
  CHECK(s.field("committed") == 3);  // those before it follow, without anybody asking for anything
}

void leader_finds_where_logs_part() {
  Stage s(3);
  s.append(1, 4, 0, 0, entries({1, 1, 4, 4, 4}));
  s.lead();
  CHECK(s.last(2, "append")["previous"] == Value(5));
  s.acknowledge(2, 2, false);  // "doubtful from 3 on"
  const Value sent = s.last(2, "append");
  CHECK(sent["previous"] == Value(2));
  CHECK(sent["previous_term"] == Value(1));
  CHECK(sent["entries"].list().size() == 4);
  s.acknowledge(2, 6);
  CHECK(s.field("committed") == 6);
}

void proposal_by_proxy() {
  Stage s(3);
  const auto refused = s.request("write", kWrite);  // no leader is known
  REQUIRE(refused.has_value());
  CHECK(refused->error().code == "not_leader");
  s.append(2, 1, 0, 0, entries({1}));
  s.request("write", kWrite);  // goes on to the one who leads, who never answers
  CHECK(!s.answers.back()->has_value());
  CHECK(s.last(2, "write")["value"] == Value(7));
  CHECK(s.field("log") == 1);
}

void cut_off_leader_answers_unknown() {
  Stage s(3);
  s.lead();
  CHECK(!s.request("write", kWrite).has_value());
  s.append(1, 7, 0, 0, entries({7, 7}));
  REQUIRE(s.answers.back()->has_value());
  CHECK(s.answers.back()->value().error().code == "unknown");  // it may happen yet
}

// ---- reads

void reads_wait_for_a_majority() {
  Stage s(3);
  s.lead();
  const Value key = Value::map({{"key", "x"}});
  CHECK(!s.request("read", key).has_value());  // nothing of its own term is committed yet
  s.acknowledge(1, 1);
  s.world.run(60ms);
  s.acknowledge(1, 1);
  REQUIRE(s.answers[0]->has_value());
  CHECK(s.answers[0]->value().ok());
  const std::size_t before = s.heard[1].size();
  CHECK(!s.request("read", key).has_value());
  CHECK(s.heard[1].size() > before);  // asks whether it still leads
  s.acknowledge(1, 1);
  CHECK(s.answers[1]->has_value());
}

// ---- snapshots

Value snapshot(std::uint64_t term, std::uint64_t index, std::uint64_t index_term, const Stage& s) {
  Value::List members;
  for (const NodeId n : s.nodes) members.push_back(number(n.index));
  KvMachine machine;
  machine.execute(Value::map({{"type", "write"}, {"key", "x"}, {"value", 42}}));
  return Value::map({{"term", number(term)},
                     {"index", number(index)},
                     {"index_term", number(index_term)},
                     {"members", Value::list(std::move(members))},
                     {"state", machine.snapshot()},
                     {"round", 1}});
}

void restores_a_snapshot() {
  Stage s(3);
  s.append(1, 1, 0, 0, entries({1, 1}));
  s.say(2, "snapshot", snapshot(3, 11, 2, s));
  CHECK(s.last(2, "appended")["match"] == Value(11));
  CHECK(s.field("log") == 11);
  CHECK(s.field("committed") == 11);
  s.append(2, 3, 11, 2, entries({3}, 12), 12);
  CHECK(s.field("committed") == 12);
  s.world.inject(make_crash({.target = "kv-1", .power = true}), 20ms);
  s.world.run(40ms);
  CHECK(s.field("log") == 12);
  CHECK(s.last_term() == 3);
}

void ignores_an_old_snapshot() {
  Stage s(3);
  s.append(1, 2, 0, 0, entries({1, 1, 2}), 2);
  s.say(1, "snapshot", snapshot(2, 1, 1, s));
  CHECK(s.field("log") == 3);
  CHECK(s.field("committed") == 2);
  CHECK(s.field("snapshot") == 0);
  s.say(1, "snapshot", snapshot(2, 3, 2, s));  // of what it has, but does not know to be committed
  CHECK(s.field("log") == 3);
  CHECK(s.field("committed") == 3);
}

void provides_a_snapshot() {
  Stage s(3, {.snapshot_after = 4, .pre_vote = false});
  s.lead();
  for (std::uint64_t i = 1; i <= 12; ++i) {
    s.request("write", kWrite);
    s.acknowledge(1, i + 1);
  }
  REQUIRE(s.field("snapshot") > 8);
  // The other one has never answered, and what it would need first is gone. A snapshot is sent again after a
  // while.
  for (int i = 0; i < 10; ++i) {
    s.world.run(40ms);
    s.acknowledge(1, 13);
  }
  const Value sent = s.last(2, "snapshot");
  CHECK(sent["index"] == number(s.field("snapshot")));
  CHECK(sent["state"]["cells"].is_list());
  s.acknowledge(2, static_cast<std::uint64_t>(sent["index"].number()));
  CHECK(s.last(2, "append")["previous"] == sent["index"]);
}

struct Scenario {
  const char* name;
  void (*run)();
};
const Scenario kScenarios[] = {
    {"leader election", leader_election},
    {"leader election with pre-vote", pre_election},
    {"election timeouts are random", election_timeout_is_random},
    {"a leader election overwrites newer logs", newer_logs_are_overwritten},
    {"vote from any state", vote_from_any_state},
    {"votes go to logs that are up to date", votes_go_to_logs_that_are_up_to_date},
    {"one vote a term", one_vote_a_term},
    {"a vote survives a crash", a_vote_survives_a_crash},
    {"dueling candidates", dueling_candidates},
    {"dueling pre-candidates", dueling_pre_candidates},
    {"a candidate concedes", candidate_concedes},
    {"everybody steps down for a higher term", everybody_steps_down_for_a_higher_term},
    {"a leader without a quorum gives way", leader_without_quorum_gives_way},
    {"followers of a leader are not disrupted", followers_of_a_leader_are_not_disrupted},
    {"leader cycle", leader_cycle},
    {"handle append", handle_append},
    {"old messages", old_messages},
    {"commit by majority", commit_by_majority},
    {"a single node commits", single_node_commits},
    {"older terms are not committed by counting", older_terms_are_not_committed_by_counting},
    {"a leader finds where logs part", leader_finds_where_logs_part},
    {"proposal by proxy", proposal_by_proxy},
    {"a leader that was replaced answers unknown", cut_off_leader_answers_unknown},
    {"reads wait for a majority", reads_wait_for_a_majority},
    {"restores a snapshot", restores_a_snapshot},
    {"ignores an old snapshot", ignores_an_old_snapshot},
    {"provides a snapshot", provides_a_snapshot},
};

}  // namespace

TEST_CASE("raft: the scenarios of etcd's raft", "[replicate][raft][scenarios]") {
  for (const Scenario& scenario : kScenarios) {
    DYNAMIC_SECTION(scenario.name) {
      scenario.run();
    }
  }
}
