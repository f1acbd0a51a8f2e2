#include "core/check/counter.hpp"

#include <catch2/catch.hpp>

using namespace syslab;

namespace {

struct Count {
  History history = {};
  Count& op(int process, const char* f, Value value, Event::Type end, Value answer = {}) {
    history.complete(history.invoke(process, f, {}, value, Instant()), end, answer, Instant());
    return *this;
  }
  Count& ok(int process, const char* f, Value value) { return op(process, f, value, Event::Type::ok, value); }
  Count& read(int process, double value) { return op(process, "read", {}, Event::Type::ok, value); }
  std::string found() const {
    const auto judgement = check_final_count(history);
    REQUIRE(judgement.ok());
    if (judgement->outcome == Outcome::unknown) return "unknown";
    return judgement->anomalies.empty() ? "" : judgement->anomalies[0].name;
  }
};

}  // namespace

TEST_CASE("counter: reads may be behind, but not in the end", "[check][counter]") {
  CHECK(Count().ok(1, "increment", 2).read(2, 0).ok(1, "decrement", 1).read(1, 1).read(2, 1).found() == "");
  CHECK(Count().ok(1, "increment", 2).ok(1, "add", 3).read(1, 5).read(2, 2).found() == "lost");
  CHECK(Count().ok(1, "increment", {}).ok(1, "increment", {}).read(1, 2).found() == "");
  CHECK(Count().ok(1, "add", -3).read(1, -3).read(2, -3).found() == "");
}

TEST_CASE("counter: a change of unknown outcome counts once or not at all, a failed one not at all",
          "[check][counter]") {
  const auto unknown = [](double read) {
    return Count().ok(1, "increment", 1).op(2, "increment", 4, Event::Type::info).read(1, read).found();
  };
  CHECK(unknown(1) == "");
  CHECK(unknown(5) == "");
  CHECK(unknown(0) == "lost");
  CHECK(unknown(9) == "unexpected");
  CHECK(Count().ok(1, "increment", 1).op(2, "increment", 4, Event::Type::fail).read(1, 5).found() ==
        "counted-twice");
}

TEST_CASE("counter: without a last read it cannot tell, and other operations are none", "[check][counter]") {
  CHECK(Count().read(1, 0).ok(1, "increment", 1).found() == "unknown");
  CHECK_FALSE(check_final_count(Count().ok(1, "write", 1).history).ok());
  CHECK_FALSE(check_final_count(Count().ok(1, "add", {}).history).ok());
}
