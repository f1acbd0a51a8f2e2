#include "core/shard/proxy.hpp"

#include "bindings/shard/options.hpp"

namespace syslab {
namespace {

const Component proxy{{
    .name = "shard.proxy",
    .summary =
        "The router of a sharded store: sends each request to the shard that has its key, by a map that may "
        "be "
        "old and is corrected when a shard refuses. Takes also put_many, get_many, scan and shard_refresh; "
        "those that ask several shards answer with a part at their deadline, and say what is missing.",
    .params = {shard_manager_param(), duration("timeout", "of a call to a shard").above(0).optional("1 s"),
               duration("patience", "how long a request that is refused is tried again").optional("1 s"),
               duration("pause", "before a shard is asked again").above(0).optional("5 ms"),
               duration("refresh", "how often the map is fetched anyway").optional("never")},
    .returns = "Filter",
    .cost = "a look-up and a call a request",
    .paper = "Redis Cluster specification (MOVED); Tarantool vshard, router",
    .example = R"(
local w = lab.world{ seed = 1 }
local m = w:service("m", { filters = { lab.shard.manager{ splits = { "m" }, shards = 2 } } })
for _, name in ipairs{ "a", "b" } do
  w:service(name, { slots = 4, filters = { lab.shard.server{ manager = m }, lab.store.rows() } })
end
local db = w:service("db", { slots = 8, filters = { lab.shard.proxy{ manager = m } } })
w:run(2)
for _, key in ipairs{ "ann", "bob", "zoe" } do db:call{ type = "put", key = key, value = #key } end
local few, all = db:call{ type = "scan", to = "c" }, db:call{ type = "scan" }
w:inject(lab.fault.crash("b"))
local part = db:call{ type = "scan", deadline = 50*ms }
return #few.rows == 2 and few.asked == 1 and #all.rows == 3 and #part.rows == 2 and part.missing[1] == "b")",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"shard proxy", {}, nullptr, {}};
          ShardProxyOptions o;
          o.manager = shard_manager_option(L, a, filter);
          o.timeout = a.duration("timeout", o.timeout);
          o.patience = a.duration("patience", o.patience);
          o.pause = a.duration("pause", o.pause);
          o.refresh = a.duration("refresh", o.refresh);
          filter.make = make_shard_proxy(o);
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
