#include "core/topic/fanout.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "bindings/resilience/filter.hpp"
#include "bindings/topic/retries.hpp"

namespace syslab {
namespace {

const Component fanout{{
    .name = "topic.fanout",
    .summary = "A topic behind a service: what is published once is delivered to every subscriber whose "
               "filter wants it: queues "
               "of a broker, functions, http endpoints, mailboxes; with retries and dead letters. Requests: "
               "publish, subscribe, "
               "unsubscribe, set_filter, set_propagation, subscriptions.",
    .params = {list("subscriptions",
                    "{ name =, to = NODE, protocol = 'queue' | 'function' | 'http' | 'mail', queue = NAME, "
                    "filter = {...}, "
                    "scope = 'attributes' | 'body', raw = true, dead_letter = { to =, queue = } }")
                   .optional("none"),
               boolean("fifo", "in order of each group, each message once in five minutes").optional("false"),
               boolean("content_dedup", "fifo: a message without a dedup id is recognised by its body")
                   .optional("false"),
               distribution("propagation",
                            "how long a change of a filter takes; as published up to 15 minutes")
                   .optional("0"),
               size("message_bytes", "the largest message").at_least(1).optional("262144"), retries_param(),
               string("name", "the beginning of its messages' ids").optional("'topic'")},
    .returns = "Filter",
    .cost = "O(subscriptions) a publish, a call a delivery",
    .paper = "Amazon SNS developer guide: message filtering, delivery retries",
    .example = R"(
local w = lab.world{ seed = 1 }
local mq = w:service("mq", { filters = { lab.queue.broker{ queues = {
  billing = lab.queue.standard(), parcels = lab.queue.standard() } } } })
local topic = w:service("orders", { filters = { lab.topic.fanout{ subscriptions = {
  { name = "billing", to = "mq", queue = "billing", raw = true },
  { name = "parcels", to = "mq", queue = "parcels", raw = true, filter = { kind = { "goods" } } } } } } })
topic:call{ type = "publish", body = "a shirt", attributes = { kind = "goods" } }
topic:call{ type = "publish", body = "a song", attributes = { kind = "download" } }
w:run(1*s)
local function visible(queue) return mq:call{ type = "attributes", queue = queue }.visible end
return visible("billing") == 2 and visible("parcels") == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          TopicOptions o;
          o.name = a.string("name", o.name);
          o.fifo = a.boolean("fifo", false);
          o.content_dedup = a.boolean("content_dedup", false);
          o.propagation = a.distribution("propagation");
          o.message_bytes_max = a.count("message_bytes", o.message_bytes_max);
          o.retries = retries_option(L, a);
          if (const int index = a.index_of("subscriptions"); index != 0) {
            const Value given = to_value(L, index);
            for (const Value& one : given.is_list() ? given.list() : Value::List{}) {
              auto parsed = parse_subscription(one);
              if (!parsed) a.reject("subscriptions", parsed.error().message);
              for (const Subscription& other : o.subscriptions) {
                if (other.name == parsed->name)
                  a.reject("subscriptions", fmt::format("two are named '{}'", parsed->name));
              }
              o.subscriptions.push_back(std::move(*parsed));
            }
          }
          return push_filter(L, "topic", make_topic(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
