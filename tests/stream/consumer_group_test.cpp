#include "core/stream/consumer_group.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/base/rng.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

using Counts = std::map<std::string, std::uint32_t>;

Instant at(Duration d) {
  return Instant(d);
}

std::string text(const Partitions& partitions) {
  std::string out;
  for (const TopicPartition& tp : partitions) out += tp.text() + " ";
  return out;
}

GroupOptions quick() {
  GroupOptions o;
  o.rebalance_delay = 0s;
  return o;
}

JoinRequest joins(std::string member = {}, Assignor assignor = Assignor::range, Partitions owned = {}) {
  JoinRequest r;
  r.member = std::move(member);
  r.topics = {"t"};
  r.assignor = assignor;
  r.owned = std::move(owned);
  r.rebalance = 60s;
  return r;
}

template <class T>
std::string code(const Expected<T>& result) {
  return result ? "ok" : result.error().code;
}

const Counts kSix = {{"t", 6}};

}  // namespace

// The example of the javadoc of Kafka's RangeAssignor and RoundRobinAssignor: two members, two topics of
// three.
TEST_CASE("assignor: range and round robin as in Kafka's own example", "[stream][assignor]") {
  const std::map<std::string, Subscriber> members = {{"C0", {{"t0", "t1"}}}, {"C1", {{"t0", "t1"}}}};
  const Counts counts = {{"t0", 3}, {"t1", 3}};
  const auto range = assign_partitions(Assignor::range, members, counts);
  CHECK(text(range.at("C0")) == "t0/0 t0/1 t1/0 t1/1 ");
  CHECK(text(range.at("C1")) == "t0/2 t1/2 ");
  const auto turn = assign_partitions(Assignor::round_robin, members, counts);
  CHECK(text(turn.at("C0")) == "t0/0 t0/2 t1/1 ");
  CHECK(text(turn.at("C1")) == "t0/1 t1/0 t1/2 ");
}

TEST_CASE(
    "assignor: every partition has one owner who wants it; sticky is even and moves no more than it must",
    "[stream][assignor]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    const Counts counts = {{"a", static_cast<std::uint32_t>(rng.below(9))},
                           {"b", 1 + static_cast<std::uint32_t>(rng.below(9))}};
    std::map<std::string, Subscriber> members;
    const std::uint64_t n = 1 + rng.below(5);
    for (std::uint64_t i = 0; i < n; ++i) {
      Subscriber s{{"b"}};
      if (i == 0 || rng.chance(0.7)) s.topics.push_back("a");
      members["m" + std::to_string(i)] = s;
    }
    for (const Assignor assignor : {Assignor::range, Assignor::round_robin, Assignor::sticky}) {
      const auto given = assign_partitions(assignor, members, counts);
      std::set<TopicPartition> seen;
      for (const auto& [id, partitions] : given) {
        for (const TopicPartition& tp : partitions) {
          REQUIRE(seen.insert(tp).second);
          const auto& topics = members.at(id).topics;
          REQUIRE(std::find(topics.begin(), topics.end(), tp.topic) != topics.end());
        }
      }
      REQUIRE(seen.size() == counts.at("a") + counts.at("b"));
      const bool equal = std::all_of(members.begin(), members.end(),
                                     [](const auto& m) { return m.second.topics.size() == 2; });
      if (assignor != Assignor::sticky || !equal) continue;
      // The same again, when all have what they were given, moves nothing; one more member takes only its
      // share.
      auto owning = members;
      for (auto& [id, s] : owning) s.owned = given.at(id);
      REQUIRE(assign_partitions(assignor, owning, counts) == given);
      owning["new"] = {{"a", "b"}};
      const auto after = assign_partitions(assignor, owning, counts);
      std::size_t moved = 0;
      for (const auto& [id, partitions] : given) {
        for (const TopicPartition& tp : partitions) {
          const Partitions& now = after.at(id);
          moved += std::find(now.begin(), now.end(), tp) == now.end();
        }
      }
      REQUIRE(moved == after.at("new").size());
      REQUIRE(after.at("new").size() <= seen.size() / (n + 1) + 1);
    }
  }
}

TEST_CASE("group: a new generation begins when all have joined, and each partition has one reader",
          "[stream][group]") {
  ConsumerGroup g(quick());
  const std::string a = *g.join(at(0s), joins());
  auto answers = g.advance(at(0s), kSix);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].generation == 1);
  CHECK(answers[0].assignment.size() == 6);
  const std::string b = *g.join(at(1s), joins());
  CHECK(g.advance(at(1s), kSix).empty());  // a has not joined yet
  CHECK(code(g.heartbeat(at(2s), a, 1)) == "REBALANCE_IN_PROGRESS");
  REQUIRE(g.join(at(2s), joins(a)).ok());
  answers = g.advance(at(2s), kSix);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].generation == 2);
  CHECK(text(answers[0].assignment) == "t/0 t/1 t/2 ");
  CHECK(text(answers[1].assignment) == "t/3 t/4 t/5 ");
  CHECK(code(g.heartbeat(at(3s), a, 2)) == "ok");
  CHECK(code(g.heartbeat(at(3s), a, 1)) == "ILLEGAL_GENERATION");
  CHECK(code(g.heartbeat(at(3s), "nobody", 2)) == "UNKNOWN_MEMBER_ID");
  g.check_invariants();
}

TEST_CASE("group: an empty group waits for more members", "[stream][group]") {
  ConsumerGroup g({});
  REQUIRE(g.join(at(0s), joins()).ok());
  CHECK(g.advance(at(3s) - 1ns, kSix).empty());
  CHECK(*g.next_change() == at(3s));
  REQUIRE(g.join(at(2s), joins()).ok());
  CHECK(g.advance(at(3s), kSix).size() == 2);
  CHECK(g.rebalances() == 1);
}

TEST_CASE("group: who is not heard of loses its partitions at the end of its session, exactly",
          "[stream][group]") {
  ConsumerGroup g(quick());
  const std::string a = *g.join(at(0s), joins());
  const std::string b = *g.join(at(0s), joins());
  g.advance(at(0s), kSix);
  REQUIRE(g.heartbeat(at(10s), b, 1).ok());
  CHECK(*g.next_change() == at(45s));
  CHECK(g.advance(at(45s) - 1ns, kSix).empty());
  CHECK(g.size() == 2);
  g.advance(at(45s), kSix);
  CHECK(g.size() == 1);
  CHECK(g.state() == ConsumerGroup::State::preparing);
  CHECK(code(g.commit(at(46s), a, 1, {"t", 0}, 5)) == "UNKNOWN_MEMBER_ID");
  REQUIRE(g.join(at(46s), joins(b)).ok());
  CHECK(g.advance(at(46s), kSix)[0].assignment.size() == 6);
  // The zombie comes back and cannot commit what it had.
  CHECK(code(g.commit(at(47s), b, 1, {"t", 0}, 5)) == "ILLEGAL_GENERATION");
  CHECK(code(g.commit(at(47s), b, 2, {"t", 0}, 5)) == "ok");
  CHECK(g.committed({"t", 0})->offset == 5);
  CHECK_FALSE(g.committed({"t", 1}));
}

TEST_CASE("group: a member that does not join in time is left out", "[stream][group]") {
  ConsumerGroup g(quick());
  const std::string a = *g.join(at(0s), joins());
  g.advance(at(0s), kSix);
  const std::string b = *g.join(at(1s), joins());
  for (int t = 2; t < 61; t += 3) (void)g.heartbeat(at(t * 1s), a, 1);  // alive, but busy
  CHECK(g.advance(at(61s) - 1ns, kSix).empty());
  const auto answers = g.advance(at(61s), kSix);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].member == b);
  CHECK(code(g.heartbeat(at(62s), a, 1)) == "UNKNOWN_MEMBER_ID");
}

TEST_CASE("group: cooperative members keep what does not move, and nobody has what another one still has",
          "[stream][group]") {
  ConsumerGroup g(quick());
  const std::string a = *g.join(at(0s), joins({}, Assignor::cooperative_sticky));
  const Partitions all = g.advance(at(0s), kSix)[0].assignment;
  const std::string b = *g.join(at(1s), joins({}, Assignor::cooperative_sticky));
  REQUIRE(g.join(at(1s), joins(a, Assignor::cooperative_sticky, all)).ok());
  auto answers = g.advance(at(1s), kSix);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].assignment.size() == 3);  // has to give up three
  CHECK(answers[1].assignment.empty());      // has to wait for them
  REQUIRE(g.join(at(2s), joins(a, Assignor::cooperative_sticky, answers[0].assignment)).ok());
  CHECK(g.advance(at(2s), kSix).empty());
  CHECK(code(g.heartbeat(at(2s), b, 2)) == "REBALANCE_IN_PROGRESS");
  REQUIRE(g.join(at(2s), joins(b, Assignor::cooperative_sticky)).ok());
  const auto second = g.advance(at(2s), kSix);
  REQUIRE(second.size() == 2);
  CHECK(second[0].assignment == answers[0].assignment);
  CHECK(second[1].assignment.size() == 3);
  CHECK(g.rebalances() == 3);
  // Settled: a join that changes nothing is answered at once.
  REQUIRE(g.join(at(3s), joins(a, Assignor::cooperative_sticky, second[0].assignment)).ok());
  CHECK(g.advance(at(3s), kSix).size() == 1);
  CHECK(g.rebalances() == 3);
}

TEST_CASE("group: a static member that comes back gets what it had and nobody else notices",
          "[stream][group]") {
  ConsumerGroup g(quick());
  JoinRequest one = joins();
  one.instance = "one";
  const std::string a = *g.join(at(0s), one);
  const std::string b = *g.join(at(0s), joins());
  const auto first = g.advance(at(0s), kSix);
  const std::string again = *g.join(at(20s), one);
  CHECK(again != a);
  const auto answers = g.advance(at(20s), kSix);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].generation == 1);
  const auto mine = g.assignment().at(again);
  CHECK(answers[0].assignment == mine);
  CHECK(g.rebalances() == 1);
  CHECK(code(g.heartbeat(at(21s), b, 1)) == "ok");
  CHECK(code(g.heartbeat(at(21s), a, 1)) == "FENCED_INSTANCE_ID");
  CHECK(code(g.commit(at(21s), a, 1, {"t", 0}, 1)) == "FENCED_INSTANCE_ID");
  // Away for longer than its session, it is out like anybody else.
  REQUIRE(g.heartbeat(at(60s), b, 1).ok());
  g.advance(at(65s), kSix);
  CHECK(g.state() == ConsumerGroup::State::preparing);
}

TEST_CASE("group: a coordinator that takes over knows members, generation and assignment",
          "[stream][group]") {
  ConsumerGroup g(quick());
  const std::string a = *g.join(at(0s), joins());
  g.advance(at(0s), kSix);
  ConsumerGroup next(quick());
  next.restore(at(30s), g.snapshot());
  CHECK(code(next.heartbeat(at(31s), a, 1)) == "ok");
  CHECK(next.assignment() == g.assignment());
  next.check_invariants();
  CHECK(*next.join(at(32s), joins()) != a);
}

TEST_CASE("group: bad requests are named and change nothing", "[stream][group]") {
  ConsumerGroup g(quick());
  JoinRequest r = joins();
  r.session = 5s;
  CHECK(code(g.join(at(0s), r)) == "INVALID_SESSION_TIMEOUT");
  r.session = 31min;
  CHECK(code(g.join(at(0s), r)) == "INVALID_SESSION_TIMEOUT");
  CHECK(code(g.join(at(0s), joins("ghost"))) == "UNKNOWN_MEMBER_ID");
  CHECK(code(g.leave(at(0s), "ghost")) == "UNKNOWN_MEMBER_ID");
  CHECK(g.state() == ConsumerGroup::State::empty);
  REQUIRE(g.join(at(0s), joins()).ok());
  CHECK(code(g.join(at(0s), joins({}, Assignor::sticky))) == "INCONSISTENT_GROUP_PROTOCOL");
  CHECK(code(g.commit(at(0s), "", 0, {"t", 0}, 1)) == "UNKNOWN_MEMBER_ID");
  CHECK(g.size() == 1);
}

TEST_CASE("group: whatever members do, no partition has two owners and the generation ascends",
          "[stream][group]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Rng rng(seed);
    const Assignor assignor = seed % 2 == 0 ? Assignor::cooperative_sticky : Assignor::range;
    ConsumerGroup g(quick());
    struct Client {
      std::string id;
      std::uint32_t generation = 0;
      Partitions owned;
      bool waits = false;
    };
    std::vector<Client> clients(4);
    Instant now{};
    std::uint32_t generation = 0;
    for (int step = 0; step < 300; ++step) {
      now += rng.below(4) * 1s;
      Client& c = clients[rng.below(clients.size())];
      const std::uint64_t what = rng.below(10);
      const auto rejoin = [&] {
        if (assignor == Assignor::range) c.owned.clear();
        const auto id = g.join(now, joins(c.id, assignor, c.owned));
        c.waits = id.ok();
        c.id = id.ok() ? *id : std::string();
        if (!id.ok()) c.owned.clear();
      };
      if (c.id.empty()) {
        rejoin();
      } else if (what == 0) {
        (void)g.leave(now, c.id);
        c = {};
      } else if (what == 1) {
        c = {};  // a crash: it is not heard of any more
      } else if (!c.waits) {
        const auto beat = g.heartbeat(now, c.id, c.generation);
        if (!beat.ok() && beat.error().code == "REBALANCE_IN_PROGRESS") {
          rejoin();
        } else if (!beat.ok()) {
          c = {};
        }
      }
      for (const Joined& j : g.advance(now, kSix)) {
        for (Client& who : clients) {
          if (who.id != j.member) continue;
          Partitions given = j.assignment;
          // What it has to give up it gives up now.
          who.owned = given;
          who.generation = j.generation;
          who.waits = false;
        }
      }
      REQUIRE(g.generation() >= generation);
      generation = g.generation();
      g.check_invariants();
      // Live members that have heard of this generation own disjoint sets.
      std::set<TopicPartition> seen;
      for (const Client& who : clients) {
        if (who.id.empty() || who.generation != generation || g.state() != ConsumerGroup::State::stable)
          continue;
        for (const TopicPartition& tp : who.owned) REQUIRE(seen.insert(tp).second);
      }
    }
  }
}
