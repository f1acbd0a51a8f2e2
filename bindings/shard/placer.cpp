#include "core/shard/placer.hpp"

#include "bindings/stream/options.hpp"

namespace syslab {
namespace {

const Component placer{{
    .name = "shard.placer",
    .summary =
        "A directory of items: a new one goes to the least loaded shard, as heartbeats have it, and is found "
        "there from then on. Shards report to it by lab.shard.reporter.",
    .params = {choice("choice", {"least_loaded", "counting", "two_choices", "random"},
                      "by the last reports alone; and what it gave since; the better of two at random; any")
                   .optional("'counting'"),
               choice("by", {"requests", "rows"},
                      "what the load is: requests that wait, or rows that are there")
                   .optional("'requests'"),
               duration("failure_after", "a shard that was silent for so long gets nothing")
                   .above(0)
                   .optional("2 s"),
               duration("timeout", "of a call to a shard").above(0).optional("1 s")},
    .returns = "Filter",
    .cost = "O(shards) and a sync of the disk a new item; a look-up for others",
    .paper = "Mitzenmacher 2000, How useful is old information?",
    .example = R"(
local w = lab.world{ seed = 1 }
local dir = w:service("dir", { slots = 8, filters = { lab.shard.placer() } })
w:fleet("s", 3, { time = 1*ms, filters = { lab.shard.reporter{ to = dir }, lab.store.rows() } })
w:run(1)
for key = 1, 9 do dir:call{ type = "put", key = key, value = key } end
local shards = dir:state().filters[1].shards
w:inject(lab.fault.crash("dir")); w:inject(lab.fault.restart("dir")); w:run(1)
return dir:call{ key = 5 } == 5 and shards["s-1"].items == 3 and select(2, dir:call{ key = 10 }).code == "not_found")",
    .make =
        [](lua_State* L, Arguments& a) {
          PlacerOptions o;
          if (a.has("choice")) o.choice = *parse_placer_choice(a.string("choice"));
          o.by_rows = a.string("by", "requests") == "rows";
          o.failure_after = a.duration("failure_after", o.failure_after);
          o.timeout = a.duration("timeout", o.timeout);
          return push_filter(L, "placer", make_placer(o));
        },
    .privileged = true,
}};

const Component reporter{{
    .name = "shard.reporter",
    .summary =
        "Tells a lab.shard.placer every so often that this shard is there, how many requests wait, and how "
        "many rows it has.",
    .params = {any("to", "the node of the placer"),
               duration("every", "between two heartbeats").above(0).optional("0.5 s"),
               number("weight", "capacity, relative to the others'").above(0).at_most(1000).optional("1")},
    .returns = "Filter",
    .cost = "a call a heartbeat",
    .example = R"(
local w = lab.world{ seed = 1 }
local dir = w:service("dir", { filters = { lab.shard.placer{ failure_after = 1 } } })
w:service("s", { filters = { lab.shard.reporter{ to = dir, every = 0.2 }, lab.store.rows() } })
w:run(1)
local there = dir:state().filters[1].shards.s.alive
w:inject(lab.fault.crash("s")); w:run(2)
return there and not dir:state().filters[1].shards.s.alive)",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"load reporter", {}, nullptr, {}};
          LoadReporterOptions o;
          o.to = nodes_option(L, a, "to", filter).front();
          o.every = a.duration("every", o.every);
          o.weight = a.number("weight", o.weight);
          filter.make = make_load_reporter(o);
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
