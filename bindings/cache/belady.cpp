#include "core/cache/belady.hpp"

#include "bindings/cache/cache.hpp"
#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

std::shared_ptr<const FutureUses> future_uses(lua_State* L, RequestTrace& trace) {
  auto future = std::make_shared<FutureUses>();
  for_each_batch(L, trace, [&](const RequestBatch& batch) {
    if (batch.ids.size() >= FutureUses::kNever - future->requests())
      throw ScriptError("the trace is longer than 4 billion requests; belady has to remember all of it");
    future->add(batch.ids);
  });
  return future;
}

const Component belady{{
    .name = "cache.belady",
    .summary = "The cache of a prophet: evicts the entry whose next use is farthest away. Nothing does "
               "better on the trace it was given.",
    .params = cache_params({object("trace", "RequestTrace", "the future: what will be asked for, in order")}),
    .returns = "Cache",
    .cost = "O(log n) a request; some 8 bytes for each request of the trace",
    .paper = "Belady 1966, A study of replacement algorithms for a virtual-storage computer",
    .example = R"(local trace = lab.workload.zipf{ count = 1000 }:trace{ requests = 10000 }
local best = lab.cache.belady{ capacity = 100, trace = trace }:replay(trace)
return best.hits > lab.cache.arc{ capacity = 100 }:replay(trace).hits)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_belady(cache_capacity(a), future_uses(L, *a.object<RequestTrace>("trace"))));
        },
}};

}  // namespace
}  // namespace syslab
