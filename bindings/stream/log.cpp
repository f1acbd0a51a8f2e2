#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/replicate/protocol.hpp"
#include "bindings/stream/options.hpp"
#include "core/base/nearest.hpp"
#include "core/observe/history.hpp"
#include "core/stream/broker.hpp"

namespace syslab {
namespace {

StreamTopic topic_of(const Arguments& a, const std::string& name, const Value& given,
                     const StreamClusterOptions& o, std::size_t brokers) {
  const std::vector<std::string> known = {"partitions", "replication",     "min_insync",    "unclean",
                                          "retention",  "retention_bytes", "segment_bytes", "segment_time",
                                          "compact",    "delete",          "tombstones",    "record_bytes"};
  StreamTopic t;
  t.name = name;
  t.replication = static_cast<std::uint32_t>(std::min<std::size_t>(3, brokers));
  t.min_insync = o.profile.min_insync;
  t.log.retention = o.profile.retention;
  t.log.segment_bytes = o.profile.segment_bytes;
  t.log.record_bytes_max = o.profile.record_bytes_max;
  if (!is_topic_name(name))
    a.reject("topics", fmt::format("'{}' is no name of a topic: a-z A-Z 0-9 . _ -", name));
  if (!given.is_map() && !(given.is_list() && given.list().empty()))
    a.reject("topics", "expected { NAME = { partitions = 3 } }");
  for (const auto& [key, value] : given.is_map() ? given.map() : Value::Map{}) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      a.reject("topics", fmt::format("there is no '{}' in '{}'{}", key, name, did_you_mean(key, known)));
    }
    if (key == "unclean" || key == "compact" || key == "delete") {
      if (value.type() != Value::Type::boolean) a.reject("topics", fmt::format("'{}' is true or false", key));
    } else if (!value.is_number() || !(value.number() >= 0)) {
      a.reject("topics", fmt::format("'{}' is no number of at least 0", key));
    }
  }
  const auto count = [&](const char* key, auto& into, double low, double high) {
    if (given[key].is_nil()) return;
    const double n = given[key].number();
    if (n < low || n > high || n != static_cast<double>(static_cast<std::uint64_t>(n))) {
      a.reject("topics", fmt::format("'{}' of '{}' is a whole number from {} to {}", key, name, low, high));
    }
    into = static_cast<std::remove_reference_t<decltype(into)>>(n);
  };
  count("partitions", t.partitions, 1, 1000);
  count("replication", t.replication, 1, static_cast<double>(brokers));
  count("min_insync", t.min_insync, 1, static_cast<double>(brokers));
  count("segment_bytes", t.log.segment_bytes, 1, 1e15);
  count("record_bytes", t.log.record_bytes_max, 1, 1e15);
  if (!given["retention_bytes"].is_nil()) {
    std::size_t bytes = 0;
    count("retention_bytes", bytes, 0, 1e15);
    t.log.retention_bytes = bytes;
  }
  if (!given["retention"].is_nil()) t.log.retention = from_seconds(given["retention"].number());
  if (!given["segment_time"].is_nil()) t.log.segment_time = from_seconds(given["segment_time"].number());
  if (!given["tombstones"].is_nil()) t.log.tombstones = from_seconds(given["tombstones"].number());
  t.unclean = given["unclean"].truthy();
  t.log.compact = given["compact"].truthy();
  t.log.remove = given["delete"].is_nil() ? !t.log.compact : given["delete"].truthy();
  return t;
}

const Component log{{
    .name = "stream.log",
    .summary =
        "A partitioned, replicated log: brokers with topics, partitions, leaders and in-sync replicas, a "
        "controller, "
        "acks 0, 1 or all, consumer groups. w:replicas runs it. Any broker takes requests: produce, fetch, "
        "list_offsets, metadata, create_topic, join_group, heartbeat, commit, committed, describe_group, "
        "lag.",
    .params = {count("brokers", "how many").at_least(1).at_most(99),
               table("topics",
                     "{ NAME = { partitions = 1, replication = 3, min_insync = 1, unclean = false, retention "
                     "= 7 days, "
                     "retention_bytes =, segment_bytes =, segment_time =, compact = false, delete = true, "
                     "tombstones = 1 day, record_bytes = 1048588 } }"),
               log_profile_param(),
               duration("replica_lag", "a follower that was not caught up for so long is not in sync")
                   .above(0)
                   .optional("30 s"),
               duration("session", "the controller gives up a broker that it has not heard of for so long")
                   .above(0)
                   .optional("9 s"),
               duration("heartbeat", "how often brokers tell the controller that they live")
                   .above(0)
                   .optional("2 s"),
               duration("flush", "how often the log is synced to the disk; 0: before every acknowledgement")
                   .optional("1 s"),
               duration("retention_check", "how often old segments are taken away, and logs compacted")
                   .above(0)
                   .optional("300 s"),
               duration("rebalance_delay", "how long a new group waits for more members").optional("3 s"),
               duration("session_min", "the shortest session of a group's member").optional("6 s"),
               object("history", "History", "what happens is recorded there, for lab.check.stream")
                   .optional("none")},
    .returns = "Protocol",
    .cost = "acks = all: two round trips between the leader and its followers",
    .paper = "Kreps, Narkhede & Rao 2011, Kafka: a distributed messaging system for log processing; Kafka "
             "documentation",
    .example = R"(
local w = lab.world{ seed = 1 }
local kafka = w:replicas("kafka", lab.stream.log{ brokers = 3,
  topics = { clicks = { partitions = 2, min_insync = 2 } } })
w:run(5*s)
local put = kafka[1]:call{ type = "produce", topic = "clicks", partition = 0, key = "ann", value = "home" }
local got = kafka[2]:call{ type = "fetch", topic = "clicks", partition = 0, offset = 0 }
local _, err = kafka[3]:call{ type = "fetch", topic = "clicks", partition = 0, offset = 7 }
return put.offset == 0 and got.records[1].value == "home" and err.code == "OFFSET_OUT_OF_RANGE")",
    .make =
        [](lua_State* L, Arguments& a) {
          StreamClusterOptions o;
          o.profile = log_profile_option(a);
          o.profile.replica_lag = a.duration("replica_lag", o.profile.replica_lag);
          o.profile.rebalance_delay = a.duration("rebalance_delay", o.profile.rebalance_delay);
          o.profile.session_min = a.duration("session_min", o.profile.session_min);
          o.session = a.duration("session", o.session);
          o.heartbeat = a.duration("heartbeat", o.heartbeat);
          o.flush = a.duration("flush", o.flush);
          o.retention_check = a.duration("retention_check", o.retention_check);
          o.history = a.object<History>("history");
          if (o.heartbeat >= o.session) a.reject("heartbeat", "it has to be shorter than the session");
          auto protocol = std::make_shared<Protocol>();
          protocol->name = "log";
          protocol->count = a.count("brokers");
          const Value topics = to_value(L, a.index_of("topics"));
          for (const auto& [name, given] : topics.is_map() ? topics.map() : Value::Map{}) {
            o.topics.push_back(topic_of(a, name, given, o, protocol->count));
          }
          protocol->replica = [o](std::shared_ptr<const std::vector<NodeId>> members) -> NodeFactory {
            StreamClusterOptions options = o;
            options.members = std::move(members);
            return [options] { return make_stream_broker(options); };
          };
          return push(L, protocol);
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
