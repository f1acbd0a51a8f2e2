#include "core/stream/profile.hpp"

namespace syslab {
namespace {

template <class Profile>
const Profile* find_named(const std::vector<Profile>& profiles, std::string_view name) {
  for (const Profile& profile : profiles) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

}  // namespace

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::vector<LogProfile>& log_profiles() {
  constexpr std::size_t kSegment = std::size_t{1} << 30;
  // Sessions, polls and commits: librdkafka's CONFIGURATION.md; replicas: Kafka's broker configuration.
  // Retention, segments and the size of a record are Kafka's defaults from memory.
  static const std::vector<LogProfile> profiles = {
      {"kafka-2.8", seconds(30), 1, seconds(10), seconds(3), seconds(300), 500, seconds(5), seconds(3),
       seconds(6), minutes(30), hours(168), kSegment, 1048588, 1, false},
      {"kafka-3.0", seconds(30), 1, seconds(45), seconds(3), seconds(300), 500, seconds(5), seconds(3),
       seconds(6), minutes(30), hours(168), kSegment, 1048588, -1, true},
  };
  return profiles;
}

const LogProfile* find_log_profile(std::string_view name) {
  return find_named(log_profiles(), name);
}

const std::vector<ShardProfile>& shard_profiles() {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  // docs.aws.amazon.com, "Quotas and limits" of Kinesis Data Streams, and GetRecords. Batches, the life of an
  // iterator, enhanced consumers and what comes after the first day of retention are from memory.
  static const std::vector<ShardProfile> profiles = {
      {"kinesis-2024", kMiB, 1000, 2 * kMiB, 5, 10 * kMiB, 10000, kMiB, 500, 5 * kMiB, minutes(5), hours(24),
       hours(24 * 365), 500, 20},
      {"kinesis-2025", kMiB, 1000, 2 * kMiB, 5, 10 * kMiB, 10000, 10 * kMiB, 500, 10 * kMiB, minutes(5),
       hours(24), hours(24 * 365), 500, 20},
  };
  return profiles;
}

const ShardProfile* find_shard_profile(std::string_view name) {
  return find_named(shard_profiles(), name);
}

}  // namespace syslab
