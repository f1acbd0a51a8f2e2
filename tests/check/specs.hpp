// What the models of core/check should mean, written a second time for tests: plain functions on plain state,
// and the definitions of consistency by trying every order. Shares no code with what it tests.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/rng.hpp"
#include "core/observe/history.hpp"

namespace syslab::test {

using State = std::vector<int>;

inline History history_of(const std::string& lines) {
  std::istringstream in(lines);
  auto read = History::read(in);
  if (!read) FAIL(read.error().message);
  return std::move(*read);
}

inline std::string text_of(const History& h) {
  std::ostringstream out;
  h.write_jsonl(out);
  return out.str();
}

inline Value list_of(const State& state) {
  Value::List items;
  for (int v : state) items.emplace_back(v);
  return Value::list(std::move(items));
}

// A kind of object: what it can be asked, and what it does. Nothing where it cannot be done in this state.
struct Spec {
  std::string model;
  std::function<std::optional<Value>(State&, const std::string& f, const Value& argument)> apply;
  std::function<std::pair<std::string, Value>(Rng&)> ask;
};

inline Spec set_spec() {
  return {
      "set",
      [](State& s, const std::string& f, const Value& v) -> std::optional<Value> {
        if (f == "read") {
          State sorted = s;
          std::sort(sorted.begin(), sorted.end());
          return list_of(sorted);
        }
        const int x = static_cast<int>(v.number());
        const auto at = std::find(s.begin(), s.end(), x);
        const bool there = at != s.end();
        if (f == "contains") return Value(there);
        if (f == "add" && !there) s.push_back(x);
        if (f == "remove" && there) s.erase(at);
        return Value(f == "add" ? !there : there);
      },
      [](Rng& rng) -> std::pair<std::string, Value> {
        const char* f = std::vector<const char*>{"add", "add", "remove", "contains", "read"}[rng.below(5)];
        return {f, std::string(f) == "read" ? Value() : Value(static_cast<int>(rng.below(3)))};
      }};
}

// Without removes, where the checker takes a shorter way.
inline Spec growing_set_spec() {
  Spec spec = set_spec();
  spec.ask = [](Rng& rng) -> std::pair<std::string, Value> {
    const char* f = std::vector<const char*>{"add", "add", "contains", "read"}[rng.below(4)];
    return {f, std::string(f) == "read" ? Value() : Value(static_cast<int>(rng.below(4)))};
  };
  return spec;
}

inline Spec queue_spec() {
  return {"queue",
          [](State& s, const std::string& f, const Value& v) -> std::optional<Value> {
            if (f == "enqueue") {
              s.push_back(static_cast<int>(v.number()));
              return v;
            }
            if (s.empty()) return Value();
            const Value first(s.front());
            s.erase(s.begin());
            return first;
          },
          [](Rng& rng) -> std::pair<std::string, Value> {
            if (rng.chance(0.5)) return {"enqueue", Value(static_cast<int>(rng.below(3)))};
            return {"dequeue", Value()};
          }};
}

inline Spec counter_spec(bool shrinks) {
  return {"counter",
          [](State& s, const std::string& f, const Value& v) -> std::optional<Value> {
            if (s.empty()) s.push_back(0);
            if (f == "read") return Value(s[0]);
            s[0] += f == "increment" ? 1 : f == "decrement" ? -1 : static_cast<int>(v.number());
            return f == "add_and_get" ? Value(s[0]) : v;
          },
          [shrinks](Rng& rng) -> std::pair<std::string, Value> {
            switch (rng.below(shrinks ? 5 : 4)) {
              case 0:
                return {"add", Value(1 + static_cast<int>(rng.below(2)))};
              case 1:
                return {"increment", Value()};
              case 2:
                return {"add_and_get", Value(1)};
              case 3:
                return {"read", Value()};
              default:
                return {"decrement", Value()};
            }
          }};
}

inline Spec mutex_spec() {
  return {"mutex",
          [](State& s, const std::string& f, const Value&) -> std::optional<Value> {
            const bool held = !s.empty();
            if (held == (f == "acquire")) return std::nullopt;
            if (held) {
              s.clear();
            } else {
              s.push_back(1);
            }
            return Value();
          },
          [](Rng& rng) -> std::pair<std::string, Value> {
            return {rng.chance(0.5) ? "acquire" : "release", Value()};
          }};
}

inline Spec list_append_spec() {
  return {"list-append",
          [](State& s, const std::string& f, const Value& v) -> std::optional<Value> {
            if (f == "read") return list_of(s);
            s.push_back(static_cast<int>(v.number()));
            return v;
          },
          [](Rng& rng) -> std::pair<std::string, Value> {
            if (rng.chance(0.5)) return {"append", Value(static_cast<int>(rng.below(3)))};
            return {"read", Value()};
          }};
}

inline Spec register_spec() {
  return {"register",
          [](State& s, const std::string& f, const Value& v) -> std::optional<Value> {
            if (f == "read") return s.empty() ? Value() : Value(s[0]);
            if (f == "write") {
              s.assign(1, static_cast<int>(v.number()));
              return v;
            }
            if (s.empty() || v.list()[0] != Value(s[0])) return std::nullopt;
            s[0] = static_cast<int>(v.list()[1].number());
            return v;
          },
          [](Rng& rng) -> std::pair<std::string, Value> {
            const auto any = [&] { return Value(static_cast<int>(rng.below(3))); };
            switch (rng.below(5)) {
              case 0:
                return {"cas", Value::list({any(), any()})};
              case 1:
              case 2:
                return {"write", any()};
              default:
                return {"read", Value()};
            }
          }};
}

// A history with overlaps, timeouts and calls that are never answered. With probability `lies` an answer
// comes from an older state, or the operation does not take effect though it is acknowledged.
inline History random_history(const Spec& spec, Rng& rng, double lies, std::size_t ops_max, std::size_t keys,
                              bool sessions_only = false) {
  struct Call {
    History::OpId op = History::kNever;
    std::optional<Value> answer;
    bool applied = false;
  };
  const std::size_t processes = 2 + rng.below(3), ops = 1 + rng.below(ops_max);
  History h;
  std::vector<std::vector<State>> past(keys, std::vector<State>(1));
  std::vector<Call> calls(processes);
  std::int64_t now = 0;
  const auto apply = [&](Call& call) {
    if (call.applied) return true;
    const Event& start = h.invocation(call.op);
    auto& states = past[static_cast<std::size_t>(start.key.number())];
    State next = states.back();
    const bool lie = rng.chance(lies);
    if (lie) next = states[rng.below(states.size())];
    call.answer = spec.apply(next, start.f, start.value);
    if (!call.answer) return false;
    call.applied = true;
    if (!lie) states.push_back(next);
    return true;
  };
  for (std::size_t started = 0, steps = 0; steps < 80; ++steps) {
    const auto p = rng.below(processes);
    Call& call = calls[p];
    const Instant time{Duration(++now)};
    if (call.op == History::kNever) {
      if (started == ops) continue;
      ++started;
      call = {};
      const auto [f, argument] = spec.ask(rng);
      call.op =
          h.invoke(static_cast<std::int64_t>(p), f, Value(static_cast<int>(rng.below(keys))), argument, time);
      continue;
    }
    if (rng.chance(0.4)) {
      apply(call);
      continue;
    }
    if (rng.chance(sessions_only ? 0.05 : 0.15)) {
      h.complete(call.op, Event::Type::info, {}, time, "timeout");
    } else if (apply(call)) {
      const std::string& f = h.invocation(call.op).f;
      if (f == "dequeue" && call.answer->is_nil() && rng.chance(0.5)) {
        h.complete(call.op, Event::Type::fail, {}, time, "empty");
      } else {
        h.complete(call.op, Event::Type::ok, *call.answer, time);
      }
    } else {
      if (!rng.chance(0.3)) continue;  // it waits, or is told that it did not happen
      h.complete(call.op, Event::Type::fail, {}, time, "unavailable");
    }
    call.op = History::kNever;
  }
  return h;
}

// The definitions, by trying every order. Histories of at most 32 operations.
class Orders {
 public:
  // Only the first `events` events count. `real_time`: linearizable; else sequentially consistent.
  Orders(const Spec& spec, const History& h, std::size_t events, bool real_time)
      : spec_(spec), real_time_(real_time) {
    std::map<std::int64_t, std::vector<std::size_t>> before;  // of each process, what it finished
    for (History::OpId op = 0; op < h.ops().size(); ++op) {
      const History::Op& span = h.ops()[op];
      if (span.invoke >= events) continue;
      const Event& start = h.invocation(op);
      const Event* end = span.completion < events ? h.completion(op) : nullptr;
      Op o{start.f, start.key, start.value, {}, false, span.invoke, History::kNever, before[start.process]};
      if (end != nullptr && end->type == Event::Type::fail) {
        if (!(start.f == "dequeue" && end->error == Value("empty"))) continue;
        o.must = true;
      } else if (end != nullptr && end->type == Event::Type::ok) {
        o.must = true;
        o.answer = end->value;
      }
      if (o.must) {
        o.returned = span.completion;
        before[start.process].push_back(ops_.size());
      }
      ops_.push_back(std::move(o));
    }
  }

  bool explained() { return explore(0, {}); }

 private:
  struct Op {
    std::string f;
    Value key, argument, answer;
    bool must;
    std::size_t invoked, returned;
    std::vector<std::size_t> after;
  };

  bool explore(std::uint32_t done, const std::map<Value, State>& states) {
    bool complete = true;
    std::size_t earliest = History::kNever;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if (done >> i & 1 || !ops_[i].must) continue;
      complete = false;
      earliest = std::min(earliest, ops_[i].returned);
    }
    if (complete) return true;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      const Op& op = ops_[i];
      if (done >> i & 1 || (real_time_ && op.invoked > earliest)) continue;
      if (!real_time_ &&
          !std::all_of(op.after.begin(), op.after.end(), [&](std::size_t b) { return done >> b & 1; }))
        continue;
      std::map<Value, State> next = states;
      const auto answer = spec_.apply(next[op.key], op.f, op.argument);
      if (!answer || (op.must && *answer != op.answer)) continue;
      if (explore(done | 1u << i, next)) return true;
    }
    return false;
  }

  const Spec& spec_;
  bool real_time_;
  std::vector<Op> ops_;
};

}  // namespace syslab::test
