// Consumer: a filter that fetches work from a broker (core/queue/broker.hpp) and has the service inside do
// it.
//
// Of a queue: it asks for messages by long polls, hands each to the service inside as a request {type =
// "message", body = the message}, and deletes it when the service has answered. An error, a crash or a delay
// leaves it to the queue's visibility timeout, unless `retry` says how long it stays hidden after an error.
// With `extend` it hides the message again every half of its visibility for as long as the service is at
// work. Of a job queue: it takes jobs, hands each over as {type = "job", body = the job}, and acknowledges
// it, or reports that it failed.
//
// It works on `concurrency` at once and asks for no more than it can begin. So it delivers at least once: an
// answer that comes after the timeout, a delete that gets lost, and a crash between the two all repeat the
// work. Requests that come from elsewhere go to the service inside as they are.
//
// Cost: one timer and two calls a message. State dies with the process.
#pragma once

#include <optional>
#include <string>

#include "core/runtime/service.hpp"

namespace syslab {

struct ConsumerOptions {
  std::string from;        // the broker's node
  std::string queue = {};  // one of these two
  std::string jobs = {};
  std::size_t concurrency = 1;
  std::size_t batch = 10;  // messages a receive asks for at most
  Duration wait = std::chrono::seconds(20);
  std::optional<Duration> visibility = {};  // of a receive; none: the queue's
  bool extend = false;                      // requires visibility
  std::optional<Duration> retry =
      {};  // after an error the message comes back after that; none: at its timeout
  Duration pause = std::chrono::seconds(1);  // after a receive that failed
};

// Requires: from, and either queue or jobs; concurrency and batch of at least 1; with extend a visibility
// above 0.
Filter make_consumer(ConsumerOptions options);

}  // namespace syslab
