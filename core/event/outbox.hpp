// Outbox: a service whose state, messages to send and memory of requests change together, in one write.
//
// A filter: the service inside says what a request costs. A request is given to `handle(message, get)`, which
// answers with what is to change: {rows = {KEY = VALUE or false}, events = {{type, ...}}, answer = VALUE}.
// All of that, and the request's id, is one record of the disk (a transaction), and the answer comes when it
// is durable. So
//
//   - the state and the events agree, whenever it crashes: that is the transactional outbox;
//   - a request that comes again is answered as it was the first time and changes nothing: that is the
//     inbox, an idempotent consumer. Its id is `id` of the message or of its `detail`; without one, nothing
//     is remembered.
//
// A relay sends the events in their order to `to`, one after the other, again and again until each is
// acknowledged, also after a crash: at least once, with the same id each time (NAME-1, NAME-2, ...). An event
// that is refused `attempts` times (0: no limit; faults do not count) is parked.
//
// How the publishing is done can be made wrong, to see what the outbox is for:
//   outbox         as above
//   commit_first   the state is written, then the event is sent: a crash in between loses the event
//   publish_first  the event is sent, then the state is written: a crash in between leaves an event of
//                  what never was
//
// Requests: get {key} -> the row; outbox {} -> list of events not yet acknowledged; parked {} -> list;
// replay_parked {}. What comes as a delivery of others is unpacked: `invoke` of a topic or bus (its body),
// `event` of an event store. All other types go to `handle`, with their type.
//
// Cost: a write and a sync a group of requests, one more for acknowledged events.
// Source: Richardson, "Microservices Patterns" (2018), Transactional outbox, Idempotent consumer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/observe/history.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

using GetOutboxRow = std::function<Value(const std::string& key)>;
using HandleMessage = std::function<Expected<Value>(const Value& message, const GetOutboxRow& get)>;

struct OutboxOptions {
  enum class Publishing : std::uint8_t { outbox, commit_first, publish_first };
  // What stands at the other end, so what it is asked:
  //   node    {type = "event", event = EVENT}
  //   queue   {type = "send", queue = target, body = EVENT}, with group and dedup id if it has a group
  //   bus     {type = "put", entries = {{source = name, detail_type = type, detail = EVENT}}}
  //   topic   {type = "publish", topic = target, body = EVENT}
  //   store   {type = "append", stream = the event's `stream` or the name, events = {EVENT}}
  enum class Kind : std::uint8_t { none, node, queue, bus, topic, store };
  std::string name = "outbox";
  HandleMessage handle;
  Kind kind = Kind::none;
  std::string to;      // the node
  std::string target;  // the queue's or topic's name
  Publishing publishing = Publishing::outbox;
  bool inbox = true;
  Duration window = Duration::max();  // for how long ids are remembered
  Duration timeout = std::chrono::seconds(2);
  Duration retry = std::chrono::seconds(1);
  std::uint64_t attempts = 0;
  // Recorded are "publish", key the name, value {ids}, and for each request that took effect "apply", key the
  // name, value {id}, and "effect", value {type, saga} where the message has a `saga` (core/check/events.hpp,
  // saga.hpp).
  std::shared_ptr<History> history = {};
};

Filter make_outbox(OutboxOptions options);

}  // namespace syslab
