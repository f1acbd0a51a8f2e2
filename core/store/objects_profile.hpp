// ObjectProfile: the published limits and prices of an object store, by name and version. Every value can be
// overridden; a profile is a snapshot of what a vendor wrote down at one time, not of what it does today.
//
//   s3-2024   Amazon S3. Limits: user guide ("Multipart upload limits", "Bucket naming rules"). Request
//   rates,
//             prices (US East, first tier), minimum durations and delays are from memory: defaults of ours.
//
// Money is in dollars. A GB is 2^30 bytes and a month 30 days.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace syslab {

struct StorageClass {
  // A way to get an archived object back.
  struct Restore {
    std::string tier;
    Duration time;
    double per_gb;
    double per_1000;
  };

  std::string name;
  double storage;                    // a GB and month
  Duration duration_min = {};        // what leaves earlier is paid for up to here
  std::uint64_t bytes_min = 0;       // a smaller object is billed as this
  std::uint64_t overhead_bytes = 0;  // billed for each object beside it
  std::uint64_t overhead_first = 0;  // and so much in the first class
  double per_1000_writes = 0;
  double per_1000_reads = 0;
  double per_1000_transitions = 0;     // into this class
  double retrieval = 0;                // a GB
  std::vector<Restore> restores = {};  // not empty: archived, an object must be restored before it is read
  bool tiering = false;                // the store moves objects between tiers by when they were read

  bool archived() const { return !restores.empty(); }
};

// A tier of the class that has `tiering`.
struct AccessTier {
  std::string name;
  double storage;
  Duration after;  // not read for so long
};

struct ObjectProfile {
  std::string name;
  std::uint64_t object_bytes_max;
  std::uint64_t put_bytes_max;   // of one put, and of one copy
  std::uint64_t part_bytes_min;  // but the last
  std::uint64_t part_bytes_max;
  std::uint64_t parts_max;
  std::uint64_t page_max;
  std::uint64_t key_bytes_max;
  std::uint64_t metadata_bytes_max;
  std::uint64_t buckets_max;
  double writes_max;  // a second and prefix; 0: no limit
  double reads_max;
  std::uint64_t transition_bytes_min;  // lifecycle leaves smaller objects where they are
  Duration transition_age_min;         // no lifecycle transition into a class with a minimum size before this
  std::uint64_t tiering_bytes_min;     // smaller objects stay in the first tier and are not monitored
  double monitoring;                   // 1000 monitored objects and month
  // In the order in which lifecycle moves objects: never backwards. The first is the default.
  std::vector<StorageClass> classes;
  std::vector<AccessTier> tiers;  // of the class that has `tiering`
};

// Sorted by name.
const std::vector<ObjectProfile>& object_profiles();
// Null where there is none of that name.
const ObjectProfile* find_object_profile(std::string_view name);

}  // namespace syslab
