// A delivery stream: takes records one by one and brings them to a store, a search index or an http endpoint
// in batches.
//
// A batch goes out when it has `buffer_bytes` or when its first record is `buffer_time` old, whichever is
// first. It is tried again, with growing waits, for `retry`; after that it goes to the failed-records
// destination, or is dropped and counted. There is no replay: a record that was delivered, or given up, is
// gone from here, and "get_records" is an UnsupportedOperation.
//
// A filter. Requests: put_record {data} -> {id}; put_record_batch {records = {{data}}} -> {ids}; status. What
// goes to the destination, one call a batch:
//   store    {type = "put_object", body = {key = "NAME/2026.../17", records = {...}}}
//   search   {type = "bulk", body = {index = NAME, records = {{id, data}}}}; may answer {failed = {ids}}:
//   only those
//            are sent again
//   http     {type = "post", body = {request_id, records = {...}}}
// A batch whose answer is lost is sent again, so whoever is at the other end sees duplicates (with the same
// key, ids or request_id). Records are on the node's disk until they are delivered, and are taken up again
// after a crash.
//
// Error codes: ValidationException (a record too large), UnsupportedOperation. Cost: a write and a sync a
// record. Source: Amazon Data Firehose developer guide, from memory: the numbers are defaults of ours.
#pragma once

#include <memory>
#include <string>

#include "core/runtime/service.hpp"

namespace syslab {

struct DeliveryStreamOptions {
  enum class Sink : std::uint8_t { store, search, http };

  std::string name = "delivery";
  std::string to;  // a node
  Sink sink = Sink::store;
  std::size_t buffer_bytes = std::size_t{5} << 20;
  Duration buffer_time = std::chrono::seconds(300);
  Duration retry = std::chrono::seconds(300);
  Duration retry_wait = std::chrono::seconds(1);  // doubles up to a minute
  Duration timeout = std::chrono::seconds(10);    // of one attempt
  std::string failed_to = {};                     // a node that stores what was given up; none: it is dropped
  std::size_t record_bytes_max = 1024000;
  std::size_t batch_records_max = 500;
};
Filter make_delivery_stream(DeliveryStreamOptions options);

}  // namespace syslab
