#include "core/check/causal.hpp"

#include <set>

#include "core/check/sequential.hpp"
#include "tests/check/specs.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// One operation after the other: "0 write x 1, 1 read x nil".
History one_by_one(const std::string& text) {
  History h;
  std::istringstream ops(text);
  for (std::string one; std::getline(ops, one, ',');) {
    std::istringstream words(one);
    std::int64_t process = 0;
    std::string f, key, value;
    words >> process >> f >> key >> value;
    const Value v = value == "nil" ? Value() : Value(std::stod(value));
    const auto op = h.invoke(process, f, Value(key), f == "read" ? Value() : v, Instant(Duration(0)));
    h.complete(op, Event::Type::ok, v, Instant(Duration(0)));
  }
  return h;
}

std::set<std::string> names(const Expected<Judgement>& judgement) {
  if (!judgement) FAIL(judgement.error().message);
  std::set<std::string> all;
  for (const Anomaly& a : judgement->anomalies) all.insert(a.name);
  return all;
}
std::set<std::string> causal(const std::string& text) {
  return names(check_causal(one_by_one(text)));
}
std::set<std::string> convergent(const std::string& text) {
  return names(check_causal(one_by_one(text), {true, 1u << 30}));
}
std::set<std::string> session(const std::string& text) {
  return names(check_session(one_by_one(text)));
}
using Set = std::set<std::string>;

// Reads and writes of which no two write the same value.
Spec distinct_registers(int& next) {
  Spec spec = register_spec();
  spec.ask = [&next](Rng& rng) -> std::pair<std::string, Value> {
    if (rng.chance(0.4)) return {"write", Value(++next)};
    return {"read", Value()};
  };
  return spec;
}

}  // namespace

TEST_CASE("causal: the histories of Bouajjani et al. get their published verdicts", "[check][causal]") {
  // "On verifying causal consistency", figure 3 (initial values are nil here, 0 there).
  // (a) causal memory, not causally convergent.
  const std::string a = "0 write x 1, 1 write x 2, 0 read x 2, 1 read x 1";
  CHECK(causal(a).empty());
  CHECK(convergent(a) == Set{"cyclic-conflict"});
  // (b) causally convergent.
  const std::string b =
      "0 write z 1, 0 write x 1, 0 write y 1, 1 write x 2, 1 read z nil, 1 read y 1, 1 read x 2";
  CHECK(causal(b).empty());
  CHECK(convergent(b).empty());
  // (c) causal, not convergent.
  const std::string c = "0 write x 1, 1 write x 2, 1 read x 1, 1 read x 2";
  CHECK(causal(c).empty());
  CHECK(convergent(c) == Set{"cyclic-conflict"});
  // (e) not causal: 0 writes x and y, 1 reads y, writes x, 2 reads that and then the older x.
  CHECK(causal("0 write x 1, 0 write y 1, 1 read y 1, 1 write x 2, 2 read x 2, 2 read x 1") ==
        Set{"overwritten"});
}

TEST_CASE("causal: every bad pattern is found", "[check][causal]") {
  CHECK(causal("0 read x 7") == Set{"thin-air"});
  // Ahamad et al. 1995: the reply is seen and what it replies to is not.
  CHECK(causal("0 write x 1, 1 read x 1, 1 write y 2, 2 read y 2, 2 read x nil") == Set{"initial-read"});
  CHECK(causal("0 read x 1, 0 write y 2, 1 read y 2, 1 write x 1") == Set{"cyclic-order"});
  CHECK(causal("0 write x 1, 0 write x 2, 1 read x 2, 1 read x 1") == Set{"overwritten"});
  CHECK(causal("0 write x 1, 0 read x nil") == Set{"initial-read"});
  // What is not ordered may be seen in any order.
  CHECK(causal("0 write x 1, 1 write y 1, 2 read x 1, 2 read y nil, 3 read y 1, 3 read x nil").empty());
}

TEST_CASE("causal: a write of unknown outcome counts where it was read", "[check][causal]") {
  const History h = history_of(
      "{:process 0 :type :invoke :f :write :key :x :value 1}\n{:process 0 :type :info :f :write :key :x "
      ":value 1}\n"
      "{:process 0 :type :invoke :f :write :key :y :value 2}\n{:process 0 :type :ok :f :write :key :y :value "
      "2}\n"
      "{:process 1 :type :invoke :f :read :key :y}\n{:process 1 :type :ok :f :read :key :y :value 2}\n"
      "{:process 1 :type :invoke :f :read :key :x}\n{:process 1 :type :ok :f :read :key :x :value nil}\n"
      "{:process 1 :type :invoke :f :read :key :x}\n{:process 1 :type :ok :f :read :key :x :value 1}\n");
  CHECK(names(check_causal(h)).empty());
  CHECK(names(check_session(h)).empty());
}

TEST_CASE("session: each guarantee has a history that breaks it and no other", "[check][session]") {
  // Terry et al. 1994, section 3: the password that was just changed, the mail that disappears, the file and
  // the library that it needs, the reply without its question.
  CHECK(session("0 write password 1, 0 read password nil") == Set{"read-your-writes"});
  CHECK(session("0 write x 1, 0 write x 2, 0 read x 1") == Set{"read-your-writes"});
  CHECK(session("0 write mail 1, 1 read mail 1, 1 read mail nil") == Set{"monotonic-reads"});
  CHECK(session("0 write x 1, 0 write x 2, 1 read x 2, 1 read x 1") == Set{"monotonic-reads"});
  CHECK(session("0 write library 1, 0 write file 1, 1 read file 1, 1 read library nil") ==
        Set{"monotonic-writes"});
  CHECK(session(
            "0 write question 1, 1 read question 1, 1 write reply 1, 2 read reply 1, 2 read question nil") ==
        Set{"writes-follow-reads"});
  // All of them allow a stale read by somebody else.
  CHECK(session("0 write x 1, 1 read x nil, 0 write x 2, 1 read x 1").empty());
}

TEST_CASE("causal: other operations and values written twice are errors", "[check][causal]") {
  CHECK_FALSE(check_causal(one_by_one("0 push x 1")).ok());
  CHECK_FALSE(check_causal(one_by_one("0 write x 1, 1 write x 1")).ok());
}

TEST_CASE("causal: memory beyond the budget gives unknown", "[check][causal]") {
  CHECK(check_causal(one_by_one("0 write x 1, 1 read x 1"), {false, 4})->outcome == Outcome::unknown);
}

TEST_CASE("causal: what is sequentially consistent is causal and keeps every guarantee",
          "[check][causal][oracle]") {
  int next = 0;
  const Spec spec = distinct_registers(next);
  Rng rng(31);
  int not_causal = 0, not_convergent = 0, sessions = 0, sequential = 0, constrained = 0;
  for (int i = 0; i < 3000; ++i) {
    next = 0;
    const History h = random_history(spec, rng, 0.4, 9, 2, true);
    const bool explained = Orders(spec, h, h.size(), false).explained();
    const bool c = check_causal(h)->outcome == Outcome::ok,
               v = check_causal(h, {true, 1u << 30})->outcome == Outcome::ok;
    const bool s = check_session(h)->outcome != Outcome::violated;
    const auto reason = not_sequential(h);
    INFO("history " << i << ":\n" << text_of(h));
    if (explained) {
      REQUIRE(c);
      REQUIRE(v);
      REQUIRE(s);
      REQUIRE_FALSE(reason.has_value());
    }
    if (!c) REQUIRE_FALSE(v);
    if (v)
      REQUIRE(
          s);  // one order of each key's writes, and causes before effects: that implies the four guarantees
    const auto judged = check_sequential(h, **model_named("register"));
    REQUIRE((judged->outcome == Outcome::ok) == explained);
    if (!explained) {
      INFO("shown:\n" << text_of(judged->history));
      REQUIRE_FALSE(Orders(spec, judged->history, judged->history.size(), false).explained());
    }
    not_causal += !c;
    not_convergent += c && !v;
    sessions += !s;
    sequential += !explained;
    constrained += reason.has_value();
  }
  CHECK(not_causal > 150);
  CHECK(not_convergent > 2);
  CHECK(sessions > 150);
  CHECK(constrained * 10 > sequential * 9);  // the constraints alone find nearly all
}
