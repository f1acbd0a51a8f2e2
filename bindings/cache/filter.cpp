#include "core/cache/filter.hpp"

#include <algorithm>

#include "bindings/cache/servers.hpp"
#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

constexpr std::string_view kOfWriteBack[] = {"flush_interval", "flush_batch", "dirty_limit"};
constexpr std::string_view kNeedsTtl[] = {"jitter", "early", "ahead"};

WriteMode write_mode(const Arguments& a) {
  const std::string name = a.string("write", "around");
  return name == "back" ? WriteMode::back : name == "through" ? WriteMode::through : WriteMode::around;
}

void take_types(const Arguments& a, std::string_view name, std::vector<std::string>& types) {
  if (!a.has(name)) return;
  types = a.strings(name);
  if (types.empty()) a.reject(name, "it names no type of request");
}

CachePlaceFactory place_of(lua_State* L, const Arguments& a) {
  const int index = a.index_of("cache");
  if (const auto like = shared_at<Cache>(L, index)) return in_process([like] { return like->fresh(); });
  if (const auto handle = shared_at<CacheServersHandle>(L, index))
    return on_servers(handle->servers, a.maybe_duration("lease"));
  a.reject("cache", "expected a Cache or CacheServers, got " + describe_argument(L, index));
}

CacheFilterOptions cache_filter_options(lua_State* L, const Arguments& a) {
  CacheFilterOptions o;
  o.place = place_of(L, a);
  o.write = write_mode(a);
  o.ttl = a.maybe_duration("ttl");
  o.jitter = a.number("jitter", o.jitter);
  o.early = a.number("early", o.early);
  if (a.has("ahead")) o.ahead = a.number("ahead");
  o.negative_ttl = a.maybe_duration("negative_ttl");
  o.single_flight = a.boolean("single_flight", o.single_flight);
  o.flush_interval = a.duration("flush_interval", o.flush_interval);
  o.flush_batch = a.count("flush_batch", o.flush_batch);
  o.dirty_limit = a.count("dirty_limit", o.dirty_limit);
  take_types(a, "reads", o.reads);
  take_types(a, "writes", o.writes);
  if (o.write == WriteMode::back && shared_at<Cache>(L, a.index_of("cache")) == nullptr)
    a.reject("write", "'back' keeps writes in the process: it needs a Cache of its own");
  if (a.has("lease")) {
    if (shared_at<CacheServersHandle>(L, a.index_of("cache")) == nullptr)
      a.reject("lease", "it is for CacheServers: in one process single_flight does it");
    if (o.write != WriteMode::around)
      a.reject("lease",
               "two processes that write through may put in the other order than they wrote: write around");
    if (o.early > 0) a.reject("lease", "early renews what is there, and leases are for what is not");
    if (o.ahead) a.reject("lease", "ahead renews what is there, and leases are for what is not");
  }
  for (const std::string_view name : kNeedsTtl) {
    if (a.has(name) && !o.ttl) a.reject(name, "it needs a ttl");
  }
  for (const std::string_view name : kOfWriteBack) {
    if (a.has(name) && o.write != WriteMode::back) a.reject(name, "it is of write = 'back'");
  }
  if (a.has("ahead") && *o.ahead >= 1) a.reject("ahead", "expected a share of the ttl, below 1");
  for (const std::string& type : o.reads) {
    if (std::find(o.writes.begin(), o.writes.end(), type) != o.writes.end())
      a.reject("writes", "'" + type + "' cannot be a read and a write");
  }
  return o;
}

const Component filter{{
    .name = "cache.filter",
    .summary =
        "Answers reads from a cache; writes go around it, through it, or back to the service later. Each "
        "process has an empty cache like the one given.",
    .params =
        {any("cache",
             "a Cache, of what policy and capacity (read-through); or CacheServers that w:cache made, whose "
             "client it then is (cache-aside)"),
         choice("write", {"around", "through", "back"},
                "to the service only, and the key is forgotten; to the service and then the cache; to the "
                "cache, "
                "and to the service later")
             .optional("'around'"),
         duration("ttl", "how long a value is good").above(0).optional("until evicted or written"),
         probability("jitter", "each ttl is shortened by a random share of up to this").optional("0"),
         duration("negative_ttl", "how long 'nothing there' (nil, or the error not_found) is good")
             .above(0)
             .optional("not kept"),
         boolean("single_flight", "reads of a key that is being read wait for that answer").optional("false"),
         duration(
             "lease",
             "with CacheServers: who finds nothing is the only one to read it, for so long, and keeps it "
             "only if nobody has written it meanwhile; others ask again every 10 ms")
             .above(0)
             .optional("no leases"),
         number("early",
                "beta of probabilistic early expiry: 1 is the paper's optimum, more is earlier; 0: never")
             .at_least(0)
             .optional("0"),
         probability("ahead", "a hit older than this share of its ttl is renewed in the background")
             .above(0)
             .optional("never"),
         duration("flush_interval", "write = 'back': what is dirty goes to the service so often")
             .above(0)
             .optional("1 s"),
         count("flush_batch",
               "write = 'back': most entries of a request put_many; with 1, writes go as they came")
             .at_least(1)
             .optional("64"),
         count("dirty_limit", "write = 'back': with so many dirty keys, other writes go around")
             .at_least(1)
             .optional("10000"),
         list("reads", "the types of request that read").optional("{ 'get', 'read' }"),
         list("writes", "the types of request that write their `value`")
             .optional("{ 'put', 'write', 'set' }")},
    .returns = "Filter",
    .cost = "a lookup",
    .paper =
        "Vattani, Chierichetti & Lowenstein 2015, Optimal Probabilistic Cache Stampede Prevention (early)",
    .example = R"(
local w = lab.world{ seed = 1 }
local kept = lab.cache.filter{ cache = lab.cache.lru{ capacity = 100 }, write = "back", flush_interval = 1 }
local db = w:service("db", { time = 10*ms, filters = { kept, lab.store.rows() } })
db:call{ type = "put", key = "x", value = 1 }
local before = db:disk("x")
w:run(2)
return before == nil and db:disk("x") == 1 and db:call{ key = "x" } == 1 and db:state().filters[1].hits == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"cache", make_cache_filter(cache_filter_options(L, a)), nullptr, {}};
          if (const auto handle = shared_at<CacheServersHandle>(L, a.index_of("cache"))) {
            filter.world = handle->world.get();
            filter.targets = handle->servers->nodes;
          }
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
