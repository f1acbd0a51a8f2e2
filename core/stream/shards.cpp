#include "core/stream/shards.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/assert.hpp"
#include "core/hash/md5.hpp"

namespace syslab {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::string shard_id(std::uint64_t n) {
  std::string digits = std::to_string(n);
  return "shardId-" + std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
}

}  // namespace

HashKey hash_key_of(std::string_view partition_key) {
  HashKey key = 0;
  for (const std::uint8_t byte : md5(partition_key)) key = key << 8 | byte;
  return key;
}

std::string to_decimal(HashKey key) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(key % 10)));
    key /= 10;
  } while (key != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

Expected<HashKey> parse_hash_key(std::string_view decimal) {
  HashKey key = 0;
  bool fits = !decimal.empty();
  for (const char c : decimal) {
    if (c < '0' || c > '9' || key > (~HashKey{0} - static_cast<HashKey>(c - '0')) / 10) fits = false;
    if (!fits) break;
    key = key * 10 + static_cast<HashKey>(c - '0');
  }
  if (!fits)
    return refused("InvalidArgumentException", "'" + std::string(decimal) + "' is no hash key below 2^128");
  return key;
}

Expected<ShardStream::From> shard_position_named(std::string_view name) {
  using From = ShardStream::From;
  if (name == "TRIM_HORIZON") return From::trim_horizon;
  if (name == "LATEST") return From::latest;
  if (name == "AT_SEQUENCE_NUMBER") return From::at_sequence;
  if (name == "AFTER_SEQUENCE_NUMBER") return From::after_sequence;
  if (name == "AT_TIMESTAMP") return From::at_timestamp;
  return refused("ValidationException", "'" + std::string(name) + "' is no ShardIteratorType");
}

ShardStream::ShardStream(ShardOptions options) : options_(std::move(options)) {
  SYSLAB_ASSERT(options_.shards > 0);
  const HashKey step = ~HashKey{0} / options_.shards + 1;  // 0 for one shard, which has it all
  for (std::size_t i = 0; i < options_.shards; ++i) {
    const bool last = i + 1 == options_.shards;
    add(step * i, last ? ~HashKey{0} : step * (i + 1) - 1, {});
  }
}

ShardStream::Shard& ShardStream::add(HashKey low, HashKey high, std::vector<std::string> parents) {
  Shard& shard = shards_.emplace_back();
  shard.id = shard_id(next_shard_++);
  shard.low = low;
  shard.high = high;
  shard.parents = std::move(parents);
  open_[low] = &shard;
  return shard;
}

ShardStream::Shard* ShardStream::find(const std::string& id) {
  const auto found = std::find_if(shards_.begin(), shards_.end(), [&](const Shard& s) { return s.id == id; });
  return found == shards_.end() ? nullptr : &*found;
}

Expected<ShardPut> ShardStream::put(Instant now, const std::string& key, Value data,
                                    std::optional<HashKey> hash) {
  if (key.empty() || key.size() > 256) {
    return refused("ValidationException", "a partition key has 1 to 256 characters");
  }
  const std::size_t size = data.is_nil() ? 0 : data.is_string() ? data.string().size() : data.json().size();
  if (size > options_.limits.record_bytes) {
    return refused("ValidationException", "a record of " + std::to_string(size) +
                                              " bytes is over the limit of " +
                                              std::to_string(options_.limits.record_bytes));
  }
  const HashKey place = hash ? *hash : hash_key_of(key);
  Shard& shard = *std::prev(open_.upper_bound(place))->second;
  const std::size_t bytes = size + key.size();
  const std::int64_t second = now.time_since_epoch() / kSecond;
  if (second != shard.second) {
    shard.second = second;
    shard.second_bytes = shard.second_records = 0;
  }
  if (shard.second_records + 1 > options_.limits.write_records ||
      (shard.second_bytes + bytes > options_.limits.write_bytes && shard.second_records > 0)) {
    ++totals_.write_throttled;
    ++shard.refused;
    return refused("ProvisionedThroughputExceededException",
                   "rate exceeded for shard " + shard.id + " in stream " + options_.name);
  }
  shard.second_bytes += bytes;
  ++shard.second_records;
  ++shard.put;
  ++totals_.put;
  shard.records.push_back({next_sequence_++, now, key, std::move(data), static_cast<std::uint32_t>(bytes)});
  return ShardPut{shard.id, shard.records.back().sequence};
}

std::string ShardStream::iterator_text(Instant now, const Shard& shard, std::uint64_t sequence) const {
  return shard.id + ":" + std::to_string(sequence) + ":" + std::to_string(now.time_since_epoch().count());
}

Expected<std::string> ShardStream::iterator(Instant now, const std::string& id, From from,
                                            std::uint64_t sequence, Instant time) {
  expire(now);
  Shard* shard = find(id);
  if (shard == nullptr) {
    return refused("ResourceNotFoundException",
                   "shard " + id + " in stream " + options_.name + " does not exist");
  }
  std::uint64_t next = next_sequence_;
  if (from == From::trim_horizon) {
    next = 0;
  } else if (from == From::at_sequence || from == From::after_sequence) {
    if (sequence == 0 || sequence >= next_sequence_) {
      return refused("InvalidArgumentException",
                     "the sequence number " + std::to_string(sequence) + " was never given");
    }
    next = sequence + (from == From::after_sequence ? 1 : 0);
  } else if (from == From::at_timestamp) {
    if (time > now) return refused("InvalidArgumentException", "the timestamp is in the future");
    const auto at = std::find_if(shard->records.begin(), shard->records.end(),
                                 [&](const ShardRecord& r) { return r.at >= time; });
    if (at != shard->records.end()) next = at->sequence;
  }
  return iterator_text(now, *shard, next);
}

Expected<ShardRead> ShardStream::read(Instant now, std::string_view iterator,
                                      std::optional<std::size_t> limit, const std::string& consumer) {
  expire(now);
  const std::size_t first = iterator.find(':');
  const std::size_t second = first == std::string_view::npos ? first : iterator.find(':', first + 1);
  if (second == std::string_view::npos)
    return refused("InvalidArgumentException", "that is no shard iterator");
  const auto sequence = whole(iterator.substr(first + 1, second - first - 1));
  const auto issued = whole(iterator.substr(second + 1));
  Shard* shard = find(std::string(iterator.substr(0, first)));
  if (!sequence || !issued || *issued > static_cast<std::uint64_t>(now.time_since_epoch().count())) {
    return refused("InvalidArgumentException", "that is no shard iterator");
  }
  if (shard == nullptr)
    return refused("ResourceNotFoundException", "the iterator's shard does not exist any more");
  if (now - Instant(Duration(static_cast<std::int64_t>(*issued))) > options_.limits.iterator_life) {
    return refused("ExpiredIteratorException", "the iterator was given more than " +
                                                   std::to_string(to_seconds(options_.limits.iterator_life)) +
                                                   " s ago");
  }
  const std::size_t most = limit.value_or(options_.limits.get_records);
  if (most < 1 || most > options_.limits.get_records) {
    return refused("InvalidArgumentException",
                   "the limit is 1 to " + std::to_string(options_.limits.get_records));
  }
  const bool enhanced = !consumer.empty();
  if (enhanced && std::find(consumers_.begin(), consumers_.end(), consumer) == consumers_.end()) {
    return refused("ResourceNotFoundException", "no consumer '" + consumer + "' is registered");
  }

  Budget& budget = shard->budgets[consumer];
  const auto passed = static_cast<std::size_t>((now - budget.from) / kSecond);
  const std::size_t rate = options_.limits.read_bytes;
  if (passed > 0) {
    budget.bytes = passed > budget.bytes / rate ? 0 : budget.bytes - passed * rate;
    budget.from += static_cast<std::int64_t>(passed) * kSecond;
  }
  if (budget.bytes == 0) budget.from = now;
  if (now - budget.calls_from >= kSecond || budget.calls == 0) {
    budget.calls_from = now;
    budget.calls = 0;
  }
  if (budget.bytes >= rate || (!enhanced && budget.calls >= options_.limits.reads)) {
    ++totals_.read_throttled;
    return refused("ProvisionedThroughputExceededException",
                   "rate exceeded for shard " + shard->id + " in stream " + options_.name);
  }
  ++budget.calls;

  ShardRead answer;
  auto at = std::lower_bound(shard->records.begin(), shard->records.end(), *sequence,
                             [](const ShardRecord& r, std::uint64_t s) { return r.sequence < s; });
  std::size_t bytes = 0;
  std::uint64_t next = *sequence;
  // What is pushed goes out in pieces of what a second has room for.
  const std::size_t room = enhanced ? rate - budget.bytes : options_.limits.get_bytes;
  for (; at != shard->records.end() && answer.records.size() < most; ++at) {
    if (!answer.records.empty() && bytes + at->bytes > room) break;
    bytes += at->bytes;
    next = at->sequence + 1;
    answer.records.push_back(*at);
  }
  budget.bytes += bytes;
  shard->read += answer.records.size();
  totals_.read += answer.records.size();
  const bool end = at == shard->records.end();
  if (!end) answer.behind = now - at->at;
  if (end && !shard->open) {
    answer.children = shard->children;
  } else {
    answer.next = iterator_text(now, *shard, next);
  }
  return answer;
}

Expected<bool> ShardStream::register_consumer(const std::string& name) {
  if (name.empty()) return refused("ValidationException", "a consumer has a name");
  if (std::find(consumers_.begin(), consumers_.end(), name) != consumers_.end()) {
    return refused("ResourceInUseException", "the consumer '" + name + "' is registered already");
  }
  if (consumers_.size() >= options_.limits.consumers_max) {
    return refused("LimitExceededException", "a stream has at most " +
                                                 std::to_string(options_.limits.consumers_max) +
                                                 " consumers with enhanced fan-out");
  }
  consumers_.push_back(name);
  return true;
}

Expected<bool> ShardStream::may_reshard(Instant now, std::size_t more) const {
  if (updating(now))
    return refused("ResourceInUseException", "stream " + options_.name + " is UPDATING, not ACTIVE");
  if (open_.size() + more > options_.limits.shards_max) {
    return refused("LimitExceededException",
                   "at most " + std::to_string(options_.limits.shards_max) + " shards are open");
  }
  return true;
}

Expected<std::vector<std::string>> ShardStream::split(Instant now, const std::string& id,
                                                      std::optional<HashKey> at) {
  expire(now);
  Shard* shard = find(id);
  if (shard == nullptr) return refused("ResourceNotFoundException", "there is no shard " + id);
  if (const auto may = may_reshard(now, 1); !may) return may.error();
  const HashKey middle = at ? *at : shard->low + (shard->high - shard->low) / 2 + 1;
  if (!shard->open) return refused("InvalidArgumentException", "shard " + id + " is closed");
  if (middle <= shard->low || middle > shard->high) {
    return refused("InvalidArgumentException", "the new starting hash key is not inside of shard " + id);
  }
  open_.erase(shard->low);
  shard->open = false;
  shard->closed_at = now;
  const HashKey low = shard->low, high = shard->high;
  const std::string first = add(low, middle - 1, {id}).id;
  const std::string second = add(middle, high, {id}).id;
  find(id)->children = {first, second};
  busy_until_ = saturating_add(now, options_.reshard_time);
  return std::vector<std::string>{first, second};
}

Expected<std::string> ShardStream::merge(Instant now, const std::string& one, const std::string& other) {
  expire(now);
  Shard* a = find(one);
  Shard* b = find(other);
  if (a == nullptr || b == nullptr) {
    return refused("ResourceNotFoundException", "there is no shard " + (a == nullptr ? one : other));
  }
  if (const auto may = may_reshard(now, 0); !may) return may.error();
  if (a->low > b->low) std::swap(a, b);
  if (!a->open || !b->open || a == b || a->high + 1 != b->low) {
    return refused("InvalidArgumentException",
                   "shards " + one + " and " + other + " are not open neighbours");
  }
  for (Shard* shard : {a, b}) {
    open_.erase(shard->low);
    shard->open = false;
    shard->closed_at = now;
  }
  const HashKey low = a->low, high = b->high;
  const std::string child = add(low, high, {a->id, b->id}).id;
  find(one)->children = {child};
  find(other)->children = {child};
  busy_until_ = saturating_add(now, options_.reshard_time);
  return child;
}

Expected<bool> ShardStream::set_retention(Instant now, Duration retention) {
  if (retention < options_.limits.retention_min || retention > options_.limits.retention_max) {
    return refused("InvalidArgumentException",
                   "retention is " + std::to_string(options_.limits.retention_min / std::chrono::hours(1)) +
                       " to " + std::to_string(options_.limits.retention_max / std::chrono::hours(1)) +
                       " hours");
  }
  expire(now);
  options_.retention = retention;
  return true;
}

void ShardStream::expire(Instant now) {
  for (Shard& shard : shards_) {
    while (!shard.records.empty() && now - shard.records.front().at >= options_.retention) {
      shard.records.pop_front();
      ++totals_.expired;
    }
  }
  // A closed shard goes when its last record could have gone.
  while (!shards_.empty() && !shards_.front().open && shards_.front().records.empty() &&
         now - shards_.front().closed_at >= options_.retention) {
    shards_.pop_front();
  }
}

std::vector<ShardInfo> ShardStream::shards(Instant now) {
  expire(now);
  std::vector<ShardInfo> out;
  for (const Shard& s : shards_) out.push_back({s.id, s.low, s.high, s.parents, s.open, s.records.size()});
  return out;
}

std::vector<std::string> ShardStream::consumers() const {
  return consumers_;
}

Value ShardStream::heat() const {
  Value::Map map;
  for (const Shard& s : shards_) {
    map.emplace_back(s.id, Value::map({{"put", static_cast<double>(s.put)},
                                       {"refused", static_cast<double>(s.refused)},
                                       {"read", static_cast<double>(s.read)},
                                       {"open", s.open}}));
  }
  return Value::map(std::move(map));
}

Value ShardStream::snapshot() const {
  Value::List shards, consumers;
  const auto texts = [](const std::vector<std::string>& all) {
    Value::List list;
    for (const std::string& text : all) list.emplace_back(text);
    return Value::list(std::move(list));
  };
  for (const Shard& s : shards_) {
    shards.push_back(
        Value::map({{"id", s.id},
                    {"low", to_decimal(s.low)},
                    {"high", to_decimal(s.high)},
                    {"parents", texts(s.parents)},
                    {"children", texts(s.children)},
                    {"open", s.open},
                    {"closed_at", static_cast<double>(s.closed_at.time_since_epoch().count())}}));
  }
  return Value::map({{"shards", Value::list(std::move(shards))},
                     {"consumers", texts(consumers_)},
                     {"retention", to_seconds(options_.retention)},
                     {"next_shard", static_cast<double>(next_shard_)}});
}

void ShardStream::restore(const Value& snapshot) {
  if (!snapshot["shards"].is_list()) return;
  const auto texts = [](const Value& list) {
    std::vector<std::string> out;
    for (const Value& v : list.list()) out.emplace_back(v.string());
    return out;
  };
  shards_.clear();
  open_.clear();
  for (const Value& v : snapshot["shards"].list()) {
    Shard& s = shards_.emplace_back();
    s.id = std::string(v["id"].string());
    s.low = *parse_hash_key(v["low"].string());
    s.high = *parse_hash_key(v["high"].string());
    s.parents = texts(v["parents"]);
    s.children = texts(v["children"]);
    s.open = v["open"].truthy();
    s.closed_at = Instant(Duration(static_cast<std::int64_t>(v["closed_at"].number())));
    if (s.open) open_[s.low] = &s;
  }
  consumers_ = texts(snapshot["consumers"]);
  options_.retention = from_seconds(snapshot["retention"].number());
  next_shard_ = static_cast<std::uint64_t>(snapshot["next_shard"].number());
}

void ShardStream::restore_record(const std::string& shard, ShardRecord record) {
  next_sequence_ = std::max(next_sequence_, record.sequence + 1);
  if (Shard* s = find(shard)) s->records.push_back(std::move(record));
}

void ShardStream::check_invariants() const {
  HashKey next = 0;
  bool wrapped = false;
  for (const auto& [low, shard] : open_) {
    SYSLAB_ASSERT(!wrapped && low == next && shard->open && shard->low == low && shard->high >= low);
    next = shard->high + 1;
    wrapped = next == 0;
  }
  SYSLAB_ASSERT(wrapped);
  for (const Shard& shard : shards_) {
    std::uint64_t previous = 0;
    for (const ShardRecord& r : shard.records) {
      SYSLAB_ASSERT(r.sequence > previous && r.sequence < next_sequence_);
      previous = r.sequence;
    }
  }
}

}  // namespace syslab
