#include "core/check/invariants.hpp"

#include "bindings/check/judgement.hpp"

namespace syslab {
namespace {

constexpr char kDone[] = R"(
local h = lab.history()
local function done(process, f, asked, answered)
  h:append{ process = process, type = "invoke", f = f, value = asked }
  h:append{ process = process, type = "ok", f = f, value = answered }
end
)";

const Component total_queue{{
    .name = "check.total_queue",
    .summary = "Does everything that a queue accepted come out? Of enqueue, dequeue and drain, the messages "
               "distinct.",
    .params = {history_param(),
               boolean("once", "whether a message that comes out twice is a violation").optional("false")},
    .returns = judgement_returns("acknowledged, lost, unexpected, duplicated, recovered, inside, "),
    .cost = "O(n log n)",
    .paper = "Jepsen, checker/total-queue",
    .example = std::string(kDone) + R"(done(1, "enqueue", "a"); done(1, "enqueue", "b")
done(2, "dequeue", nil, "b"); done(2, "dequeue", nil, nil)          -- empty, and where is a?
return lab.check.total_queue(h).lost == 1)",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(L, a, check_total_queue(*a.object<History>("history"), a.boolean("once", false)));
    },
    .privileged = true,
}};

const Component set{{
    .name = "check.set",
    .summary = "Does what was added to a set stay in it? Of add and read, each element added once.",
    .params = {history_param(),
               boolean("linearizable", "whether a read that misses an element for a while is a violation")
                   .optional("false")},
    .returns = judgement_returns("ok, lost, unexpected, stale, duplicated, recovered, never_read, reads, "),
    .cost = "O(total size of the reads x log n)",
    .paper = "Jepsen, checker/set-full",
    .example = std::string(kDone) + R"(done(1, "add", 1); done(1, "add", 2)
done(2, "read", nil, { 2 })
return lab.check.set(h).lost == 1)",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(L, a, check_set(*a.object<History>("history"), a.boolean("linearizable", false)));
    },
    .privileged = true,
}};

const Component bank{{
    .name = "check.bank",
    .summary = "Do the balances that are read always add up to the same? Of read, which answers a map or "
               "list of balances.",
    .params = {history_param(), number("total", "what they add up to").optional("what the first read says"),
               boolean("negative", "whether balances may be below 0").optional("false")},
    .returns = judgement_returns("reads, "),
    .cost = "O(n x accounts)",
    .paper = "Jepsen, tests/bank",
    .example = std::string(kDone) + R"(done(1, "read", nil, { a = 5, b = 5 })
done(1, "read", nil, { a = 4, b = 5 })                              -- in the middle of a transfer
return lab.check.bank(h).anomalies[1].name == "wrong-total")",
    .make = [](lua_State* L, Arguments& a) -> int {
      std::optional<double> total;
      if (a.has("total")) total = a.number("total");
      return push_judgement(L, a,
                            check_bank(*a.object<History>("history"), total, a.boolean("negative", false)));
    },
    .privileged = true,
}};

const Component long_fork{{
    .name = "check.long_fork",
    .summary = "Do any two reads agree on the order of two writes? Of write (a key each, once) and read of "
               "several keys.",
    .params = {history_param()},
    .returns = judgement_returns("reads, writes, "),
    .cost = "O(reads^2 x keys of a read) at worst",
    .paper = "Sovran et al. 2011, Transactional storage for geo-replicated systems",
    .example = std::string(kDone) + R"(done(1, "write", "x"); done(2, "write", "y")
done(3, "read", nil, { x = true, y = false }); done(4, "read", nil, { x = false, y = true })
return lab.check.long_fork(h).verdict == "violated")",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(L, a, check_long_fork(*a.object<History>("history")));
    },
    .privileged = true,
}};

const Component convergence{{
    .name = "check.convergence",
    .summary =
        "Once writes have stopped, do all come to read the same, with nothing that was acknowledged missing?",
    .params = {history_param(),
               duration("settle", "how long after the last change reads begin to count").optional("0"),
               boolean("ordered", "whether lists must agree in their order, too").optional("false")},
    .returns = judgement_returns("keys, judged, "),
    .cost = "O(n log n)",
    .example = std::string(kDone) + R"(done(1, "write", 1); done(2, "write", 2)
done(1, "read", nil, 1); done(2, "read", nil, 2)                    -- and so for ever
return lab.check.convergence(h).anomalies[1].name == "diverged")",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(
          L, a,
          check_convergence(*a.object<History>("history"), a.duration("settle", Duration::zero()),
                            a.boolean("ordered", false)));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
