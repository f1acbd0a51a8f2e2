// An entry is a map of `value` and, where it has a ttl, `until`, in seconds of the server's monotonic clock.
#include "core/cache/commands.hpp"

#include <algorithm>
#include <utility>

namespace syslab {
namespace {

bool is_key(const Value& key) {
  return key.is_string() || (key.is_number() && key.number() == key.number());
}

bool is_ttl(const Value& ttl) {
  return ttl.is_nil() || (ttl.is_number() && ttl.number() > 0);
}

std::uint64_t key_bytes(const Value& key) {
  return key.is_string() ? key.string().size() : 8;
}

Value value_of(const Request& request) {
  const Value& value = request.body["value"];
  if (!value.is_nil()) return value;
  const Value& payload = request.body["payload"];
  return payload.is_nil() ? Value(true) : payload;
}

}  // namespace

Result CacheCommands::execute(Instant now, const Request& request) {
  cache_->advance(now);
  const std::string& type = request.type;
  const Value& key = request.key();
  if (type == "flush") {
    cache_->clear();
    leases_.clear();
    granted_.clear();
    return Value(true);
  }
  const bool reads = type == "get" || type == "read";
  const bool sets = type == "set" || type == "put" || type == "write" || type == "add";
  if (!reads && !sets && type != "delete" && type != "incr")
    return make_error("not_found", "a cache server takes no requests of type '" + type + "'");
  if (!is_key(key)) return make_error("malformed", "a request to a cache needs a key, a string or a number");
  if (reads) {
    Value entry = find(now, key);
    ++(entry.is_nil() ? misses_ : hits_);
    const Value& lease = request.body["lease"];
    if (lease.is_nil()) return entry.is_nil() ? Value() : entry["value"];
    if (!is_ttl(lease)) return make_error("malformed", "a lease is for a number of seconds above 0");
    if (!entry.is_nil()) return Value::map({{"value", entry["value"]}});
    return Value::map({{"lease", grant(now, key, from_seconds(lease.number()))}});
  }
  if (type == "delete") {
    leases_.erase(key);
    return Value(cache_->erase(Key(key)));
  }
  const Value& ttl = request.body["ttl"];
  if (!is_ttl(ttl)) return make_error("malformed", "a ttl is a number of seconds above 0");
  if (sets) {
    if (type == "add" && !find(now, key).is_nil()) return Value(false);
    const Value& token = request.body["lease"];
    if (!token.is_nil()) {
      const auto lease = leases_.find(key);
      if (lease == leases_.end() || now >= lease->second.until || !(Value(lease->second.token) == token))
        return Value(false);
    }
    return store(now, key, value_of(request), ttl);
  }
  const Value& by = request.body["by"];
  if (!by.is_nil() && !by.is_number()) return make_error("malformed", "incr adds a number");
  const Value entry = find(now, key);
  if (!entry.is_nil() && !entry["value"].is_number())
    return make_error("conflict", "incr needs a number, and the key has another value");
  const double sum = (entry.is_nil() ? 0 : entry["value"].number()) + (by.is_nil() ? 1 : by.number());
  const Value left = entry["until"].is_nil() ? (entry.is_nil() ? ttl : Value())
                                             : Value(entry["until"].number() - to_seconds(now));
  const Result stored = store(now, key, sum, left);
  return stored.ok() ? Result(Value(sum)) : stored;
}

// The entry, or nil where there is none or it has expired.
Value CacheCommands::find(Instant now, const Value& key) {
  const Value* found = cache_->get(Key(key));
  if (found == nullptr) return {};
  const Value& until = (*found)["until"];
  if (until.is_nil() || to_seconds(now) < until.number()) return *found;
  ++expired_;
  cache_->erase(Key(key));
  return {};
}

double CacheCommands::grant(Instant now, const Value& key, Duration lasting) {
  // Those that were never used end here, so that they do not pile up.
  while (!granted_.empty()) {
    const auto oldest = leases_.find(granted_.front().first);
    const bool current = oldest != leases_.end() && oldest->second.token == granted_.front().second;
    if (current && now < oldest->second.until) break;
    if (current) leases_.erase(oldest);
    granted_.pop_front();
  }
  const auto [lease, fresh] = leases_.try_emplace(key);
  if (!fresh && now < lease->second.until) return 0;
  lease->second = {++last_token_, saturating_add(now, lasting)};
  granted_.emplace_back(key, last_token_);
  return last_token_;
}

Result CacheCommands::store(Instant now, const Value& key, const Value& value, const Value& ttl) {
  leases_.erase(key);
  Value::Map entry{{"value", value}};
  if (!ttl.is_nil()) entry.emplace_back("until", to_seconds(now) + ttl.number());
  const std::uint64_t weight = options_.overhead_bytes + key_bytes(key) + value.size_bytes();
  if (!options_.evicts) {
    // The old value under the key makes room, but only if the new one is then taken.
    const Value* old = cache_->peek(Key(key));
    const std::uint64_t freed =
        old == nullptr ? 0 : options_.overhead_bytes + key_bytes(key) + (*old)["value"].size_bytes();
    if (cache_->used() - freed + weight > cache_->capacity().amount) {
      ++refused_;
      return make_error("out_of_memory", "the cache is full and evicts nothing");
    }
  }
  if (cache_->put(Key(key), Value::map(std::move(entry)), weight)) return Value(true);
  ++refused_;
  return make_error("out_of_memory", "the item is too large");
}

Value CacheCommands::snapshot(Instant now) const {
  Value::List entries;
  for (const Value& key : cache_->keys()) {
    const Value& entry = *cache_->peek(Key(key));
    const Value& until = entry["until"];
    if (!until.is_nil() && to_seconds(now) >= until.number()) continue;
    entries.push_back(
        Value::map({{"key", key},
                    {"value", entry["value"]},
                    {"ttl", until.is_nil() ? Value() : Value(until.number() - to_seconds(now))}}));
  }
  std::reverse(entries.begin(), entries.end());
  return Value::list(std::move(entries));
}

void CacheCommands::restore(Instant now, const Value& snapshot) {
  cache_->clear();
  for (const Value& entry : snapshot.list()) store(now, entry["key"], entry["value"], entry["ttl"]);
}

Value CacheCommands::show() const {
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  return Value::map({{"policy", cache_->name()},
                     {"size", count(cache_->size())},
                     {"used", count(cache_->used())},
                     {"capacity", count(cache_->capacity().amount)},
                     {"hits", count(hits_)},
                     {"misses", count(misses_)},
                     {"evictions", count(cache_->stats().evictions)},
                     {"expired", count(expired_)},
                     {"refused", count(refused_)}});
}

}  // namespace syslab
