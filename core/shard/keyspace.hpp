// Keyspace: how the keys of a sharded store fall into buckets, and the words that its parts say to each
// other.
//
// Buckets are what moves. In `slots` and `buckets` their number is fixed for life and a key's hash finds its
// own (core/shard/bucket_map.hpp). In `ranges` a bucket is a range of keys that can be split and merged.
//
// A sharded store has three kinds of part:
//
//   manager  knows which shard owns which bucket, in which epoch; decides about moves (manager.hpp)
//   server   a shard: serves the buckets it owns, and sends and receives others (server.hpp)
//   proxy    knows a copy of the manager's map, maybe an old one, and sends requests on (proxy.hpp)
//
// Errors of their own, both definite (of the copy of the request that was refused):
//
//   moved      this shard does not own the key; the text may say who does: "MOVED bucket epoch shard"
//   migrating  the bucket is between two owners just now; ask again in a moment
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/shard/bucket_map.hpp"

namespace syslab {

enum class KeyspaceKind : std::uint8_t { buckets, slots, ranges };

struct Keyspace {
  KeyspaceKind kind = KeyspaceKind::buckets;
  std::uint32_t count = 0;  // of buckets and slots

  bool ranged() const { return kind == KeyspaceKind::ranges; }
  // Requires: not ranges; count >= 1.
  std::uint32_t bucket(const Value& key) const {
    return bucket_of(kind == KeyspaceKind::slots ? BucketKind::slots : BucketKind::buckets, count, key);
  }
  bool operator==(const Keyspace&) const = default;
};
Value to_value(const Keyspace& space);
Keyspace keyspace_of(const Value& value);

// Where a bucket is now, as far as who refuses knows.
struct MovedTo {
  std::uint32_t bucket = 0;
  std::uint64_t epoch = 0;
  std::string shard;
};
Error moved_error(const MovedTo& to);
Error moved_error_without_place();
Error migrating_error(std::string why);
// None where the error is another, or does not say.
std::optional<MovedTo> moved_to(const Error& error);

// What a shard does for routers: requests about the rows of one key. `writes` says whether it changes it.
bool is_row_request(std::string_view type);
bool writes_row(std::string_view type);

// Numbers in messages; 0 where it is none.
std::uint64_t number_in(const Value& body, std::string_view name);

}  // namespace syslab
