#include "core/check/transactions.hpp"

#include "bindings/check/judgement.hpp"

namespace syslab {
namespace {

std::vector<Param> params() {
  return {
      history_param(),
      choice("level", isolation_levels(), "what the transactions should keep").optional("'serializable'"),
      count("steps", "how long to search for cycles before the verdict is unknown").optional("50 million")};
}

TransactionOptions options_of(const Arguments& a) {
  TransactionOptions options;
  options.level = *isolation_level(a.string("level", "serializable"));
  options.steps_max = a.count("steps", options.steps_max);
  return options;
}

constexpr char kCost[] = "O(operations) and a search in what depends on itself";
constexpr char kPaper[] = "Adya, Liskov & O'Neil 2000; Kingsbury & Alvaro 2020, Elle";

const Component list_append{{
    .name = "check.list_append",
    .summary = "Which anomalies do transactions on lists show (G0, G1a, G1b, G1c, G-single, G2, lost updates "
               "...), and "
               "does the isolation level allow them? By cycles of dependencies, as Elle does it.",
    .params = params(),
    .returns = judgement_returns("allowed, level, "),
    .cost = kCost,
    .paper = kPaper,
    .example = R"(
local h = lab.history()
local function txn(process, asked, answered)
  h:append{ process = process, type = "invoke", f = "txn", value = asked }
  return function() h:append{ process = process, type = "ok", f = "txn", value = answered } end
end
local a = txn(1, { { "r", "x" }, { "append", "y", 1 } }, { { "r", "x", {} }, { "append", "y", 1 } })
local b = txn(2, { { "r", "y" }, { "append", "x", 2 } }, { { "r", "y", {} }, { "append", "x", 2 } })
a(); b()                                              -- write skew: neither saw the other
txn(3, { { "r", "x" }, { "r", "y" } }, { { "r", "x", { 2 } }, { "r", "y", { 1 } } })()
return lab.check.list_append(h).anomalies[1].name == "G2-item"
  and lab.check.list_append{ history = h, level = "read-committed" }.verdict == "ok")",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(L, a, check_list_append(*a.object<History>("history"), options_of(a)));
    },
    .privileged = true,
}};

const Component rw_register{{
    .name = "check.rw_register",
    .summary = "The same of transactions on registers, [\"w\", key, value] and [\"r\", key, value]: less is "
               "known of the "
               "order of versions there.",
    .params = params(),
    .returns = judgement_returns("allowed, level, "),
    .cost = kCost,
    .paper = kPaper,
    .example = R"(
local h = lab.history()
local function txn(process, asked, answered)
  h:append{ process = process, type = "invoke", f = "txn", value = asked }
  return function() h:append{ process = process, type = "ok", f = "txn", value = answered } end
end
local a = txn(1, { { "r", "x" }, { "w", "x", 1 } }, { { "r", "x" }, { "w", "x", 1 } })
local b = txn(2, { { "r", "x" }, { "w", "x", 2 } }, { { "r", "x" }, { "w", "x", 2 } })
a(); b()                                              -- both read nil and wrote the next version
return lab.check.rw_register(h).text:find("lost%-update") ~= nil)",
    .make = [](lua_State* L, Arguments& a) -> int {
      return push_judgement(L, a, check_rw_register(*a.object<History>("history"), options_of(a)));
    },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
