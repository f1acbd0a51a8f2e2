#include "core/event/store.hpp"

#include "bindings/event/script_function.hpp"
#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component store{{
    .name = "event.store",
    .summary = "An event store behind a service: append with an expected version, read, read_all (which "
               "waits for what "
               "comes), subscribe, snapshot, state, diff, undo. What it has answered is on its disk.",
    .params = {function("apply", "(state, event) -> state, for state, diff, undo, revert and snapshot")
                   .optional("none: it keeps events and folds none"),
               count("snapshot_every", "events of a stream after which it keeps a state")
                   .optional("only when asked"),
               size("append_max", "bytes of one append").at_least(1).optional("1 MiB"),
               count("read_max", "events of one read").at_least(1).optional("4096"),
               object("history", "History", "its appends are recorded there, for lab.check.events")
                   .optional("none")},
    .returns = "Filter",
    .cost = "a write and a sync of the disk a group of appends",
    .paper = "KurrentDB (EventStoreDB): streams, expected versions, persistent subscriptions",
    .example = R"(
local w = lab.world{ seed = 1 }
local es = w:service("es", { slots = 8, filters = { lab.event.store() } })
local function paid(n) return { { type = "Paid", data = { amount = n } } } end
es:call{ type = "append", stream = "account-1", events = paid(5), expected = "no_stream" }
local _, err = es:call{ type = "append", stream = "account-1", events = paid(6), expected = 0 }
w:inject(lab.fault.crash("es")); w:inject(lab.fault.restart("es")); w:run(1*s)
w:spawn(function() w:sleep(3); es:call{ type = "append", stream = "account-2", events = paid(7) } end)
local page = es:call{ type = "read_all", from = 2, wait = 10, timeout = 20 }
return err.code == "WrongExpectedVersion" and page.events[1].stream == "account-2" and w:now() > 4 and w:now() < 5
  and es:call{ type = "read", stream = "account-1" }[1].data.amount == 5)",
    .make =
        [](lua_State* L, Arguments& a) {
          StoreOptions o;
          o.reducer = function_option<Reducer>(L, a, "apply");
          o.snapshot_every = a.count("snapshot_every", 0);
          if (o.snapshot_every > 0 && !o.reducer) a.reject("snapshot_every", "a state needs `apply`");
          o.append_bytes_max = a.count("append_max", o.append_bytes_max);
          o.read_max = a.count("read_max", o.read_max);
          o.history = a.object<History>("history");
          return push_filter(L, "event store", make_event_store(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
