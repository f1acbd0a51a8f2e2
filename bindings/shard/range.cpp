#include "core/shard/range.hpp"

#include "bindings/host/convert.hpp"
#include "bindings/shard/router.hpp"

namespace syslab {
namespace {

const Component range{{
    .name = "shard.range",
    .summary =
        "Shards by ranges of keys: neighbours are together, so a query for a range asks few shards, and "
        "keys that come in order all go to one. Ranges are split and merged.",
    .params = {shards_param(),
               list("splits", "the keys at which a new range begins").optional("by `sample`, else none"),
               list("sample", "keys to cut evenly, into `ranges`").optional("none"),
               count("ranges", "how many to cut the sample into")
                   .at_least(1)
                   .at_most(100000)
                   .optional("4 for each shard")},
    .returns = "Router",
    .cost = "O(log ranges) a key",
    .paper = "Chang et al. 2006, Bigtable",
    .example = R"(local r = lab.shard.range{ shards = { "a", "b", "c" }, splits = { "h", "q" } }
r:split("k")
r:assign("m", "c")
return r:route("apple") == "a" and r:route("jam") == "b" and r:route("melon") == "c"
  and table.concat(r:touched("b", "i"), " ") == "a b" and #r:ranges() == 4)",
    .make =
        [](lua_State* L, Arguments& a) {
          std::vector<Value> splits;
          if (a.has("splits") && a.has("sample")) a.reject("sample", "there are splits already");
          if (a.has("splits")) splits = to_value(L, a.index_of("splits")).list();
          if (a.has("sample")) {
            const std::size_t shards = placed_nodes(L, a, "shards").size();
            splits = even_splits(to_value(L, a.index_of("sample")).list(),
                                 a.count("ranges", 4 * std::max<std::size_t>(1, shards)));
          }
          return push_router(L, a, std::make_unique<RangeRouter>(std::move(splits)));
        },
}};

}  // namespace
}  // namespace syslab
