#include "core/stream/consumer.hpp"

#include <fmt/format.h>

#include "bindings/stream/options.hpp"

namespace syslab {
namespace {

const Component consumer{{
    .name = "stream.consumer",
    .summary = "A member of a consumer group: it fetches the partitions it is given, hands each record to "
               "the service inside as a "
               "request { type = 'record', topic, partition, offset, key, value, ... }, and commits. "
               "Requests: pause, resume, "
               "seek, status.",
    .params = {any("from", "the brokers: what w:replicas gave, or some of them"),
               string("group", "the group's name"), list("topics", "the topics it reads"),
               choice("assignor", {"range", "round_robin", "sticky", "cooperative_sticky"},
                      "who gets which partitions; the last one "
                      "without standing still")
                   .optional("'range'"),
               string("instance", "a static member: it may be away for a session without anybody noticing")
                   .optional("none"),
               choice("commit", {"auto", "after", "before"},
                      "every commit_interval, after each record, or before it")
                   .optional("'auto'"),
               duration("commit_interval", "commit = 'auto': how often").above(0).optional("5 s"),
               choice("start", {"earliest", "latest"}, "where it begins if nothing is committed")
                   .optional("'earliest'"),
               choice("failed", {"block", "skip", "dead_letter"},
                      "a record that fails is tried again for ever, skipped after "
                      "`retries`, or put into the topic dead_letter")
                   .optional("'block'"),
               string("dead_letter", "failed = 'dead_letter': the topic").optional("none"),
               count("retries", "tries again of a record that fails").optional("3"),
               duration("session", "who is not heard of for so long loses its partitions")
                   .above(0)
                   .optional("45 s"),
               duration("heartbeat", "at most a third of the session").above(0).optional("3 s"),
               duration("poll_interval", "who works longer on what one fetch gave has to leave")
                   .above(0)
                   .optional("300 s"),
               count("poll_records", "records a fetch gives at most").at_least(1).optional("500"),
               log_profile_param(),
               object("history", "History", "what it has processed is recorded there").optional("none")},
    .returns = "Filter",
    .cost = "a call of the service a record, a commit a record with commit = 'after'",
    .paper = "Kafka consumer configuration; KIP-429 (cooperative rebalancing), KIP-345 (static members)",
    .example = R"(
local w = lab.world{ seed = 1 }
local kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, topics = { orders = { partitions = 2 } } })
local done = {}
w:service("billing", { handler = function(r) if r.type == "record" then done[#done + 1] = r.value end return true end,
  filters = { lab.stream.consumer{ from = kafka, group = "billing", topics = { "orders" }, commit = "after" } } })
w:run(10*s)
for i = 1, 4 do kafka[1]:call{ type = "produce", topic = "orders", value = i } end
w:run(2*s)
local lag = kafka[2]:call{ type = "lag", group = "billing" }
return #done == 4 and lag.lag == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"consumer", {}, nullptr, {}};
          StreamConsumerOptions o;
          o.brokers = nodes_option(L, a, "from", filter);
          o.group = a.string("group");
          if (o.group.empty()) a.reject("group", "a group has a name");
          o.topics = a.strings("topics");
          if (o.topics.empty()) a.reject("topics", "it reads at least one topic");
          o.assignor = *assignor_named(a.string("assignor", "range"));
          o.instance = a.string("instance", "");
          const std::string commit = a.string("commit", "auto");
          o.commit = commit == "auto"    ? StreamConsumerOptions::Commit::automatic
                     : commit == "after" ? StreamConsumerOptions::Commit::after
                                         : StreamConsumerOptions::Commit::before;
          const std::string failed = a.string("failed", "block");
          o.failed = failed == "block"  ? StreamConsumerOptions::Failed::block
                     : failed == "skip" ? StreamConsumerOptions::Failed::skip
                                        : StreamConsumerOptions::Failed::dead_letter;
          o.dead_letters = a.string("dead_letter", "");
          if ((o.failed == StreamConsumerOptions::Failed::dead_letter) == o.dead_letters.empty()) {
            a.reject("dead_letter", "failed = 'dead_letter' and dead_letter = TOPIC go together");
          }
          o.from_earliest = a.string("start", "earliest") == "earliest";
          o.retries =
              static_cast<std::uint32_t>(std::min<std::uint64_t>(a.count("retries", o.retries), UINT32_MAX));
          o.profile = log_profile_option(a);
          o.profile.session = a.duration("session", o.profile.session);
          o.profile.heartbeat = a.duration("heartbeat", std::min(o.profile.heartbeat, o.profile.session / 3));
          o.profile.poll_interval = a.duration("poll_interval", o.profile.poll_interval);
          o.profile.poll_records = a.count("poll_records", o.profile.poll_records);
          o.profile.auto_commit = a.duration("commit_interval", o.profile.auto_commit);
          o.history = a.object<History>("history");
          if (o.profile.heartbeat * 3 > o.profile.session)
            a.reject("heartbeat", "it is at most a third of the session");
          filter.make = make_stream_consumer(std::move(o));
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
