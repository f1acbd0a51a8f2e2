// TableProfile: the published limits of a table service, by name and version. Every number is a default that
// can be overridden; a profile is a snapshot of what a vendor wrote down at one time.
//
//   dynamodb-2024   Amazon DynamoDB as its limits and capacity pages stood in 2024
//   none            no limits and no units, for what is not a hosted service
//
// `ours` names what we know from memory or decided ourselves: those are defaults of ours, not facts of a
// vendor.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct TableProfile {
  std::string_view name;
  double item_bytes;             // the largest item
  double read_unit_bytes;        // what one strong read of one unit reads
  double write_unit_bytes;       // what one unit writes
  double transaction_factor;     // a transactional read or write costs so many times a strong one
  double partition_read_units;   // a second, whatever the table has
  double partition_write_units;  // a second
  double burst_seconds;          // unused capacity is kept for so long
  double page_bytes;             // a query or scan reads so much at once
  double collection_bytes;       // of one partition key, in a table with local indexes
  double local_indexes;
  double global_indexes;
  double transaction_items;
  double token_seconds;  // a transaction with the same token is not done again for so long
  double batch_get_items;
  double batch_write_items;
  double table_units;                  // read or write units that one table may have
  double on_demand_partitions;         // of a new on-demand table
  std::vector<std::string_view> ours;  // names of fields
};

// Sorted by name.
const std::vector<TableProfile>& table_profiles();
// Null where there is none of that name.
const TableProfile* find_table_profile(std::string_view name);

// The names and places of the limits, in the order above: what options and `describe` go by.
struct TableLimit {
  std::string_view name;
  double TableProfile::*field;
  std::string_view doc;
};
const std::vector<TableLimit>& table_limits();
// {profile, limits = {NAME = number}, ours = {names}}. A limit that is infinite is left out.
Value describe_profile(const TableProfile& profile);

}  // namespace syslab
