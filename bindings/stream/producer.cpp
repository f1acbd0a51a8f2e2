#include "bindings/stream/options.hpp"
#include "core/stream/consumer.hpp"

namespace syslab {
namespace {

const Component producer{{
    .name = "stream.producer",
    .summary =
        "A producer: takes requests { type = 'produce', topic, key, value }, chooses the partition by the "
        "key, sends, and "
        "sends again until it is acknowledged. Idempotent, what it repeats is appended once and in order.",
    .params =
        {any("to", "the brokers: what w:replicas gave, or some of them"),
         choice("acks", {"0", "1", "all"}, "whose acknowledgement it waits for").optional("'all'"),
         boolean("idempotent", "it has an id, and numbers its records").optional("true, with acks = 'all'"),
         duration("request_timeout", "of one attempt").above(0).optional("2 s"),
         duration("delivery_timeout", "of all attempts together").above(0).optional("120 s"),
         duration("retry_wait", "between attempts").optional("0.1 s"), log_profile_param()},
    .returns = "Filter",
    .cost = "a request a record; idempotent: one at a time for each partition",
    .paper = "Kafka producer configuration; KIP-98 (idempotence)",
    .example = R"(
local w = lab.world{ seed = 1 }
local kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, topics = { clicks = { partitions = 4 } } })
local shop = w:service("shop", { filters = { lab.stream.producer{ to = kafka } } })
w:run(5*s)
w:inject(lab.fault.loss{ from = "kafka-1", to = "shop", probability = 0.5 })
local put = shop:call{ type = "produce", topic = "clicks", key = "ann", value = "home", timeout = 60 }
return put.partition == lab.stream.partition{ key = "ann", partitions = 4 } and put.offset == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          NamedFilter filter{"producer", {}, nullptr, {}};
          StreamProducerOptions o;
          o.brokers = nodes_option(L, a, "to", filter);
          const LogProfile profile = log_profile_option(a);
          const std::string acks = a.string("acks", profile.acks < 0 ? "all" : "1");
          o.acks = acks == "all" ? -1 : acks == "1" ? 1 : 0;
          o.idempotent = a.boolean("idempotent", profile.idempotent && o.acks < 0);
          if (o.idempotent && o.acks >= 0) a.reject("idempotent", "it needs acks = 'all'");
          o.request_timeout = a.duration("request_timeout", o.request_timeout);
          o.delivery_timeout = a.duration("delivery_timeout", o.delivery_timeout);
          o.retry_wait = a.duration("retry_wait", o.retry_wait);
          filter.make = make_stream_producer(o);
          return push(L, std::make_shared<NamedFilter>(std::move(filter)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
