#include "core/shard/scatter.hpp"

#include "bindings/stream/options.hpp"

namespace syslab {
namespace {

const Component scatter{{
    .name = "shard.scatter",
    .summary =
        "Scatter-gather: every request goes to all targets at once, and the answer is what has come by the "
        "deadline: { results, missing, failed, asked }.",
    .params = {any("to", "the services to ask"),
               duration("deadline", "after which who has not answered is missing").above(0).optional("1 s"),
               count("enough", "so many answers are enough").at_least(1).optional("all"),
               count("least", "with fewer answers than this it fails as 'timeout'").optional("0")},
    .returns = "Filter",
    .cost = "a call a target",
    .paper = "Dean & Barroso 2013, The tail at scale",
    .example = R"(
local w = lab.world{ seed = 1 }
local fast = w:fleet("fast", 3, { time = 5*ms })
local slow = w:service("slow", { time = 500*ms })
local all = w:service("search", { slots = 8, filters = { lab.shard.scatter{
  to = { fast[1], fast[2], fast[3], slow }, deadline = 50*ms } } })
local answer = all:call()
return answer.missing[1] == "slow" and #answer.missing == 1 and answer.results["fast-2"].node == "fast-2")",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"scatter", {}, nullptr, {}};
          ScatterOptions o;
          o.targets = nodes_option(L, a, "to", filter);
          o.deadline = a.duration("deadline", o.deadline);
          if (a.has("enough")) o.enough = a.count("enough");
          o.least = a.count("least", o.least);
          filter.make = make_scatter(std::move(o));
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
