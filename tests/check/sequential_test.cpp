#include "core/check/sequential.hpp"

#include "tests/check/specs.hpp"

using namespace syslab;
using namespace syslab::test;
using Catch::Matchers::Contains;

namespace {

Judgement judge(const History& h, const std::string& model = "register",
                const SequentialOptions& options = {}) {
  auto judgement = check_sequential(h, **model_named(model), options);
  if (!judgement) FAIL(judgement.error().message);
  return std::move(*judgement);
}

// One operation after the other, as if nothing overlapped: "0 write x 1, 1 read x nil".
History one_by_one(const std::string& text) {
  History h;
  std::istringstream ops(text);
  for (std::string one; std::getline(ops, one, ',');) {
    std::istringstream words(one);
    std::int64_t process = 0;
    std::string f, key, value;
    words >> process >> f >> key >> value;
    const Value v = value == "nil" ? Value() : Value(std::stod(value));
    const bool read = f == "read";
    const auto op = h.invoke(process, f, Value(key), read ? Value() : v, Instant(Duration(0)));
    h.complete(op, Event::Type::ok, v, Instant(Duration(0)));
  }
  return h;
}

}  // namespace

TEST_CASE("sequential: a stale read is allowed, an impossible order is not", "[check][sequential]") {
  // Not linearizable, but process 1 may be thought of as slow.
  CHECK(judge(one_by_one("0 write x 1, 1 read x nil, 1 read x 1")).outcome == Outcome::ok);
  CHECK(judge(one_by_one("0 write x 1, 1 read x 1, 1 read x nil")).outcome == Outcome::violated);
  // A process sees its own writes.
  CHECK(judge(one_by_one("0 write x 1, 0 read x nil")).outcome == Outcome::violated);
}

TEST_CASE("sequential: published histories get their published verdicts", "[check][sequential]") {
  // Attiya & Welch 1994, "Sequential consistency versus linearizability", and Lamport 1979's two processes
  // that both enter the critical section: each writes its flag and then reads the other's, and both read the
  // old one.
  CHECK(judge(one_by_one("0 write x 1, 1 write y 1, 0 read y nil, 1 read x nil")).outcome ==
        Outcome::violated);
  CHECK(judge(one_by_one("0 write x 1, 1 write y 1, 0 read y nil, 1 read x 1")).outcome == Outcome::ok);
  // Independent reads of independent writes (Boehm & Adve 2008, figure 5): two readers see two writes in
  // different orders.
  CHECK(judge(one_by_one("0 write x 1, 1 write y 1, 2 read x 1, 2 read y nil, 3 read y 1, 3 read x nil"))
            .outcome == Outcome::violated);
  // Herlihy & Wing 1990, section 3.3: two fifo queues p and q, each sequentially consistent by itself,
  // together not.
  const std::string both =
      "0 enqueue p 1, 1 enqueue q 2, 0 enqueue q 1, 1 enqueue p 2, 0 dequeue p 2, 1 dequeue q 1";
  CHECK(judge(one_by_one(both), "queue").outcome == Outcome::violated);
  CHECK(judge(one_by_one("0 enqueue p 1, 1 enqueue p 2, 0 dequeue p 2"), "queue").outcome == Outcome::ok);
  CHECK(judge(one_by_one("1 enqueue q 2, 0 enqueue q 1, 1 dequeue q 1"), "queue").outcome == Outcome::ok);
}

TEST_CASE("sequential: a violation is shown in the operations it needs", "[check][sequential]") {
  const Judgement judgement =
      judge(one_by_one("0 write z 7, 2 read z 7, 0 write x 1, 1 write y 1, 2 write z 8, 0 read y nil, 1 read "
                       "x nil, 2 read z 8"));
  CHECK(judgement.outcome == Outcome::violated);
  CHECK(judgement.history.ops().size() == 4);
  CHECK(judgement.picture ==
        "  process 0  write 1 on key \"x\", then read nil on key \"y\"\n"
        "  process 1  write 1 on key \"y\", then read nil on key \"x\"\n");
}

TEST_CASE("sequential: the budgets give unknown, never a guess", "[check][sequential]") {
  std::string text;  // values that are not distinct, so that constraints alone say nothing
  for (int p = 0; p < 8; ++p) {
    for (int i = 0; i < 4; ++i) text += std::to_string(p) + " write x " + std::to_string(i) + ", ";
  }
  const History hard = one_by_one(text + "9 read x 999");
  SequentialOptions options;
  options.steps_max = 1000;
  CHECK(judge(hard, "register", options).outcome == Outcome::unknown);
  CHECK_THAT(judge(hard, "register", options).message, Contains("gave up after 10"));
  options = {};
  options.memory_bytes_max = 100'000;
  CHECK(judge(hard, "register", options).outcome == Outcome::unknown);
}

TEST_CASE("sequential: random histories agree with the definition", "[check][sequential][oracle]") {
  const std::vector<Spec> specs = {register_spec(), queue_spec(), list_append_spec(), counter_spec(true)};
  Rng rng(5);
  int wrong = 0;
  for (int i = 0; i < 4000; ++i) {
    const Spec& spec = specs[static_cast<std::size_t>(i) % specs.size()];
    const History h = random_history(spec, rng, i % 4 == 0 ? 0.0 : 0.4, 7, 2, true);
    const bool expected = Orders(spec, h, h.size(), false).explained();
    const Judgement judgement = judge(h, spec.model);
    INFO("history " << i << " of a " << spec.model << ":\n" << text_of(h) << to_text(judgement));
    REQUIRE((judgement.outcome == Outcome::ok) == expected);
    if (expected) continue;
    ++wrong;
    INFO("shown:\n" << text_of(judgement.history));
    REQUIRE_FALSE(Orders(spec, judgement.history, judgement.history.size(), false).explained());
  }
  CHECK(wrong > 300);
}
