// Broker: a service that holds queues, exchanges and job queues and answers for them.
//
// A filter: the service inside says what a request costs (its time, its slots, whether it fails); when it has
// answered, the request is carried out. A receive that waits holds no slot. Requests are maps; every one may
// carry `as`, the principal ("account/name") that access policies look at. Requests of queues:
//
//   send {queue, body, attributes, group, dedup, delay, priority}
//       -> {id, sequence, duplicate}
//   send_batch {queue, entries = {{id, body, ...}}}
//       -> {successful = {...}, failed = {{id, code, message}}}
//   receive {queue, max, wait, visibility}
//       -> list of messages, empty if none came in time
//   delete {queue, receipt}
//       -> whether it deleted something
//   delete_batch {queue, entries = {{id, receipt}}}
//       -> {successful, failed}
//   change_visibility {queue, receipt, visibility}
//       -> true
//   attributes {queue}
//       -> {visible, in_flight, delayed, sent, ...}, as old as counts_lag allows
//   purge {queue}
//       -> true
//   redrive {queue, to, max}
//       -> how many went back
//
// Of each kind a queue with `requests_max` takes so many a second, with a bucket of one second; beyond that
// the answer is RequestThrottled. Exchanges, pushed messages, request and reply:
//
//   publish {exchange, key, headers, body}
//       -> {routed = {queues}}; unroutable is no error
//   bind, unbind {exchange, queue, key, arguments}
//       -> whether it changed something
//   consume {queue, to, prefetch, within}
//       -> true; from now on messages are pushed to the node `to` as requests {type = "message", ...}; an
//          answer deletes the message, a failure (or none `within` that time) gives it back
//   request {queue, body, reply_within}
//       -> what a consumer says in a `reply`
//   reply {correlation, body}
//       -> whether somebody still waited
//
// Job queues:
//
//   put {jobs, data, priority, ttl, ttr, delay, tube}
//       -> id
//   take {jobs, wait}
//       -> {id, take, data, ...} or false
//   ack, bury {jobs, id, take}; release {.., delay}; touch {.., more}; fail {..}; kick {jobs, count}
//   repeat {jobs, name, cron or every, overlap, data, priority, tube}; cancel {jobs, name}
//
// Durable (the default): every message and dedup id is a file of the node's disk, a send is answered when it
// is synced, and after a crash everything is there again, visible at once. A delete or a receive is written,
// too, but not waited for, so a crash can undo it: at least once. Not durable: a crash empties the queues.
// Job queues, repetitions, pending requests and consumers live in memory.
//
// Cost: O(log n) a request beside the disk's time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/observe/history.hpp"
#include "core/queue/exchange.hpp"
#include "core/queue/job_queue.hpp"
#include "core/queue/message_queue.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct BrokerOptions {
  struct Queue {
    std::string name;
    QueueOptions options = {};
    std::string dead_letters = {};  // the name of another queue, or none
  };
  struct Binding {
    std::string queue;
    std::string key = {};
    Value arguments = {};
  };
  struct ExchangeSetup {
    std::string name;
    Exchange::Kind kind = Exchange::Kind::direct;
    std::vector<Binding> bindings = {};
    std::string alternate = {};  // the exchange for what nobody wants
  };
  struct Jobs {
    std::string name;
    JobQueueOptions options = {};
  };
  std::vector<Queue> queues = {};
  std::vector<ExchangeSetup> exchanges = {};
  std::vector<Jobs> jobs = {};
  bool durable = true;
  std::shared_ptr<History> history = {};  // what happens to the queues is recorded there
};

// Requires: names are unique; dead-letter queues, bound queues and alternates are there; same ordering for
// dead letters.
Filter make_broker(BrokerOptions options);

}  // namespace syslab
