#include "core/shard/keyspace.hpp"

#include <fmt/format.h>

#include <charconv>

namespace syslab {

Value to_value(const Keyspace& space) {
  return Value::map({{"kind", static_cast<double>(space.kind)}, {"count", static_cast<double>(space.count)}});
}

Keyspace keyspace_of(const Value& value) {
  return {static_cast<KeyspaceKind>(number_in(value, "kind")),
          static_cast<std::uint32_t>(number_in(value, "count"))};
}

Error moved_error(const MovedTo& to) {
  return {"moved", fmt::format("MOVED {} {} {}", to.bucket, to.epoch, to.shard), true};
}

Error moved_error_without_place() {
  return {"moved", "the key is not on this shard", true};
}

Error migrating_error(std::string why) {
  return {"migrating", std::move(why), true};
}

std::optional<MovedTo> moved_to(const Error& error) {
  constexpr std::string_view kWord = "MOVED ";
  if (error.code != "moved" || !error.message.starts_with(kWord)) return std::nullopt;
  MovedTo to;
  const char* at = error.message.data() + kWord.size();
  const char* end = error.message.data() + error.message.size();
  const auto bucket = std::from_chars(at, end, to.bucket);
  if (bucket.ec != std::errc() || bucket.ptr == end) return std::nullopt;
  const auto epoch = std::from_chars(bucket.ptr + 1, end, to.epoch);
  if (epoch.ec != std::errc() || epoch.ptr == end) return std::nullopt;
  to.shard.assign(epoch.ptr + 1, end);
  return to;
}

bool writes_row(std::string_view type) {
  return type == "put" || type == "write" || type == "set" || type == "delete" || type == "cas";
}

bool is_row_request(std::string_view type) {
  return type == "get" || type == "read" || writes_row(type);
}

std::uint64_t number_in(const Value& body, std::string_view name) {
  const Value& value = body[name];
  return value.is_number() && value.number() >= 0 && value.number() < 0x1p53
             ? static_cast<std::uint64_t>(value.number())
             : 0;
}

}  // namespace syslab
