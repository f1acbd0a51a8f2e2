// check_queue: does a history of sends, receives and deletes keep the promises of the queue?
//
// The history has the form of core/queue/recorder.hpp, recorded at the queue (then times are exact) or by
// clients (then each operation took effect at some time between its invocation and its completion, and only
// what is certain counts).
//
//   loss         what was accepted, and neither deleted nor expired nor dead, can be received: judged at the
//                queue's last receive that came back empty
//   redelivery   a message is not received again before its visibility timeout is over, nor after it was
//                deleted
//   delay        nor before its delay is over
//   retention    nor after its retention
//   in_flight    fifo: no message of a group is received while an earlier one is in flight
//   order        fifo: messages of a group are received in the order in which they were accepted
//   dedup        fifo: an id is recognised within the window, to the nanosecond, deleted or not, and not
//                after it
//   dead_letter  no message is received more than N times, and one in the dead-letter queue was received
//                exactly N times
//
// Cost: O(n log n). Memory: about 200 bytes a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/check/linearizable.hpp"
#include "core/observe/history.hpp"

namespace syslab {

struct QueueRules {
  std::string queue;
  bool fifo = false;
  bool duplicates = false;                         // the queue may deliver twice: redelivery is not judged
  Duration visibility = std::chrono::seconds(30);  // where a receive does not say
  Duration retention = std::chrono::hours(96);
  Duration dedup_window = std::chrono::minutes(5);
  std::uint32_t max_receives = 0;  // 0: no dead letters
  std::string dead_letters = {};   // the name of the queue they go to
};

struct QueueVerdict {
  Outcome outcome = Outcome::ok;
  std::string rule = {};     // the first one broken; "" if none
  std::string message = {};  // one sentence
  std::size_t event = 0;     // index of the event that breaks it
  std::size_t operations = 0;
  bool loss_judged = false;  // whether a receive came back empty, so that something could have been missed
};

QueueVerdict check_queue(const History& history, const std::vector<QueueRules>& rules);

}  // namespace syslab
