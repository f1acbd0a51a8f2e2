// Cross-shard joins: four ways to join two tables that are on shards, and what each of them moves.
//
//   broadcast      the smaller table goes to every shard that has rows of the larger
//   co_partitioned rows that match are together already, so nothing moves; refused where they are not
//   shuffle        every row of both goes to the shard that the hash of its join column names
//   lookup         each shard that has rows of the left asks the shards of the right for the rows that match:
//   one
//                  question a shard pair, for all different values; the right has to be placed by its join
//                  column
//
// They give the same rows (inner join), in the same order; the numbers say what it costs. Bytes are those
// that values take on the wire. `busiest` is the most rows that one shard has to look at, its own and those
// that came: with a popular value a shuffle brings them all to one shard. `gather` is what it takes to bring
// the result to one place. Cost: O(rows log rows). Sources: DeWitt & Gray 1992, "Parallel database systems";
// Spark and Citus name the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/shard/router.hpp"

namespace syslab {

struct ShardedTable {
  std::vector<Value> rows = {};  // maps
  const Router* router = nullptr;
  std::string placed_by = {};  // the column that the router looks at
  std::string on = {};         // the column to join by
};

enum class JoinWay : std::uint8_t { broadcast, co_partitioned, shuffle, lookup };
std::optional<JoinWay> parse_join_way(std::string_view name);

struct JoinCost {
  std::vector<std::pair<std::size_t, std::size_t>>
      pairs;  // rows of left and right that match, by their numbers
  std::uint64_t rows_moved = 0;
  std::uint64_t bytes_moved = 0;
  std::uint64_t messages = 0;  // one for each pair of shards between which something goes, and way
  std::uint64_t busiest = 0;
  std::uint64_t gather_bytes = 0;
};

// Both tables have the same shards. Rows whose join column is nil match nothing. Errors: conflict, where the
// tables are not placed as the way needs it, in words. Requires: rows are maps, whose keys are keys of the
// router.
Expected<JoinCost> join_tables(const ShardedTable& left, const ShardedTable& right, JoinWay way);

}  // namespace syslab
