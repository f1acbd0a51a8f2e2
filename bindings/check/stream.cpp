#include "core/check/stream.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/host/object.hpp"
#include "core/base/nearest.hpp"

namespace syslab {
namespace {

StreamRules rules_of(lua_State* L, const Arguments& a) {
  StreamRules rules;
  const Value topics = a.has("topics") ? to_value(L, a.index_of("topics")) : Value();
  const std::vector<std::string> known = {"retention", "compact", "records_per_second"};
  for (const auto& [name, t] : topics.is_map() ? topics.map() : Value::Map{}) {
    StreamRules::Topic& topic = rules.topics[name];
    for (const auto& [key, value] : t.is_map() ? t.map() : Value::Map{}) {
      if (key == "retention" && value.is_number()) {
        topic.retention = from_seconds(value.number());
      } else if (key == "compact") {
        topic.compacted = value.truthy();
      } else if (key == "records_per_second" && value.is_number() && value.number() >= 0) {
        topic.records_per_second = static_cast<std::size_t>(value.number());
      } else {
        a.reject("topics",
                 fmt::format("'{}' of '{}' is nothing to judge by{}", key, name, did_you_mean(key, known)));
      }
    }
  }
  const Value groups = a.has("groups") ? to_value(L, a.index_of("groups")) : Value();
  for (const auto& [name, claim] : groups.is_map() ? groups.map() : Value::Map{}) {
    if (claim != Value("at_least_once") && claim != Value("at_most_once")) {
      a.reject("groups", "a group claims 'at_least_once' or 'at_most_once'");
    }
    rules.groups[name] = claim == Value("at_least_once") ? StreamRules::Claim::at_least_once
                                                         : StreamRules::Claim::at_most_once;
  }
  return rules;
}

const Component stream{{
    .name = "check.stream",
    .summary = "Does a history of produces, fetches and commits keep a stream's promises: nothing lost that "
               "all in-sync replicas had, "
               "order in each partition, no duplicates of an idempotent producer, offsets that never go "
               "back, old generations "
               "fenced, parents before children?",
    .params = {object("history", "History", "what brokers, shard services and consumers recorded"),
               table("topics",
                     "what is to be judged, too: { NAME = { retention =, compact =, records_per_second = } }")
                   .optional("none"),
               table("groups", "what a group claims: { NAME = 'at_least_once' | 'at_most_once' }")
                   .optional("none")},
    .returns = "table { verdict, rule, message, event, operations, acknowledged, lost, processed, repeated, "
               "skipped }",
    .cost = "O(n log n)",
    .example = R"(
local function event(type, f, key, value)
  return { process = 0, type = type, f = f, key = key, value = value, time = 1 }
end
local h = lab.history{ events = {
  event("invoke", "produce", "t/0", { acks = "all" }),
  event("ok", "produce", "t/0", { epoch = 1, isr = 2, min_insync = 2, records = { { offset = 0, id = "a" } } }),
  event("invoke", "fetch", "t/0", { offset = 0 }),
  event("ok", "fetch", "t/0", { epoch = 2, start = 0, ["end"] = 0, high_watermark = 0, records = {} }) } }
local judged = lab.check.stream(h)
return judged.verdict == "violated" and judged.rule == "loss" and judged.lost == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          const StreamVerdict v = check_stream(*a.object<History>("history"), rules_of(L, a));
          const auto n = [](auto count) { return Value(static_cast<double>(count)); };
          push_value(L, Value::map({{"verdict", to_string(v.outcome)},
                                    {"rule", v.rule.empty() ? Value() : Value(v.rule)},
                                    {"message", v.message},
                                    {"event", n(v.event + 1)},
                                    {"operations", n(v.operations)},
                                    {"acknowledged", n(v.acknowledged)},
                                    {"lost", n(v.lost)},
                                    {"processed", n(v.processed)},
                                    {"repeated", n(v.repeated)},
                                    {"skipped", n(v.skipped)}}));
          return 1;
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
