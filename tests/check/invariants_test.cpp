#include "core/check/invariants.hpp"

#include <set>

#include "tests/check/specs.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// One operation after the other: "0 enqueue 1 -> ok 1"; a line each.
History one_by_one(const std::string& lines) {
  std::string edn;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string process, f, asked, type, answered;
    words >> process >> f;
    if (f.empty()) continue;
    std::getline(words, asked);
    const auto arrow = asked.find("->");
    std::istringstream answer(asked.substr(arrow + 2));
    asked = asked.substr(0, arrow);
    answer >> type;
    std::getline(answer, answered);
    const auto value = [](const std::string& v) {
      return v.find_first_not_of(' ') == v.npos ? std::string() : " :value " + v;
    };
    edn += "{:process " + process + " :type :invoke :f :" + f + value(asked) + "}\n";
    if (type != "never")
      edn += "{:process " + process + " :type :" + type + " :f :" + f + value(answered) + "}\n";
  }
  return history_of(edn);
}

std::set<std::string> names(const Judgement& judgement) {
  std::set<std::string> all;
  for (const Anomaly& a : judgement.anomalies) all.insert(a.name);
  return all;
}
std::set<std::string> names(const Expected<Judgement>& judgement) {
  if (!judgement) FAIL(judgement.error().message);
  return names(*judgement);
}
using Set = std::set<std::string>;

}  // namespace

TEST_CASE("total queue: what is accepted comes out", "[check][invariants]") {
  const auto judge = [](const std::string& text, bool once = false) {
    return check_total_queue(one_by_one(text), once);
  };
  const std::string two = "0 enqueue 1 -> ok 1\n0 enqueue 2 -> ok 2\n";
  CHECK(judge(two + "1 dequeue -> ok 2\n1 dequeue -> ok 1").outcome == Outcome::ok);
  CHECK(names(judge(two + "1 dequeue -> ok 2\n1 dequeue -> ok nil")) == Set{"lost"});
  CHECK(names(judge(two + "1 drain -> ok [2]")) == Set{"lost"});
  CHECK(judge(two + "1 dequeue -> ok 2").outcome == Outcome::unknown);
  // Whoever never heard may have taken it.
  CHECK(judge(two + "1 dequeue -> info\n2 dequeue -> ok 2\n2 dequeue -> fail").outcome == Outcome::ok);
  CHECK(names(judge(two + "1 dequeue -> ok 3")) == Set{"unexpected"});
  CHECK(names(judge("0 enqueue 1 -> fail 1\n1 dequeue -> ok 1")) == Set{"unexpected"});
  // Jepsen's checker/total-queue: an enqueue of unknown outcome that comes out is recovered, two of one are
  // counted.
  const Judgement recovered =
      judge("0 enqueue 1 -> info 1\n1 dequeue -> ok 1\n1 dequeue -> ok 1\n1 drain -> ok []");
  CHECK(recovered.outcome == Outcome::ok);
  CHECK(recovered.numbers["recovered"] == Value(1));
  CHECK(recovered.numbers["duplicated"] == Value(1));
  CHECK(names(judge("0 enqueue 1 -> ok 1\n1 dequeue -> ok 1\n1 dequeue -> ok 1", true)) == Set{"duplicated"});
}

TEST_CASE("set: what was added stays", "[check][invariants]") {
  const auto judge = [](const std::string& text, bool linearizable = false) {
    return check_set(one_by_one(text), linearizable);
  };
  const std::string two = "0 add 1 -> ok\n0 add 2 -> ok\n";
  CHECK(judge(two + "1 read -> ok [2 1]")->outcome == Outcome::ok);
  CHECK(names(judge(two + "1 read -> ok [2]")) == Set{"lost"});
  CHECK(names(judge(two + "1 read -> ok [2 1]\n1 read -> ok [1]")) == Set{"lost"});
  CHECK(names(judge(two + "1 read -> ok [1 2 3]")) == Set{"unexpected"});
  CHECK(names(judge("0 add 1 -> fail\n1 read -> ok [1]")) == Set{"unexpected"});
  CHECK(names(judge("1 read -> ok [1]\n0 add 1 -> ok")).contains("unexpected"));
  CHECK(names(judge(two + "1 read -> ok [1 2 2]")) == Set{"duplicated"});
  CHECK(judge(two)->outcome == Outcome::unknown);
  const auto stale = judge(two + "1 read -> ok [1]\n1 read -> ok [1 2]");
  CHECK(stale->outcome == Outcome::ok);
  CHECK(stale->numbers["stale"] == Value(1));
  CHECK(names(judge(two + "1 read -> ok [1]\n1 read -> ok [1 2]", true)) == Set{"stale"});
  CHECK(judge("0 add 1 -> info\n1 read -> ok []\n1 read -> ok [1]", true)->outcome == Outcome::ok);
  // Seen once and then never again, though nobody knew whether it had been added.
  CHECK(names(judge("0 add 1 -> info\n1 read -> ok [1]\n1 read -> ok []")) == Set{"lost"});
}

TEST_CASE("bank: balances add up", "[check][invariants]") {
  const auto judge = [](const std::string& text, std::optional<double> total = {}, bool negative = false) {
    return check_bank(one_by_one(text), total, negative);
  };
  CHECK(judge("0 read -> ok {:a 5 :b 5}\n0 transfer -> ok\n0 read -> ok {:a 4 :b 6}")->outcome ==
        Outcome::ok);
  CHECK(names(judge("0 read -> ok {:a 5 :b 5}\n0 read -> ok {:a 4 :b 5}")) == Set{"wrong-total"});
  CHECK(names(judge("0 read -> ok [5 5]", 11)) == Set{"wrong-total"});
  CHECK(names(judge("0 read -> ok [-1 11]")) == Set{"negative"});
  CHECK(judge("0 read -> ok [-1 11]", 10, true)->outcome == Outcome::ok);
  CHECK(names(judge("0 read -> ok [nil 11]", 11)) == Set{"null-balance"});
  CHECK(judge("0 read -> fail")->outcome == Outcome::unknown);
}

TEST_CASE("long fork: two reads agree on the order of two writes", "[check][invariants]") {
  const auto judge = [](const std::string& text) { return check_long_fork(one_by_one(text)); };
  // Sovran et al. 2011, section 2: Bob sees Alice's post and not Carol's, Dave Carol's and not Alice's.
  CHECK(names(judge(
            "0 write :x -> ok\n1 write :y -> ok\n2 read -> ok {:x 1 :y nil}\n3 read -> ok {:x nil :y 1}")) ==
        Set{"long-fork"});
  CHECK(judge("0 write :x -> ok\n1 write :y -> ok\n2 read -> ok {:x 1 :y nil}\n3 read -> ok {:x 1 :y 1}")
            ->outcome == Outcome::ok);
  CHECK(names(judge("0 txn [[:w 1 1]] -> ok [[:w 1 1]]\n0 txn [[:w 2 1]] -> ok [[:w 2 1]]\n"
                    "1 txn [[:r 1 nil] [:r 2 nil]] -> ok [[:r 1 1] [:r 2 nil]]\n"
                    "2 txn [[:r 1 nil] [:r 2 nil]] -> ok [[:r 1 nil] [:r 2 1]]")) == Set{"long-fork"});
  CHECK(judge("0 write :x -> ok")->outcome == Outcome::unknown);
  CHECK_FALSE(judge("0 write :x -> ok\n0 write :x -> ok").ok());
}

TEST_CASE("convergence: in the end all read the same", "[check][invariants]") {
  const auto judge = [](const std::string& text, bool ordered = false) {
    return check_convergence(one_by_one(text), Duration::zero(), ordered);
  };
  const std::string two = "0 write 1 -> ok\n1 write 2 -> ok\n";
  CHECK(judge(two + "0 read -> ok 1\n1 read -> ok 2\n0 read -> ok 2").outcome == Outcome::ok);
  CHECK(names(judge(two + "0 read -> ok 2\n1 read -> ok 2\n0 read -> ok 1")) == Set{"diverged"});
  CHECK(names(judge(two + "0 read -> ok 3\n1 read -> ok 3")) == Set{"thin-air"});
  CHECK(judge(two + "0 read -> ok 2").outcome == Outcome::unknown);
  CHECK(judge(two + "2 write 3 -> info\n0 read -> ok 3\n1 read -> ok 2").outcome == Outcome::unknown);
  const std::string adds = "0 add 1 -> ok\n1 add 2 -> ok\n";
  CHECK(judge(adds + "0 read -> ok [1 2]\n1 read -> ok [2 1]").outcome == Outcome::ok);
  CHECK(names(judge(adds + "0 read -> ok [1 2]\n1 read -> ok [2 1]", true)) == Set{"diverged"});
  CHECK(names(judge(adds + "0 read -> ok [1]\n1 read -> ok [1]")) == Set{"lost"});
}
