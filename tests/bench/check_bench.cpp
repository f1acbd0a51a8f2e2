// The checker against the textbook: Wing and Gong's search over a linked list of events with Lowe's memory of
// (operations that took effect, state), as porcupine does it, on one register that five clients share.
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/base/rng.hpp"
#include "core/check/linearizable.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

struct Recorded {
  History history;
  struct Op {
    bool write;
    int value;
    std::size_t invoked, returned;
  };
  std::vector<Op> ops;  // the same for the reference
};

// A correct register: an operation takes effect at some time between its call and its answer.
Recorded record(std::size_t clients, std::size_t events, double timeouts) {
  struct Call {
    History::OpId op = History::kNever;
    bool applied = false;
  };
  Rng rng(1);
  Recorded r;
  std::vector<Call> calls(clients);
  int state = -1;
  const auto value_of = [](int value) { return value < 0 ? Value() : Value(value); };
  for (std::size_t steps = 0; r.history.size() < events; ++steps) {
    const std::size_t p = rng.below(clients);
    Call& call = calls[p];
    const Instant now{Duration(static_cast<std::int64_t>(steps))};
    if (call.op == History::kNever) {
      const bool write = rng.chance(0.5);
      const int value = write ? static_cast<int>(rng.below(100)) : -1;
      r.ops.push_back({write, value, r.history.size(), History::kNever});
      call = {
          r.history.invoke(static_cast<std::int64_t>(p), write ? "write" : "read", {}, value_of(value), now)};
      continue;
    }
    Recorded::Op& op = r.ops[call.op];
    if (!call.applied) {
      (op.write ? state : op.value) = op.write ? op.value : state;
      call.applied = true;
      continue;
    }
    const bool lost = op.write && rng.chance(timeouts);
    if (!lost) op.returned = r.history.size();
    r.history.complete(call.op, lost ? Event::Type::info : Event::Type::ok, value_of(op.value), now);
    call.op = History::kNever;
  }
  return r;
}

bool reference(const std::vector<Recorded::Op>& ops) {
  struct Node {
    std::size_t op;
    bool call;
    std::size_t before, after, match;
  };
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> order;  // event -> 2 * op + (0 call, 1 return)
  for (std::size_t i = 0; i < ops.size(); ++i) {
    order[{ops[i].invoked, i}] = 2 * i;
    if (ops[i].write || ops[i].returned != History::kNever) order[{ops[i].returned, i}] = 2 * i + 1;
  }
  std::vector<Node> list(1, {0, false, 0, 0, 0});  // a head before all
  std::vector<std::size_t> call_of(ops.size());
  for (const auto& [event, id] : order) {
    const std::size_t op = id / 2, here = list.size();
    const bool call = id % 2 == 0;
    if (call && !ops[op].write && ops[op].returned == History::kNever) continue;  // an unanswered read
    list.push_back({op, call, here - 1, 0, 0});
    list[here - 1].after = here;
    if (call) {
      call_of[op] = here;
    } else {
      list[call_of[op]].match = here;
    }
  }
  const auto unlink = [&](std::size_t n) {
    list[list[n].before].after = list[n].after;
    if (list[n].after != 0) list[list[n].after].before = list[n].before;
  };
  const auto relink = [&](std::size_t n) {
    list[list[n].before].after = n;
    if (list[n].after != 0) list[list[n].after].before = n;
  };
  std::set<std::pair<std::vector<std::uint64_t>, int>> seen;
  std::vector<std::uint64_t> done((ops.size() + 63) / 64);
  std::vector<std::pair<std::size_t, int>> stack;
  int state = -1;
  std::size_t at = list[0].after;
  while (list[0].after != 0) {
    const Node& node = list[at];
    if (node.call) {
      const Recorded::Op& op = ops[node.op];
      if (op.write || op.value == state) {
        done[node.op / 64] ^= 1ull << node.op % 64;
        const int next = op.write ? op.value : state;
        if (seen.emplace(done, next).second) {
          stack.emplace_back(at, state);
          state = next;
          unlink(at);
          unlink(node.match);
          at = list[0].after;
          continue;
        }
        done[node.op / 64] ^= 1ull << node.op % 64;
      }
      at = node.after;
      continue;
    }
    if (stack.empty()) return false;
    at = stack.back().first;
    state = stack.back().second;
    stack.pop_back();
    done[list[at].op / 64] ^= 1ull << list[at].op % 64;
    relink(list[at].match);
    relink(at);
    at = list[at].after;
  }
  return true;
}

void judge(RatioRun& run, const Recorded& recorded, int repeats) {
  const Model& model = **model_named("register");
  run.compare(
      static_cast<double>(recorded.ops.size()) * repeats,
      [&] {
        for (int i = 0; i < repeats; ++i) {
          SYSLAB_ASSERT(check_linearizable(recorded.history, model)->outcome == Outcome::ok);
        }
      },
      [&] {
        for (int i = 0; i < repeats; ++i) SYSLAB_ASSERT(reference(recorded.ops));
      });
}

const RatioRow answered("linearizable register, 5 clients, all answered, operations", 2.0,
                        [](RatioRun& run) { judge(run, record(5, 2000, 0), 4); });

const RatioRow lost("linearizable register, 5 clients, 1 % lost, operations", 2.0,
                    [](RatioRun& run) { judge(run, record(5, 1000, 0.01), 4); });

}  // namespace
}  // namespace syslab::bench
