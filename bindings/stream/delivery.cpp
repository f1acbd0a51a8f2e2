#include "bindings/resilience/filter.hpp"
#include "core/stream/delivery_stream.hpp"

namespace syslab {
namespace {

const Component delivery{{
    .name = "stream.delivery",
    .summary = "A delivery stream: takes records and brings them in batches, by size or by time, to a store, "
               "a search index or an "
               "http endpoint; with retries and a place for what cannot be delivered. Nothing can be read "
               "again. Requests: "
               "put_record, put_record_batch, status.",
    .params =
        {string("to", "the node that gets the batches"),
         choice("sink", {"store", "search", "http"}, "what it is: asked put_object, bulk or post")
             .optional("'store'"),
         size("buffer_bytes", "a batch goes out when it has so many bytes").at_least(1).optional("5 MiB"),
         duration("buffer_time", "or when its first record is so old").optional("300 s"),
         duration("retry", "how long a batch is tried again").optional("300 s"),
         duration("retry_wait", "the first wait between attempts; it doubles up to a minute")
             .above(0)
             .optional("1 s"),
         duration("timeout", "of one attempt").above(0).optional("10 s"),
         string("failed_to", "the node that stores what could not be delivered")
             .optional("none: it is dropped"),
         size("record_bytes", "the largest record").at_least(1).optional("1024000"),
         string("name", "of the stream: the folder, the index, the beginning of request ids")
             .optional("'delivery'")},
    .returns = "Filter",
    .cost = "a write and a sync of the disk a record",
    .paper = "Amazon Data Firehose developer guide (numbers from memory, so defaults of ours)",
    .example = R"(
local w = lab.world{ seed = 1 }
local objects = {}
w:service("store", { handler = function(r) objects[#objects + 1] = #r.records return true end })
local firehose = w:service("firehose", { filters = {
  lab.stream.delivery{ to = "store", buffer_time = 60, buffer_bytes = 100 } } })
for i = 1, 3 do firehose:call{ type = "put_record", data = "click" } end
local before = #objects
w:run(61*s)
firehose:call{ type = "put_record", data = ("x"):rep(100) }
w:run(1*s)
local _, err = firehose:call{ type = "get_records" }
return before == 0 and objects[1] == 3 and objects[2] == 1 and err.code == "UnsupportedOperation")",
    .make =
        [](lua_State* L, Arguments& a) {
          DeliveryStreamOptions o;
          o.name = a.string("name", o.name);
          o.to = a.string("to");
          const std::string sink = a.string("sink", "store");
          o.sink = sink == "store"    ? DeliveryStreamOptions::Sink::store
                   : sink == "search" ? DeliveryStreamOptions::Sink::search
                                      : DeliveryStreamOptions::Sink::http;
          o.buffer_bytes = a.count("buffer_bytes", o.buffer_bytes);
          o.buffer_time = a.duration("buffer_time", o.buffer_time);
          o.retry = a.duration("retry", o.retry);
          o.retry_wait = a.duration("retry_wait", o.retry_wait);
          o.timeout = a.duration("timeout", o.timeout);
          o.failed_to = a.string("failed_to", "");
          o.record_bytes_max = a.count("record_bytes", o.record_bytes_max);
          return push_filter(L, "delivery", make_delivery_stream(std::move(o)));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab
