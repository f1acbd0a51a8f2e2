#include "core/limit/shared.hpp"

#include <algorithm>

#include "bindings/resilience/filter.hpp"
#include "bindings/world/lab_world.hpp"

namespace syslab {
namespace {

const Component shared{{
    .name = "limit.shared",
    .summary =
        "A token bucket that several nodes share: by asking a store for each request, not at all, or by "
        "allowances that are renewed every interval.",
    .params =
        {choice("form", {"central", "local", "batched"},
                "central asks the store for each request; local has a part of its own; batched takes from an "
                "allowance, and so may admit nodes * rate * interval too much"),
         rate("rate", "tokens a second, of all nodes together").above(0).at_most(1e15),
         number("burst", "tokens the bucket holds")
             .above(0)
             .at_most(1e15)
             .optional("one second of rate, at least 1"),
         object("store", "Node", "the service with the filter lab.limit.store()")
             .optional("none, in the form local"),
         count("nodes", "how many share it, for what is local").at_least(1).optional("1"),
         choice("share", {"split", "full"}, "what a node has in the form local: its part, or everything")
             .optional("split"),
         duration("interval", "between two reports to the store, in the form batched")
             .above(0)
             .optional("100 ms"),
         duration("timeout", "how long the store may take").above(0).optional("50 ms"),
         choice("on_failure", {"closed", "open", "local"},
                "what happens when the store does not answer: nothing passes, everything does, or the node's "
                "part")
             .optional("closed"),
         choice("by", {"all", "key", "caller"}, "whose budget it is").optional("all"),
         count("max_keys", "how many budgets a node keeps track of")
             .at_least(1)
             .at_most(1e9)
             .optional("100000")},
    .returns = "Filter",
    .cost = "central: a round trip a request; batched: a message an interval; local: none",
    .example = R"(
local w = lab.world{ seed = 1 }
local store = w:service("store", { filters = { lab.limit.store() } })
local limit = lab.limit.shared{ form = "central", rate = 1, burst = 2, store = store }
local api = w:fleet("api", 3, { filters = { limit } })
api[1]:call(); api[2]:call()
local value, err = api[3]:call()
return value == nil and err.code == "rate_limited")",
    .make =
        [](lua_State* L, Arguments& a) {
          using Options = SharedLimitOptions;
          Options o;
          const std::string form = a.string("form"), failure = a.string("on_failure", "closed"),
                            by = a.string("by", "all");
          o.form = form == "local"     ? Options::Form::local
                   : form == "batched" ? Options::Form::batched
                                       : Options::Form::central;
          o.rate = a.number("rate");
          o.burst = a.number("burst", std::max(1.0, o.rate));
          o.nodes = a.count("nodes", o.nodes);
          if (a.string("share", "split") == "full") o.share = Options::Share::full;
          if (const auto store = a.object<NodeHandle>("store")) {
            o.store = store->id;
          } else if (o.form != Options::Form::local) {
            a.reject("store", "in the form '" + form + "' there must be one");
          }
          o.interval = a.duration("interval", o.interval);
          o.timeout = a.duration("timeout", o.timeout);
          o.on_failure = failure == "open"    ? Options::OnFailure::open
                         : failure == "local" ? Options::OnFailure::local
                                              : Options::OnFailure::closed;
          o.by = by == "key" ? Options::By::key : by == "caller" ? Options::By::caller : Options::By::all;
          o.max_keys = a.count("max_keys", o.max_keys);
          if (!valid(o)) a.reject("burst", "at this rate an empty bucket would take over 70 years to fill");
          return push_filter(L, "shared_limit", make_shared_limit(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
