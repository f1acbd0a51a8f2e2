// Inbox: in front of any service, makes it answer each request once: an idempotent consumer by a filter.
//
// A request with an id that was answered before, within `window`, gets the same answer, and the service
// inside is not asked. While the first is still being answered, the second waits for that answer. A request
// without an id passes. What failed is not remembered, so that it can be tried again.
//
// The memory is on the disk, but apart from what the service inside does, and a crash can come between the
// two:
//   after   (the default) remembered when the answer is there: a crash before that lets the request in twice
//   before  remembered when it comes in: a crash then loses it, and its repetition is answered `in_doubt`
// Where neither is good enough, effect and memory must be one write: core/event/outbox.hpp.
//
// An id is forgotten `window` after it was remembered, to the nanosecond (5 minutes, as FIFO queues have it);
// at most `max` ids are kept, the oldest go first. Cost: O(log n) a request, and a write and a sync a group.
#pragma once

#include <cstdint>
#include <string>

#include "core/runtime/service.hpp"

namespace syslab {

struct InboxOptions {
  enum class Remember : std::uint8_t { after, before };
  std::string field = "id";  // of the body
  Duration window = std::chrono::minutes(5);
  std::uint64_t max = 1'000'000;
  Remember remember = Remember::after;
  bool durable = true;  // false: a crash forgets all
};

Filter make_inbox(InboxOptions options);

}  // namespace syslab
