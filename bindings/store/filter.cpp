#include "core/store/filter.hpp"

#include "bindings/resilience/filter.hpp"
#include "bindings/store/store.hpp"

namespace syslab {
namespace {

const Component filter{{
    .name = "store.filter",
    .summary = "A storage engine behind a service, on the node's disk: get, put, delete, cas, put_many and "
               "scan take the disk's "
               "time, background work shares it, and a crash keeps what was synced. Each process opens an "
               "empty or an earlier "
               "store like the one given.",
    .params = {object("store", "Store", "of what engine and options; inline_work does not count"),
               string("name", "of its files on the disk").optional("store"),
               duration("slow_by", "what a write waits while background work is close to being behind")
                   .optional("1 ms"),
               duration("retry", "how long a store is left alone that failed, before it is opened again")
                   .above(0)
                   .optional("0.1")},
    .returns = "Filter",
    .cost = "a write is an append and, with sync = 'always', a share of a sync; a read is a disk read for "
            "each block "
            "that is not in memory",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { filters = { lab.store.filter{ store = lab.store.lsm{ memtable_bytes = 1*KB } } } })
for i = 1, 50 do db:call{ type = "put", key = "user" .. i, value = { age = i } } end
w:inject(lab.fault.crash("db")); w:inject(lab.fault.restart("db"))
local some = db:call{ type = "scan", from = "user4", to = "user5", limit = 3 }
return db:call{ key = "user7" }.age == 7 and some[2].key == "user40")",
    .make =
        [](lua_State* L, Arguments& a) {
          StoreFilterOptions o;
          o.store = a.object<LabStore>("store")->store.config();
          if (!o.store.log)
            a.reject("store", "it has no log: nothing would survive a crash (give log = true)");
          o.name = a.string("name", o.name);
          o.slow_by = a.duration("slow_by", o.slow_by);
          o.retry = a.duration("retry", o.retry);
          return push_filter(L, "store", make_store_filter(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
