#include "core/queue/profile.hpp"

#include <limits>

namespace syslab {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::vector<QueueProfile>& queue_profiles() {
  constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  // 100 years: sums of a time and a duration stay in range.
  constexpr Duration kLong = hours(24 * 36500);
  static const std::vector<QueueProfile> profiles = {
      {"none", kNoLimit, kNoLimit, kNoLimit, kNoLimit, kNoLimit, kLong, Duration::zero(), kLong, kLong, kLong,
       1000000, 0},
      // docs.aws.amazon.com, "Amazon SQS message quotas" and "Dead-letter queues".
      {"sqs-2024", 262144, 10, 10, 120000, 20000, hours(12), seconds(60), hours(24 * 14), minutes(15),
       seconds(20), 1000, 300},
      {"sqs-2025", 1048576, 10, 10, 120000, 120000, hours(12), seconds(60), hours(24 * 14), minutes(15),
       seconds(20), 1000, 300},
  };
  return profiles;
}

const QueueProfile* find_queue_profile(std::string_view name) {
  for (const QueueProfile& profile : queue_profiles()) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

}  // namespace syslab
