#include "core/store/table_profile.hpp"

#include <cmath>
#include <limits>

namespace syslab {

const std::vector<TableProfile>& table_profiles() {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  constexpr double kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
  static const std::vector<TableProfile> profiles = {
      // "Service, account, and table quotas" and "Read/write capacity mode" of the DynamoDB developer guide;
      // the
      // whitepaper on global secondary indexes.
      {"dynamodb-2024",
       400 * kKiB,
       4 * kKiB,
       kKiB,
       2,
       3000,
       1000,
       300,
       kMiB,
       10 * kGiB,
       5,
       20,
       100,
       600,
       100,
       25,
       40000,
       4,
       {"transaction_factor", "page_bytes", "batch_get_items", "batch_write_items", "transaction_items",
        "token_seconds", "on_demand_partitions"}},
      {"none",
       kNone,
       4 * kKiB,
       kKiB,
       1,
       kNone,
       kNone,
       1,
       kMiB,
       kNone,
       kNone,
       kNone,
       600,
       kNone,
       kNone,
       kNone,
       kNone,
       1,
       {"page_bytes"}},
  };
  return profiles;
}

const TableProfile* find_table_profile(std::string_view name) {
  for (const TableProfile& profile : table_profiles()) {
    if (profile.name == name) return &profile;
  }
  return nullptr;
}

const std::vector<TableLimit>& table_limits() {
  using P = TableProfile;
  static const std::vector<TableLimit> limits = {
      {"item_bytes", &P::item_bytes, "the largest item"},
      {"read_unit_bytes", &P::read_unit_bytes, "what a strong read of one unit reads"},
      {"write_unit_bytes", &P::write_unit_bytes, "what one unit writes"},
      {"transaction_factor", &P::transaction_factor, "times the units in a transaction"},
      {"partition_read_units", &P::partition_read_units, "a second and partition, at most"},
      {"partition_write_units", &P::partition_write_units, "a second and partition, at most"},
      {"burst_seconds", &P::burst_seconds, "so long unused capacity is kept"},
      {"page_bytes", &P::page_bytes, "a query or scan reads so much at once"},
      {"collection_bytes", &P::collection_bytes, "of one partition key, where there are local indexes"},
      {"local_indexes_max", &P::local_indexes, "at most"},
      {"global_indexes_max", &P::global_indexes, "at most"},
      {"transaction_items", &P::transaction_items, "in one transaction"},
      {"token_seconds", &P::token_seconds, "a transaction with the same token is not done again"},
      {"batch_get_items", &P::batch_get_items, "in one batch"},
      {"batch_write_items", &P::batch_write_items, "in one batch"},
      {"table_units", &P::table_units, "read or write units that a table may have"},
      {"on_demand_partitions", &P::on_demand_partitions, "of a new on-demand table"},
  };
  return limits;
}

Value describe_profile(const TableProfile& profile) {
  Value::Map limits;
  for (const TableLimit& limit : table_limits()) {
    if (std::isfinite(profile.*limit.field)) limits.emplace_back(limit.name, profile.*limit.field);
  }
  Value::List ours;
  for (const std::string_view name : profile.ours) ours.emplace_back(name);
  return Value::map({{"profile", profile.name},
                     {"limits", Value::map(std::move(limits))},
                     {"ours", Value::list(std::move(ours))}});
}

}  // namespace syslab
