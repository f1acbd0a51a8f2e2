#include "core/store/objects_profile.hpp"

namespace syslab {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

Duration days(int n) {
  return hours(24 * n);
}

ObjectProfile s3_2024() {
  StorageClass standard{.name = "STANDARD", .storage = 0.023};
  standard.per_1000_writes = 0.005;
  standard.per_1000_reads = 0.0004;

  StorageClass standard_ia{.name = "STANDARD_IA", .storage = 0.0125};
  standard_ia.duration_min = days(30);
  standard_ia.bytes_min = 128 * kKiB;
  standard_ia.per_1000_writes = 0.01;
  standard_ia.per_1000_reads = 0.001;
  standard_ia.per_1000_transitions = 0.01;
  standard_ia.retrieval = 0.01;

  StorageClass tiering{.name = "INTELLIGENT_TIERING", .storage = 0.023};
  tiering.per_1000_writes = 0.005;
  tiering.per_1000_reads = 0.0004;
  tiering.per_1000_transitions = 0.01;
  tiering.tiering = true;

  StorageClass one_zone = standard_ia;
  one_zone.name = "ONEZONE_IA";
  one_zone.storage = 0.01;

  StorageClass instant{.name = "GLACIER_IR", .storage = 0.004};
  instant.duration_min = days(90);
  instant.bytes_min = 128 * kKiB;
  instant.per_1000_writes = 0.02;
  instant.per_1000_reads = 0.01;
  instant.per_1000_transitions = 0.02;
  instant.retrieval = 0.03;

  StorageClass glacier{.name = "GLACIER", .storage = 0.0036};
  glacier.duration_min = days(90);
  glacier.overhead_bytes = 32 * kKiB;
  glacier.overhead_first = 8 * kKiB;
  glacier.per_1000_writes = 0.03;
  glacier.per_1000_reads = 0.0004;
  glacier.per_1000_transitions = 0.03;
  // Published as ranges (1 to 5 minutes, 3 to 5 hours, 5 to 12 hours): the upper ends.
  glacier.restores = {
      {"Bulk", hours(12), 0, 0}, {"Expedited", minutes(5), 0.03, 10}, {"Standard", hours(5), 0.01, 0.05}};

  StorageClass deep = glacier;
  deep.name = "DEEP_ARCHIVE";
  deep.storage = 0.00099;
  deep.duration_min = days(180);
  deep.per_1000_writes = 0.05;
  deep.per_1000_transitions = 0.05;
  deep.restores = {{"Bulk", hours(48), 0.0025, 0.025}, {"Standard", hours(12), 0.02, 0.1}};

  ObjectProfile p;
  p.name = "s3-2024";
  p.object_bytes_max = 5 * 1024 * kGiB;
  p.put_bytes_max = 5 * kGiB;
  p.part_bytes_min = 5 * kMiB;
  p.part_bytes_max = 5 * kGiB;
  p.parts_max = 10000;
  p.page_max = 1000;
  p.key_bytes_max = 1024;
  p.metadata_bytes_max = 2 * kKiB;
  p.buckets_max = 100;
  p.writes_max = 3500;
  p.reads_max = 5500;
  p.transition_bytes_min = 128 * kKiB;
  p.transition_age_min = days(30);
  p.tiering_bytes_min = 128 * kKiB;
  p.monitoring = 0.0025;
  p.classes = {standard, standard_ia, tiering, one_zone, instant, glacier, deep};
  p.tiers = {
      {"FREQUENT", 0.023, days(0)}, {"INFREQUENT", 0.0125, days(30)}, {"ARCHIVE_INSTANT", 0.004, days(90)}};
  return p;
}

}  // namespace

const std::vector<ObjectProfile>& object_profiles() {
  static const std::vector<ObjectProfile> profiles = {s3_2024()};
  return profiles;
}

const ObjectProfile* find_object_profile(std::string_view name) {
  for (const ObjectProfile& profile : object_profiles()) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

}  // namespace syslab
