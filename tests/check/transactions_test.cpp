#include "core/check/transactions.hpp"

#include <set>

#include "tests/check/specs.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

using L = IsolationLevel;

// Transactions that all overlap, one a line: "ok [[:append 1 2] [:r 1 [2]]]".
History overlapping(const std::string& lines) {
  std::string begins, ends;
  std::istringstream in(lines);
  int process = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string type, value;
    words >> type;
    if (type.empty()) continue;
    std::getline(words, value);
    const std::string who = "{:process " + std::to_string(++process) + " :f :txn :value" + value + " :type :";
    begins += who + "invoke}\n";
    ends += who + type + "}\n";
  }
  return history_of(begins + ends);
}

std::set<std::string> names(const Expected<Judgement>& judgement) {
  if (!judgement) FAIL(judgement.error().message);
  std::set<std::string> all;
  for (const Anomaly& a : judgement->anomalies) all.insert(a.name);
  return all;
}
std::set<std::string> lists(const std::string& lines, L level = L::serializable) {
  return names(check_list_append(overlapping(lines), {level, 1'000'000}));
}
std::set<std::string> registers(const std::string& lines, L level = L::serializable) {
  return names(check_rw_register(overlapping(lines), {level, 1'000'000}));
}
using Set = std::set<std::string>;

}  // namespace

TEST_CASE("transactions: the histories of Adya's thesis show the phenomena they were made for",
          "[check][txn]") {
  // Adya 1999, "Weak consistency", sections 3.2 and 3.3, with each object's writes as appends.
  // H_wcycle: w1(x1,2) w2(x2,5) w2(y2,5) c2 w1(y1,8) c1, x1 << x2 and y2 << y1: G0.
  const std::string wcycle =
      "ok [[:append :x 2] [:append :y 8]]\nok [[:append :x 5] [:append :y 5]]\n"
      "ok [[:r :x [2 5]] [:r :y [5 8]]]";
  CHECK(lists(wcycle, L::read_uncommitted) == Set{"G0"});
  // H1a: w1(x1,5) r2(x1,5) a1 c2: G1a, an aborted read.
  const std::string aborted = "fail [[:append :x 5]]\nok [[:r :x [5]]]";
  CHECK(lists(aborted, L::read_committed) == Set{"G1a"});
  CHECK(lists(aborted, L::read_uncommitted).empty());
  CHECK(registers("fail [[:w :x 5]]\nok [[:r :x 5]]", L::read_committed) == Set{"G1a"});
  // H1b: w1(x1,1) r2(x1,1) w1(x1,2) c1 c2: G1b, an intermediate read.
  CHECK(lists("ok [[:append :x 1] [:append :x 2]]\nok [[:r :x [1]]]", L::read_committed).contains("G1b"));
  CHECK(registers("ok [[:w :x 1] [:w :x 2]]\nok [[:r :x 1]]", L::read_committed).contains("G1b"));
  // H1c: w1(x1,2) w2(y2,5) r1(y2,5) r2(x1,2) c1 c2: G1c, circular information flow.
  CHECK(lists("ok [[:append :x 2] [:r :y [5]]]\nok [[:append :y 5] [:r :x [2]]]", L::read_committed) ==
        Set{"G1c"});
  CHECK(registers("ok [[:w :x 2] [:r :y 5]]\nok [[:w :y 5] [:r :x 2]]", L::read_committed) == Set{"G1c"});
}

TEST_CASE("transactions: the histories of the critique of the ANSI levels get their anomalies",
          "[check][txn]") {
  // Berenson et al. 1995, "A critique of ANSI SQL isolation levels", with the initial values written by a
  // transaction.
  const std::string start = "ok [[:w :x 50] [:w :y 51]]\n";
  // H1, inconsistent analysis: r1[x=50] w1[x=10] r2[x=10] r2[y=50] c2 r1[y=50] w1[y=90] c1.
  CHECK(registers(start + "ok [[:r :x 50] [:w :x 10] [:r :y 51] [:w :y 90]]\nok [[:r :x 10] [:r :y 51]]",
                  L::snapshot_isolation) == Set{"G-single"});
  // H2 (A5A), read skew: r1[x=50] r2[x=50] w2[x=10] r2[y=50] w2[y=90] c2 r1[y=90] c1.
  const std::string skew =
      start + "ok [[:r :x 50] [:r :y 90]]\nok [[:r :x 50] [:w :x 10] [:r :y 51] [:w :y 90]]";
  CHECK(registers(skew, L::snapshot_isolation) == Set{"G-single"});
  CHECK(registers(skew, L::read_committed).empty());
  // H4 (P4), lost update: r1[x=100] r2[x=100] w2[x=120] c2 w1[x=130] c1.
  const std::string lost = "ok [[:w :x 100]]\nok [[:r :x 100] [:w :x 130]]\nok [[:r :x 100] [:w :x 120]]";
  CHECK(registers(lost, L::snapshot_isolation).contains("lost-update"));
  CHECK(registers(lost, L::read_committed).empty());
  // H5 (A5B), write skew: r1[x=50] r1[y=50] r2[x=50] r2[y=50] w1[y=-40] w2[x=-40] c1 c2.
  const std::string write_skew =
      start + "ok [[:r :x 50] [:r :y 51] [:w :y -40]]\nok [[:r :x 50] [:r :y 51] [:w :x -40]]";
  CHECK(registers(write_skew, L::serializable) == Set{"G2-item"});
  CHECK(registers(write_skew, L::repeatable_read) == Set{"G2-item"});
  CHECK(registers(write_skew, L::snapshot_isolation).empty());
}

TEST_CASE("transactions: every anomaly of lists is found, and only where the level forbids it",
          "[check][txn]") {
  CHECK(lists("ok [[:append :x 1]]\nok [[:append :x 2]]\nok [[:r :x [1 2]]]\nok [[:r :x [2 1]]]",
              L::read_uncommitted) == Set{"incompatible-order"});
  CHECK(lists("ok [[:append :x 1]]\nok [[:r :x [1 1]]]", L::read_uncommitted) == Set{"duplicate-elements"});
  CHECK(lists("ok [[:r :x [7]]]", L::read_uncommitted) == Set{"thin-air"});
  // Elle, section 4.1.1: a transaction must read its own writes, and nothing else in between.
  CHECK(lists("ok [[:append :x 1] [:r :x []]]", L::snapshot_isolation) == Set{"internal"});
  CHECK(lists("ok [[:r :x []] [:append :x 1] [:r :x [2 1]]]\nok [[:append :x 2]]", L::snapshot_isolation)
            .contains("internal"));
  CHECK(lists("ok [[:r :x []] [:append :x 1]]\nok [[:r :x []] [:append :x 2]]", L::snapshot_isolation) ==
        Set{"lost-update"});
  // A long fork: two anti-dependencies that are not neighbours. Snapshot isolation forbids it, too.
  const std::string fork =
      "ok [[:append :x 1] [:append :a 1]]\nok [[:r :a [1]] [:r :y []]]\nok [[:append :y 1] [:append :b 1]]\n"
      "ok [[:r :b [1]] [:r :x []]]\nok [[:r :x [1]] [:r :y [1]]]";
  CHECK(lists(fork, L::snapshot_isolation) == Set{"G-nonadjacent"});
  CHECK(lists(fork, L::read_committed).empty());
  CHECK(registers("ok [[:r :x 1] [:w :x 2]]\nok [[:r :x 2] [:w :x 1]]", L::read_uncommitted) ==
        Set{"cyclic-versions"});
}

TEST_CASE("transactions: real time counts for strict serializability only", "[check][txn]") {
  const History stale = history_of(
      "{:process 1 :type :invoke :f :txn :value [[:append :x 1]]}\n{:process 1 :type :ok :f :txn :value "
      "[[:append :x 1]]}\n"
      "{:process 2 :type :invoke :f :txn :value [[:r :x nil]]}\n{:process 2 :type :ok :f :txn :value [[:r :x "
      "[]]]}\n"
      "{:process 2 :type :invoke :f :txn :value [[:r :x nil]]}\n{:process 2 :type :ok :f :txn :value [[:r :x "
      "[1]]]}\n");
  CHECK(names(check_list_append(stale, {L::serializable, 1000})).empty());
  CHECK(names(check_list_append(stale, {L::strict_serializable, 1000})) == Set{"G-single-realtime"});
  const History old = history_of(
      "{:process 1 :type :invoke :f :txn :value [[:w :x 1]]}\n{:process 1 :type :ok :f :txn :value [[:w :x "
      "1]]}\n"
      "{:process 1 :type :invoke :f :txn :value [[:w :x 2]]}\n{:process 1 :type :ok :f :txn :value [[:w :x "
      "2]]}\n"
      "{:process 2 :type :invoke :f :txn :value [[:r :x nil]]}\n{:process 2 :type :ok :f :txn :value [[:r :x "
      "1]]}\n");
  CHECK(names(check_rw_register(old, {L::serializable, 1000})).empty());
  CHECK(names(check_rw_register(old, {L::strict_serializable, 1000})) == Set{"G-single-realtime"});
}

TEST_CASE("transactions: a violation is told with its transactions", "[check][txn]") {
  const auto judgement = check_list_append(
      overlapping("ok [[:append :x 2] [:r :y [5]]]\nok [[:append :y 5] [:r :x [2]]]\nok [[:append :z 1]]"),
      {});
  CHECK(judgement->outcome == Outcome::violated);
  CHECK_THAT(judgement->message, Contains("not serializable: G1c"));
  CHECK_THAT(judgement->anomalies[0].message,
             Contains("T1 is before T2, which read its version 2 of key \"x\" (wr)") &&
                 Contains("and yet T2 is before T1"));
  CHECK(judgement->history.ops().size() == 2);
}

TEST_CASE("transactions: what is none is an error that names the line", "[check][txn]") {
  const auto message = [](const std::string& lines) {
    return check_list_append(history_of(lines), {}).error().message;
  };
  CHECK_THAT(message("{:process 1 :type :invoke :f :txn :value [[:push :x 1]]}"),
             Contains("line 1") && Contains("[\"append\", key, value]"));
  CHECK_THAT(message("{:process 1 :type :invoke :f :read}"), Contains("expected the operation txn"));
  CHECK_THAT(message("{:process 1 :type :invoke :f :txn :value [[:append :x 1] [:append :x 1]]}"),
             Contains("written before"));
}

TEST_CASE("transactions: a budget that is too small gives unknown, never a guess", "[check][txn]") {
  const auto judgement = check_list_append(
      overlapping("ok [[:append :x 2] [:r :y [5]]]\nok [[:append :y 5] [:r :x [2]]]"), {L::serializable, 0});
  CHECK(judgement->outcome == Outcome::unknown);
}

namespace {

// A store whose transactions run one after the other at some time between call and answer, or under snapshot
// isolation, or with a planted mistake.
struct Store {
  enum Kind { serial, snapshot, no_first_committer, dirty_abort, stale_reads, torn };
  Kind kind;
};

History run(Store::Kind kind, Rng& rng, bool with_lists) {
  struct Running {
    bool open = false;
    std::map<int, std::vector<int>> view;  // what it reads from
    std::map<int, std::size_t> read_version;
    Value::List done;
    std::map<int, std::vector<int>> mine;
    std::size_t micros = 0;
  };
  std::map<int, std::vector<int>> now;
  std::vector<std::map<int, std::vector<int>>> past = {{}};
  std::vector<Running> clients(4);
  History h;
  int next = 0;
  std::int64_t time = 0;
  const auto value_of = [&](const std::vector<int>& v) -> Value {
    if (with_lists) return list_of(v);
    return v.empty() ? Value() : Value(v.back());
  };
  std::vector<History::OpId> ids(clients.size());
  for (int step = 0; step < 250; ++step) {
    const std::size_t c = rng.below(clients.size());
    Running& t = clients[c];
    const Instant at{Duration(++time)};
    if (!t.open) {
      t = {};
      t.open = true;
      t.micros = 1 + rng.below(4);
      t.view = kind == Store::stale_reads && rng.chance(0.3) ? past[rng.below(past.size())] : now;
      Value::List asked;
      for (std::size_t i = 0; i < t.micros; ++i) {
        const int key = static_cast<int>(rng.below(3));
        if (rng.chance(0.5)) {
          asked.push_back(Value::list({"r", key, Value()}));
        } else {
          // Who reads before it writes tells which version it replaces.
          if (rng.chance(0.7)) asked.push_back(Value::list({"r", key, Value()}));
          asked.push_back(Value::list({with_lists ? "append" : "w", key, ++next}));
        }
      }
      ids[c] = h.invoke(static_cast<std::int64_t>(c), "txn", {}, Value::list(asked), at);
      continue;
    }
    // All of it at once; a snapshot is from when it began, and a torn one reads each key at another time.
    if (kind == Store::serial || kind == Store::dirty_abort) t.view = now;
    bool conflict = false;
    for (const Value& micro : h.invocation(ids[c]).value.list()) {
      const int key = static_cast<int>(micro.list()[1].number());
      if (kind == Store::torn && rng.chance(0.5) && !t.mine.contains(key) && !t.read_version.contains(key))
        t.view[key] = now[key];
      if (micro.list()[0] == Value("r")) {
        t.read_version.emplace(key, t.view[key].size());
        t.done.push_back(Value::list({"r", key, value_of(t.view[key])}));
      } else {
        if (!t.mine.contains(key)) conflict = conflict || t.view[key] != now[key];
        t.view[key].push_back(static_cast<int>(micro.list()[2].number()));
        t.mine[key].push_back(t.view[key].back());
        t.done.push_back(micro);
      }
    }
    const bool abort = rng.chance(0.1);
    const bool refuse = conflict && kind != Store::no_first_committer;
    if ((!abort && !refuse) || (abort && kind == Store::dirty_abort)) {
      for (const auto& [key, values] : t.mine) now[key].insert(now[key].end(), values.begin(), values.end());
      past.push_back(now);
    }
    if (abort || refuse) {
      h.complete(ids[c], Event::Type::fail, {}, at, "conflict");
    } else if (rng.chance(0.05)) {
      h.complete(ids[c], Event::Type::info, {}, at, "timeout");
    } else {
      h.complete(ids[c], Event::Type::ok, Value::list(t.done), at);
    }
    t.open = false;
  }
  return h;
}

}  // namespace

TEST_CASE("transactions: correct stores are accepted, and planted mistakes are found", "[check][txn]") {
  Rng rng(8);
  for (const bool with_lists : {true, false}) {
    const auto judge = [&](const History& h, L level) {
      auto judgement =
          with_lists ? check_list_append(h, {level, 10'000'000}) : check_rw_register(h, {level, 10'000'000});
      if (!judgement) FAIL(judgement.error().message);
      return std::move(*judgement);
    };
    int skews = 0, lost = 0, dirty = 0, stale = 0, torn = 0;
    for (int i = 0; i < 15; ++i) {
      const Judgement serial = judge(run(Store::serial, rng, with_lists), L::strict_serializable);
      INFO(to_text(serial));
      REQUIRE(serial.outcome == Outcome::ok);
      const History si = run(Store::snapshot, rng, with_lists);
      const Judgement snapshot = judge(si, L::snapshot_isolation);
      INFO(to_text(snapshot));
      REQUIRE(snapshot.outcome == Outcome::ok);
      skews += judge(si, L::serializable).outcome == Outcome::violated;
      lost += judge(run(Store::no_first_committer, rng, with_lists), L::snapshot_isolation).outcome ==
              Outcome::violated;
      dirty +=
          judge(run(Store::dirty_abort, rng, with_lists), L::read_committed).outcome == Outcome::violated;
      stale += judge(run(Store::stale_reads, rng, with_lists), L::strict_serializable).outcome ==
               Outcome::violated;
      torn += judge(run(Store::torn, rng, with_lists), L::snapshot_isolation).outcome == Outcome::violated;
    }
    CHECK(skews > 0);
    CHECK(lost > 7);
    CHECK(dirty > 10);
    CHECK(stale > 5);
    CHECK(torn > 0);
  }
}
