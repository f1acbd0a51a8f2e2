#include "core/id/filter.hpp"

#include "bindings/id/generator.hpp"
#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component filter{{
    .name = "id.filter",
    .summary = "Answers requests of the type 'id' with a new id, by the wall clock of the node; others it "
               "passes on. "
               "Each process has a generator like the one given, and waits where that asks it to.",
    .params = {object("generator", "IdGenerator", "of what kind and options"),
               choice("worker", {"given", "node"},
                      "the generator's own number of the worker, or the number of the node in its world")
                   .optional("given"),
               duration("guard",
                        "keeps a time on disk, written ahead by so much, so that a restarted process with a "
                        "clock that is behind waits instead of repeating ids; 0: none")
                   .optional("0"),
               string("type", "the requests that it answers").optional("id")},
    .returns = "Filter",
    .cost = "the generator's; one write and sync each `guard` of time",
    .example = R"(
local w = lab.world{ seed = 1 }
local ids = w:service("ids", { filters = { lab.id.filter{ generator = lab.id.snowflake{ worker = 5 } } } })
local a, b = ids:call{ type = "id" }, ids:call{ type = "id" }
return a ~= b and lab.id.snowflake{}:parse(a).worker == 5)",
    .make =
        [](lua_State* L, Arguments& a) {
          IdFilterOptions o;
          o.generator = a.object<IdGenerator>("generator");
          o.guard = a.duration("guard", o.guard);
          o.type = a.string("type", o.type);
          if (a.string("worker", "given") == "node") {
            if (o.generator->most_worker() == 0)
              a.reject("worker", "this kind of generator knows no workers");
            o.worker = IdFilterOptions::Worker::node;
          }
          return push_filter(L, "id", make_id_filter(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
