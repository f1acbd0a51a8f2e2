// What is special to single data types.
#include "core/replicate/crdt.hpp"

#include <catch2/catch.hpp>

using namespace syslab;

namespace {

Value op(const char* name, Value::Map rest = {}) {
  rest.emplace_back("op", name);
  return Value::map(std::move(rest));
}
Value type_at(double at, const char* text) {
  return op("insert", {{"at", at}, {"text", text}});
}
Value erase(double at, double count = 1) {
  return op("delete", {{"at", at}, {"count", count}});
}

Value done(Crdt& crdt, const Value& operation) {
  const auto delta = crdt.apply(operation);
  REQUIRE(delta.ok());
  return *delta;
}
void merge(Crdt& crdt, const Value& state) {
  REQUIRE(crdt.merge(state).ok());
}
// Each learns what the other one did.
void exchange(Crdt& a, Crdt& b) {
  merge(a, b.state());
  merge(b, a.state());
  REQUIRE(a.state() == b.state());
}

}  // namespace

TEST_CASE("rga_text: two users correct one word at the same time, and both corrections are in it",
          "[replicate][crdt]") {
  // The example of Oster et al. 2006 (WOOT) and Imine et al. 2003: "efecte" with ins(2, f) and del(6) is
  // "effect", where replaying the positions as they stand gives "effece" at one of the two.
  const auto a = make_rga_text({.replica = "a"}), b = make_rga_text({.replica = "b"});
  merge(*b, done(*a, type_at(1, "efecte")));
  const Value typed = done(*a, type_at(2, "f"));
  const Value deleted = done(*b, erase(6));
  CHECK(a->value() == Value("effecte"));
  CHECK(b->value() == Value("efect"));
  merge(*a, deleted);
  merge(*b, typed);
  CHECK(a->value() == Value("effect"));
  CHECK(b->value() == Value("effect"));
}

TEST_CASE("rga_text: what two users type onwards at one place stands one after the other",
          "[replicate][crdt]") {
  const auto a = make_rga_text({.replica = "a"}), b = make_rga_text({.replica = "b"});
  merge(*b, done(*a, type_at(1, "Hello!")));
  double at = 6;
  for (const char* c : {" ", "y", "o", "u"}) done(*a, type_at(at++, c));
  at = 6;
  for (const char* c : {" ", "a", "l", "l"}) done(*b, type_at(at++, c));
  exchange(*a, *b);
  CHECK(a->value() == Value("Hello all you!"));
}

TEST_CASE("rga_text: of what is typed backwards at one place, another user's words come in between",
          "[replicate][crdt]") {
  // Kleppmann et al. 2019, "Interleaving anomalies in collaborative text editors", section 2: one user types
  // " reader", goes back and types " dear"; the other one types " Alice". Among the results that RGA allows
  // is "Hello dear Alice reader!", which is what comes out where Alice's word is between the two in time.
  const auto a = make_rga_text({.replica = "a"}), b = make_rga_text({.replica = "b"});
  merge(*b, done(*a, type_at(1, "Hello!")));
  done(*a, type_at(6, " reader"));
  done(*a, type_at(6, " dear"));
  done(*b, type_at(6, " Alice"));
  exchange(*a, *b);
  CHECK(a->value() == Value("Hello dear Alice reader!"));
}

TEST_CASE("rga_text: behind a character that somebody else deletes, one can still type",
          "[replicate][crdt]") {
  const auto a = make_rga_text({.replica = "a"}), b = make_rga_text({.replica = "b"});
  merge(*b, done(*a, type_at(1, "one two three")));
  done(*a, erase(4, 4));
  done(*b, type_at(8, " and a half"));
  exchange(*a, *b);
  CHECK(a->value() == Value("one and a half three"));
}

TEST_CASE("rga_text: places count characters, not bytes, and half a character is no text",
          "[replicate][crdt]") {
  const auto a = make_rga_text({.replica = "a"});
  done(*a, type_at(1, "Zürich"));
  done(*a, erase(2));
  done(*a, type_at(2, "ue"));
  CHECK(a->value() == Value("Zuerich"));
  CHECK_FALSE(a->apply(type_at(1, "\xC3")).ok());
  CHECK_FALSE(a->apply(type_at(9, "x")).ok());
  CHECK_FALSE(a->apply(erase(7, 2)).ok());
  CHECK(a->value() == Value("Zuerich"));
}

TEST_CASE("rga_text: a deleted run keeps its place, not its text", "[replicate][crdt]") {
  const auto a = make_rga_text({.replica = "a"});
  done(*a, type_at(1, std::string(10'000, 'x').c_str()));
  CHECK(a->size_bytes() > 10'000);
  done(*a, erase(1, 10'000));
  CHECK(a->value() == Value(""));
  CHECK(a->size_bytes() < 100);
}

TEST_CASE("or_set: what was added and removed ten thousand times leaves a place in the context",
          "[replicate][crdt]") {
  const auto or_set = make_or_set({.replica = "a"}), two_phase = make_two_phase_set({.replica = "a"});
  for (int i = 0; i < 10'000; ++i) {
    for (Crdt* set : {or_set.get(), two_phase.get()}) {
      done(*set, op("add", {{"value", i}}));
      done(*set, op("remove", {{"value", i}}));
    }
  }
  CHECK(or_set->size_bytes() < 50);
  CHECK(two_phase->size_bytes() > 100'000);
}

TEST_CASE("or_set: a delta that arrives before the one it replaces keeps that one away",
          "[replicate][crdt]") {
  const auto a = make_or_set({.replica = "a"}), b = make_or_set({.replica = "b"});
  const Value add = done(*a, op("add", {{"value", "x"}}));
  const Value remove = done(*a, op("remove", {{"value", "x"}}));
  merge(*b, remove);
  merge(*b, add);
  CHECK(b->value() == Value::list({}));
  CHECK(b->state() == a->state());
}

TEST_CASE("mv_register: a set replaces what its writer saw, given as a context, and nothing else",
          "[replicate][crdt]") {
  const auto run = [](CrdtBug bug) {
    const auto a = make_mv_register({.replica = "a", .bug = bug});
    done(*a, op("set", {{"value", 1}}));
    const Value seen = a->state().list()[0];
    done(*a, op("set", {{"value", 2}, {"context", Value::map({})}}));  // a writer that had seen nothing
    done(*a, op("set", {{"value", 3}, {"context", seen}}));
    return a->value();
  };
  CHECK(run(CrdtBug::none) == Value::list({2, 3}));
  CHECK(run(CrdtBug::ignores_context) == Value::list({3}));
}

TEST_CASE("lww_register: without times a write is later than all that its replica knows",
          "[replicate][crdt]") {
  const auto a = make_lww_register({.replica = "a"}), b = make_lww_register({.replica = "b"});
  for (int i = 0; i < 5; ++i) done(*b, op("set", {{"value", i}}));
  merge(*a, b->state());
  done(*a, op("set", {{"value", "last"}}));
  exchange(*a, *b);
  CHECK(b->value() == Value("last"));
  // With times of clocks, one that is behind loses even to what it knows.
  done(*a, op("set", {{"value", "behind"}, {"time", 1}}));
  CHECK(a->value() == Value("last"));
}

TEST_CASE("crdt: changes that are no longer kept are answered with the whole state", "[replicate][crdt]") {
  const auto a = make_g_set({.replica = "a", .deltas_kept = 2});
  for (int i = 1; i <= 5; ++i) done(*a, op("add", {{"value", i}}));
  CHECK(a->delta_since(5) == Value::list({}));
  CHECK(a->delta_since(3) == Value::list({4, 5}));
  CHECK(a->delta_since(2) == Value::list({1, 2, 3, 4, 5}));
}
