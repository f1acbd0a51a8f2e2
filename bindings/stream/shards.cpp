#include "core/stream/shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "bindings/stream/options.hpp"
#include "core/observe/history.hpp"
#include "core/stream/shard_service.hpp"

namespace syslab {
namespace {

Param now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}

Instant time_now(lua_State* L, const Arguments& a) {
  return Instant(from_seconds(a.number("now", LuaHost::of(L).seconds())));
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const ShardProfile& profile : shard_profiles()) names.emplace_back(profile.name);
  return names;
}

int put(lua_State* L, ShardStream& s, Arguments& a) {
  std::optional<HashKey> hash;
  if (a.has("explicit_hash")) {
    const auto parsed = parse_hash_key(a.string("explicit_hash"));
    if (!parsed) return push_failure(L, parsed.error());
    hash = *parsed;
  }
  const auto done = s.put(time_now(L, a), a.string("key"), a.value("data"), hash);
  if (!done) return push_failure(L, done.error());
  push_value(L, Value::map({{"shard", done->shard}, {"sequence", std::to_string(done->sequence)}}));
  return 1;
}

int iterator(lua_State* L, ShardStream& s, Arguments& a) {
  std::uint64_t sequence = 0;
  const std::string text = a.string("sequence", "0");
  std::from_chars(text.data(), text.data() + text.size(), sequence);
  const auto it = s.iterator(time_now(L, a), a.string("shard"),
                             *shard_position_named(a.string("position", "TRIM_HORIZON")), sequence,
                             Instant(from_seconds(a.number("time", 0))));
  if (!it) return push_failure(L, it.error());
  lua_pushlstring(L, it->data(), it->size());
  return 1;
}

int read(lua_State* L, ShardStream& s, Arguments& a) {
  std::optional<std::size_t> limit;
  if (a.has("limit")) limit = a.count("limit");
  const auto got = s.read(time_now(L, a), a.string("iterator"), limit, a.string("consumer", ""));
  if (!got) return push_failure(L, got.error());
  Value::List records, children;
  for (const ShardRecord& r : got->records) {
    records.push_back(Value::map({{"key", r.key},
                                  {"data", r.data},
                                  {"sequence", std::to_string(r.sequence)},
                                  {"at", to_seconds(r.at)}}));
  }
  for (const std::string& child : got->children) children.emplace_back(child);
  Value answer =
      Value::map({{"records", Value::list(std::move(records))}, {"behind", to_seconds(got->behind)}});
  if (got->next) answer = answer.with("next", *got->next);
  if (!children.empty()) answer = answer.with("children", Value::list(std::move(children)));
  push_value(L, answer);
  return 1;
}

int split(lua_State* L, ShardStream& s, Arguments& a) {
  std::optional<HashKey> at;
  if (a.has("at")) {
    const auto parsed = parse_hash_key(a.string("at"));
    if (!parsed) return push_failure(L, parsed.error());
    at = *parsed;
  }
  const auto children = s.split(time_now(L, a), a.string("shard"), at);
  if (!children) return push_failure(L, children.error());
  push_value(L, Value::list({Value((*children)[0]), Value((*children)[1])}));
  return 1;
}

int merge(lua_State* L, ShardStream& s, Arguments& a) {
  const auto child = s.merge(time_now(L, a), a.string("shard"), a.string("neighbour"));
  if (!child) return push_failure(L, child.error());
  lua_pushstring(L, child->c_str());
  return 1;
}

int push_true(lua_State* L, const Expected<bool>& done) {
  if (!done) return push_failure(L, done.error());
  lua_pushboolean(L, 1);
  return 1;
}

int register_consumer(lua_State* L, ShardStream& s, Arguments& a) {
  return push_true(L, s.register_consumer(a.string("name")));
}

int set_retention(lua_State* L, ShardStream& s, Arguments& a) {
  return push_true(L, s.set_retention(time_now(L, a), a.duration("retention")));
}

int list_shards(lua_State* L, ShardStream& s, Arguments& a) {
  Value::List list;
  for (const ShardInfo& shard : s.shards(time_now(L, a))) {
    Value::List parents;
    for (const std::string& parent : shard.parents) parents.emplace_back(parent);
    list.push_back(Value::map({{"id", shard.id},
                               {"low", to_decimal(shard.low)},
                               {"high", to_decimal(shard.high)},
                               {"share", static_cast<double>(shard.high - shard.low) * 0x1p-128},
                               {"parents", Value::list(std::move(parents))},
                               {"open", shard.open},
                               {"records", static_cast<double>(shard.records)}}));
  }
  push_value(L, Value::list(std::move(list)));
  return 1;
}

int counts(lua_State* L, ShardStream& s) {
  const ShardTotals& t = s.totals();
  const auto n = [](auto count) { return Value(static_cast<double>(count)); };
  push_value(L, Value::map({{"put", n(t.put)},
                            {"read", n(t.read)},
                            {"write_throttled", n(t.write_throttled)},
                            {"read_throttled", n(t.read_throttled)},
                            {"expired", n(t.expired)}}));
  return 1;
}

int heat(lua_State* L, ShardStream& s) {
  push_value(L, s.heat());
  return 1;
}

const Type type{describe_type<ShardStream>(
    "Shards",
    "A stream of shards: each takes 1000 records and 1 MiB in a second, and a key goes where its MD5 falls. "
    "Time is an "
    "argument (left out, it is that of the last world). In a world, lab.stream.shard_service serves it.",
    {
        method<&counts>("counts", "() -> { put, read, write_throttled, read_throttled, expired }",
                        "Totals so far."),
        method<&heat>("heat", "() -> { SHARD = { put, refused, read, open } }", "Where the load falls."),
        method<&iterator>(
            "iterator",
            {string("shard", "its id"),
             choice("position",
                    {"TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP"},
                    "from where")
                 .optional("'TRIM_HORIZON'"),
             string("sequence", "a sequence number").optional("none"),
             number("time", "of AT_TIMESTAMP").optional("0"), now_param()},
            "text | nil, err", "A place to read from, good for five minutes."),
        method<&list_shards>("list", {now_param()},
                             "list of { id, low, high, share, parents, open, records }",
                             "The shards, oldest first."),
        method<&merge>(
            "merge",
            {string("shard", "an open shard"), string("neighbour", "the one beside it"), now_param()},
            "id | nil, err", "Makes one shard of two neighbours."),
        method<&put>(
            "put",
            {string("key", "the partition key"),
             value("data", "a text, or whatever can travel between nodes"),
             string("explicit_hash", "in place of the key's MD5: a number below 2^128").optional("none"),
             now_param()},
            "{ shard, sequence } | nil, err", "Takes a record, or is throttled."),
        method<&read>(
            "read",
            {string("iterator", "from iterator() or the last read"),
             count("limit", "records at most").optional("10000"),
             string("consumer", "one with enhanced fan-out").optional("none: it polls"), now_param()},
            "{ records, next, children, behind } | nil, err",
            "Reads on. Without `next` a closed shard is at its end."),
        method<&register_consumer>("register_consumer", {string("name", "its name")}, "true | nil, err",
                                   "A consumer with enhanced fan-out: 2 MiB a second of its own."),
        method<&set_retention>("set_retention", {duration("retention", "1 to 365 days"), now_param()},
                               "true | nil, err", "How long records are kept."),
        method<&split>(
            "split",
            {string("shard", "an open shard"),
             string("at", "the first hash of the second half").optional("the middle"), now_param()},
            "list of two ids | nil, err", "Makes two shards of one."),
    },
    [](lua_State* L, int index) {
      const ShardStream* s = object_at<ShardStream>(L, index);
      return fmt::format("{}, {} put", s->options().name, s->totals().put);
    })};

const Component shards{{
    .name = "stream.shards",
    .summary = "A stream of shards with a capacity each: partition keys by MD5, throttling, split and merge "
               "with parents before "
               "children, replay by time or sequence number, enhanced fan-out.",
    .params = {count("shards", "how many to begin with").at_least(1).at_most(10000).optional("1"),
               duration("retention", "1 to 365 days").optional("1 day"),
               choice("profile", profile_names(), "whose published limits").optional("'kinesis-2024'"),
               count("write_records", "a second and shard").at_least(1).optional("1000"),
               size("write_bytes", "a second and shard").at_least(1).optional("1 MiB"),
               size("read_bytes", "a second and shard").at_least(1).optional("2 MiB"),
               count("reads", "calls a second and shard").at_least(1).optional("5"),
               size("record_bytes", "the largest record").at_least(1).optional("1 MiB"),
               duration("reshard_time", "how long a split or merge takes").optional("30 s"),
               string("name", "the stream's").optional("'stream'")},
    .returns = "Shards",
    .cost = "an MD5 a put; O(log records) a read",
    .paper = "Amazon Kinesis Data Streams developer guide: quotas, resharding",
    .example = R"(
local s = lab.stream.shards{ shards = 2 }
for i = 1, 1000 do s:put{ key = "hot", data = "x", now = 0 } end
local _, err = s:put{ key = "hot", data = "x", now = 0.9 }
local placed = s:put{ key = "hot", data = "y", now = 1 }
local children = s:split{ shard = placed.shard, now = 2 }
local got = s:read{ iterator = s:iterator{ shard = placed.shard, now = 2 }, now = 2 }
return err.code == "ProvisionedThroughputExceededException" and #got.records == 1001
  and got.next == nil and got.children[1] == children[1])",
    .make =
        [](lua_State* L, Arguments& a) {
          ShardOptions o;
          o.limits = *find_shard_profile(a.string("profile", "kinesis-2024"));
          o.name = a.string("name", o.name);
          o.shards = a.count("shards", o.shards);
          o.retention = a.duration("retention", o.retention);
          o.reshard_time = a.duration("reshard_time", o.reshard_time);
          o.limits.write_records = a.count("write_records", o.limits.write_records);
          o.limits.write_bytes = a.count("write_bytes", o.limits.write_bytes);
          o.limits.read_bytes = a.count("read_bytes", o.limits.read_bytes);
          o.limits.reads = a.count("reads", o.limits.reads);
          o.limits.record_bytes = a.count("record_bytes", o.limits.record_bytes);
          if (o.shards > o.limits.shards_max)
            a.reject("shards", fmt::format("the profile '{}' allows {}", o.limits.name, o.limits.shards_max));
          if (o.retention < o.limits.retention_min || o.retention > o.limits.retention_max) {
            a.reject("retention", fmt::format("the profile '{}' allows {} s to {} s, got {} s", o.limits.name,
                                              to_seconds(o.limits.retention_min),
                                              to_seconds(o.limits.retention_max), to_seconds(o.retention)));
          }
          return push(L, std::make_shared<ShardStream>(std::move(o)));
        },
}};

const Component shard_service{{
    .name = "stream.shard_service",
    .summary = "Streams of shards behind a service, kept on the node's disk. Requests: put_record, "
               "put_records, get_iterator, "
               "get_records, list_shards, describe, heat, split, merge, set_retention, register_consumer, "
               "checkpoint.",
    .params = {table("streams", "{ NAME = Shards }: each as described, and empty"),
               object("history", "History", "what happens is recorded there, for lab.check.stream")
                   .optional("none")},
    .returns = "Filter",
    .cost = "a write and a sync of the disk a put",
    .example = R"(
local w = lab.world{ seed = 1 }
local api = w:service("api", { filters = { lab.stream.shard_service{
  streams = { clicks = lab.stream.shards{ shards = 2 } } } } })
local done = {}
w:service("reader", { handler = function(r) done[#done + 1] = r.data return true end,
  filters = { lab.stream.shard_consumer{ from = api, stream = "clicks", app = "count" } } })
for i = 1, 3 do api:call{ type = "put_record", stream = "clicks", key = "k" .. i, data = i } end
w:run(5*s)
w:inject(lab.fault.crash("api")); w:inject(lab.fault.restart("api")); w:run(1*s)
local described = api:call{ type = "list_shards", stream = "clicks" }
local _, err = api:call{ type = "get_records", stream = "clicks", iterator = "?" }
return #done == 3 and described[1].records + described[2].records == 3 and err.code == "InvalidArgumentException")",
    .make =
        [](lua_State* L, Arguments& a) {
          ShardServiceOptions o;
          lua_pushnil(L);
          while (lua_next(L, a.index_of("streams")) != 0) {
            const auto s = shared_at<ShardStream>(L, -1);
            if (lua_type(L, -2) != LUA_TSTRING || s == nullptr)
              a.reject("streams", "expected { clicks = lab.stream.shards() }");
            ShardOptions one = s->options();
            one.name = lua_tostring(L, -2);
            o.streams.push_back(std::move(one));
            lua_pop(L, 1);
          }
          std::sort(o.streams.begin(), o.streams.end(),
                    [](const ShardOptions& x, const ShardOptions& y) { return x.name < y.name; });
          o.history = a.object<History>("history");
          return push_filter(L, "shards", make_shard_service(std::move(o)));
        },
    .privileged = true,
}};

const Component shard_consumer{{
    .name = "stream.shard_consumer",
    .summary = "Reads a stream of shards: finds the shards, hands each record to the service inside as { "
               "type = 'record', shard, key, "
               "data, sequence, at }, and keeps checkpoints.",
    .params = {any("from", "the node of a lab.stream.shard_service"), string("stream", "its name"),
               string("app", "the application, whose checkpoints these are"),
               string("consumer", "registered for enhanced fan-out").optional("none: it polls"),
               choice("start", {"TRIM_HORIZON", "LATEST"}, "where there is no checkpoint")
                   .optional("'TRIM_HORIZON'"),
               choice("order", {"parent_first", "any"}, "whether a child waits until its parents were read")
                   .optional("'parent_first'"),
               duration("poll", "how often each shard is asked").above(0).optional("1 s"),
               count("limit", "records a call").at_least(1).at_most(10000).optional("1000"),
               count("retries", "of a record that fails; then it is skipped").optional("3"),
               object("history", "History", "what it has processed is recorded there").optional("none")},
    .returns = "Filter",
    .cost = "a call a shard and poll, and a checkpoint a batch",
    .paper = "Kinesis Client Library (leases and checkpoints; here one worker has all shards)",
    .example = R"(
local w = lab.world{ seed = 1 }
local api = w:service("api", { filters = { lab.stream.shard_service{ streams = { s = lab.stream.shards() } } } })
local seen = {}
w:service("app", { handler = function(r) seen[#seen + 1] = r.data return true end,
  filters = { lab.stream.shard_consumer{ from = api, stream = "s", app = "app" } } })
api:call{ type = "put_record", stream = "s", key = "a", data = "before" }
api:call{ type = "split", stream = "s", shard = "shardId-000000000000" }
api:call{ type = "put_record", stream = "s", key = "a", data = "after" }
w:run(10*s)
return table.concat(seen, " ") == "before after")",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"shard consumer", {}, nullptr, {}};
          ShardConsumerOptions o;
          o.from = nodes_option(L, a, "from", filter).front();
          o.stream = a.string("stream");
          o.app = a.string("app");
          o.enhanced = a.string("consumer", "");
          o.from_start = a.string("start", "TRIM_HORIZON") == "TRIM_HORIZON";
          o.parents_first = a.string("order", "parent_first") == "parent_first";
          o.poll = a.duration("poll", o.poll);
          o.limit = a.count("limit", o.limit);
          o.retries =
              static_cast<std::uint32_t>(std::min<std::uint64_t>(a.count("retries", o.retries), UINT32_MAX));
          o.history = a.object<History>("history");
          filter.make = make_shard_consumer(std::move(o));
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
