// Placer: a filter that gives every new item to the least loaded shard, and remembers where it is.
//
// Shards tell their load by heartbeats (make_load_reporter); what the placer knows is as old as the last one.
// Between two of them it would give all new items to one shard, which looked idle: a herd. `counting` adds
// what it has itself given since, and `two_choices` takes the less loaded of two at random, which needs no
// fresh numbers. A shard that was silent for `failure_after` gets nothing new, and requests for its items
// fail at once.
//
// The place of an item is in the placer's journal, synced before the item goes to its shard. A write of an
// item that has no place yet (put, write, set) gives it one; other requests for it are not_found. Requests go
// back and forth as they are; an error of a shard is passed on. Cost: O(shards) a new item and a sync; about
// 100 bytes an item. Source: Mitzenmacher 2000, "How useful is old information?".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/runtime/service.hpp"

namespace syslab {

enum class PlacerChoice : std::uint8_t { least_loaded, counting, two_choices, random };
std::optional<PlacerChoice> parse_placer_choice(std::string_view name);

struct PlacerOptions {
  PlacerChoice choice = PlacerChoice::counting;
  bool by_rows = false;  // the load is the rows that a shard has, not the requests that wait there
  Duration failure_after = std::chrono::seconds(2);
  Duration timeout = std::chrono::seconds(1);  // of a call to a shard
};
Filter make_placer(const PlacerOptions& options);

struct LoadReporterOptions {
  NodeId to = kNoNode;
  Duration every = std::chrono::milliseconds(500);
  double weight = 1;  // capacity, relative to the others'
};
// Reports {outstanding, rows, weight} of the service inside, as shard_heartbeat. Rows are the different keys
// that were written since its process started.
Filter make_load_reporter(const LoadReporterOptions& options);

}  // namespace syslab
