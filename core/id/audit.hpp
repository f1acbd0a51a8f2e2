// What a pile of ids tells about whoever made them: how many are there twice, how many are missing, how far
// they are from being sorted. Cost: O(n log n).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace syslab {

struct IdAudit {
  std::uint64_t ids = 0;
  std::uint64_t different = 0;
  std::uint64_t duplicates = 0;  // ids - different
  // Of ids that are all decimal numbers: numbers between the smallest and the largest that are not there.
  // Else 0.
  std::uint64_t missing = 0;
  std::uint64_t gaps = 0;  // runs of missing numbers
  // How many are smaller than the one before, in the order given: 0 for ids that come sorted, half of them
  // for random ones.
  std::uint64_t descents = 0;
  std::string smallest;
  std::string largest;
};

// Decimal numbers below 2^64 are ordered by value where all ids are such; else ids are ordered as text.
IdAudit audit_ids(std::vector<std::string> ids);

}  // namespace syslab
