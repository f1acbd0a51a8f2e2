// QueueProfile: the published limits of a queue service, by name and version. Every number is a default that
// can be overridden; a profile is a snapshot of what a vendor wrote down at one time, not of what it does
// today.
//
//   sqs-2024   Amazon SQS as its quota page stood in 2024
//   sqs-2025   the same with messages of 1 MiB and 120 000 FIFO messages in flight (from memory)
//   none       no limits, for what is not a hosted service
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace syslab {

struct QueueProfile {
  std::string_view name;
  std::size_t message_bytes_max;
  std::size_t batch_max;
  std::size_t attributes_max;
  std::size_t in_flight_max;
  std::size_t fifo_in_flight_max;
  Duration visibility_max;
  Duration retention_min;
  Duration retention_max;
  Duration delay_max;
  Duration wait_max;
  std::uint32_t receives_max;  // the largest threshold of a dead-letter queue
  double fifo_requests_max;    // a second and kind of request, of a fifo queue; a batch is one; 0: no limit
};

// Sorted by name.
const std::vector<QueueProfile>& queue_profiles();
// Null where there is none of that name.
const QueueProfile* find_queue_profile(std::string_view name);

}  // namespace syslab
