#include "core/check/counter.hpp"

#include "bindings/check/judgement.hpp"

namespace syslab {
namespace {

const Component counter{{
    .name = "check.counter",
    .summary =
        "Does a counter, whose reads may be behind, lose or repeat anything? Of increment, decrement and "
        "add with an amount, and read.",
    .params = {history_param()},
    .returns = judgement_returns("acknowledged, unknown, reads, last, "),
    .cost = "O(n)",
    .paper = "Jepsen, checker/counter; Maelstrom, g-counter and pn-counter",
    .example = R"(local h = lab.history()
local function done(process, f, asked, answered)
  h:append{ process = process, type = "invoke", f = f, value = asked }
  h:append{ process = process, type = "ok", f = f, value = answered }
end
done(1, "increment", 2); done(2, "increment", 3)
done(1, "read", nil, 5); done(2, "read", nil, 3)
return lab.check.counter(h).anomalies[1].name == "lost")",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(L, a, check_final_count(*a.object<History>("history")));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
