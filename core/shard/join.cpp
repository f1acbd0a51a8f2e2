#include "core/shard/join.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/hash/hash64.hpp"

namespace syslab {
namespace {

// What goes between shards, and what each has to look at.
class Traffic {
 public:
  explicit Traffic(std::size_t shards) : rows_at_(shards, 0) {}

  void row_at(std::size_t shard) { ++rows_at_[shard]; }
  // A row, which is on `from`, is needed at `to`.
  void row(std::size_t from, std::size_t to, const Value& row) {
    row_at(to);
    if (from == to) return;
    ++cost.rows_moved;
    bytes(from, to, row.size_bytes());
  }
  void bytes(std::size_t from, std::size_t to, std::size_t count) {
    cost.bytes_moved += count;
    ways_.emplace(from, to);
  }
  JoinCost done() {
    cost.messages = ways_.size();
    cost.busiest = *std::max_element(rows_at_.begin(), rows_at_.end());
    return std::move(cost);
  }

  JoinCost cost;

 private:
  std::vector<std::uint64_t> rows_at_;
  std::set<std::pair<std::size_t, std::size_t>> ways_;
};

std::vector<std::size_t> places_of(const ShardedTable& table) {
  std::vector<std::size_t> places;
  for (const Value& row : table.rows) places.push_back(table.router->route(row[table.placed_by]));
  return places;
}

// The numbers of the rows by the value that they join by.
std::map<Value, std::vector<std::size_t>> by_value(const ShardedTable& table) {
  std::map<Value, std::vector<std::size_t>> rows;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Value& value = table.rows[i][table.on];
    if (!value.is_nil()) rows[value].push_back(i);
  }
  return rows;
}

std::size_t bytes_of(const std::vector<Value>& rows) {
  std::size_t bytes = 0;
  for (const Value& row : rows) bytes += row.size_bytes();
  return bytes;
}

void broadcast(const ShardedTable& small, const std::vector<std::size_t>& at, const ShardedTable& large,
               const std::vector<std::size_t>& large_at, Traffic& traffic) {
  const std::set<std::size_t> there(large_at.begin(), large_at.end());
  for (std::size_t i = 0; i < small.rows.size(); ++i) {
    for (const std::size_t shard : there) traffic.row(at[i], shard, small.rows[i]);
  }
  for (std::size_t i = 0; i < large.rows.size(); ++i) traffic.row_at(large_at[i]);
}

void shuffle(const ShardedTable& table, const std::vector<std::size_t>& at, std::size_t shards,
             Traffic& traffic) {
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Value& value = table.rows[i][table.on];
    if (!value.is_nil()) traffic.row(at[i], hash_key(value) % shards, table.rows[i]);
  }
}

void look_up(const ShardedTable& left, const std::vector<std::size_t>& left_at, const ShardedTable& right,
             const std::vector<std::size_t>& right_at, Traffic& traffic) {
  const auto matches = by_value(right);
  std::set<std::pair<std::size_t, Value>> asked;  // by which shard, for what
  for (std::size_t i = 0; i < left.rows.size(); ++i) {
    traffic.row_at(left_at[i]);
    const Value& value = left.rows[i][left.on];
    if (value.is_nil() || !asked.emplace(left_at[i], value).second) continue;
    if (!right.router->refusal_of_key(value).empty()) continue;
    const std::size_t to = right.router->route(value);
    if (to != left_at[i]) traffic.bytes(left_at[i], to, value.size_bytes());
    const auto found = matches.find(value);
    if (found == matches.end()) continue;
    for (const std::size_t k : found->second) traffic.row(right_at[k], left_at[i], right.rows[k]);
  }
}

}  // namespace

std::optional<JoinWay> parse_join_way(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"broadcast", "co_partitioned", "shuffle", "lookup"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<JoinWay>(found - kNames.begin());
}

Expected<JoinCost> join_tables(const ShardedTable& left, const ShardedTable& right, JoinWay way) {
  const auto &shards = left.router->shards(), &others = right.router->shards();
  const bool same = shards.size() == others.size() &&
                    std::equal(shards.begin(), shards.end(), others.begin(),
                               [](const PlacedNode& a, const PlacedNode& b) { return a.name == b.name; });
  if (!same || shards.empty()) return make_error("conflict", "the two tables are not on the same shards");
  const std::vector<std::size_t> left_at = places_of(left), right_at = places_of(right);
  const auto lefts = by_value(left), rights = by_value(right);
  Traffic traffic(shards.size());
  switch (way) {
    case JoinWay::broadcast:
      if (bytes_of(left.rows) < bytes_of(right.rows)) {
        broadcast(left, left_at, right, right_at, traffic);
      } else {
        broadcast(right, right_at, left, left_at, traffic);
      }
      break;
    case JoinWay::shuffle:
      shuffle(left, left_at, shards.size(), traffic);
      shuffle(right, right_at, shards.size(), traffic);
      break;
    case JoinWay::lookup:
      if (right.placed_by != right.on) {
        return make_error("conflict", "the right table is placed by '" + right.placed_by +
                                          "', so a row with a given '" + right.on + "' may be anywhere");
      }
      look_up(left, left_at, right, right_at, traffic);
      break;
    case JoinWay::co_partitioned:
      for (const auto& [value, rows] : lefts) {
        const auto found = rights.find(value);
        if (found == rights.end()) continue;
        for (const std::size_t i : rows) {
          for (const std::size_t k : found->second) {
            if (left_at[i] == right_at[k]) continue;
            return make_error("conflict", "rows with " + value.json() + " are on " + shards[left_at[i]].name +
                                              " and on " + shards[right_at[k]].name);
          }
        }
      }
      for (const std::size_t at : left_at) traffic.row_at(at);
      for (const std::size_t at : right_at) traffic.row_at(at);
      break;
  }
  JoinCost cost = traffic.done();
  for (const auto& [value, rows] : lefts) {
    const auto found = rights.find(value);
    if (found == rights.end()) continue;
    for (const std::size_t i : rows) {
      for (const std::size_t k : found->second) cost.pairs.emplace_back(i, k);
    }
  }
  std::sort(cost.pairs.begin(), cost.pairs.end());
  for (const auto& [i, k] : cost.pairs) {
    cost.gather_bytes += left.rows[i].size_bytes() + right.rows[k].size_bytes();
  }
  return cost;
}

}  // namespace syslab
