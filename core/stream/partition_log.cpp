#include "core/stream/partition_log.hpp"

#include <algorithm>
#include <iterator>

namespace syslab {
namespace {

constexpr std::size_t kRememberedBatches = 5;

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

std::size_t bytes_of(const Value& value) {
  return value.is_nil() ? 0 : value.is_string() ? value.string().size() : value.json().size();
}

// Nanoseconds as a number: exact for 104 days, to the microsecond for 285 years. So records carry the two
// halves.
Value packed_time(Instant t) {
  const std::int64_t ns = t.time_since_epoch().count();
  return Value::list({static_cast<double>(ns / 1'000'000'000), static_cast<double>(ns % 1'000'000'000)});
}

std::optional<Instant> unpacked_time(const Value& packed) {
  if (!packed.is_list() || packed.list().size() != 2) return std::nullopt;
  const Value::List& parts = packed.list();
  if (!parts[0].is_number() || !parts[1].is_number()) return std::nullopt;
  return Instant(Duration(static_cast<std::int64_t>(parts[0].number()) * 1'000'000'000 +
                          static_cast<std::int64_t>(parts[1].number())));
}

}  // namespace

std::size_t record_bytes(const StreamRecord& record) {
  return bytes_of(record.key) + bytes_of(record.value) + bytes_of(record.headers);
}

Value StreamRecord::pack() const {
  Value::Map map = {
      {"o", static_cast<double>(offset)}, {"t", packed_time(timestamp)}, {"e", static_cast<double>(epoch)}};
  if (!key.is_nil()) map.emplace_back("k", key);
  if (!value.is_nil()) map.emplace_back("v", value);
  if (!headers.is_nil()) map.emplace_back("h", headers);
  if (!producer.is_nil()) {
    map.emplace_back("p", producer);
    map.emplace_back("s", static_cast<double>(sequence));
    map.emplace_back("b", static_cast<double>(batch));
  }
  return Value::map(std::move(map));
}

std::optional<StreamRecord> StreamRecord::unpack(const Value& packed) {
  const std::optional<Instant> time = unpacked_time(packed["t"]);
  if (!packed["o"].is_number() || !packed["e"].is_number() || !time) return std::nullopt;
  StreamRecord r;
  r.offset = static_cast<std::int64_t>(packed["o"].number());
  r.timestamp = *time;
  r.key = packed["k"];
  r.value = packed["v"];
  r.headers = packed["h"];
  r.producer = packed["p"];
  r.sequence = packed["s"].is_number() ? static_cast<std::int64_t>(packed["s"].number()) : -1;
  r.batch = packed["b"].is_number() ? static_cast<std::int64_t>(packed["b"].number()) : -1;
  r.epoch = static_cast<std::uint32_t>(packed["e"].number());
  r.bytes = static_cast<std::uint32_t>(record_bytes(r));
  return r;
}

Expected<PartitionLog::Appended> PartitionLog::append(Instant now, std::uint32_t epoch,
                                                      std::vector<StreamRecord> records) {
  SYSLAB_ASSERT(!records.empty());
  for (StreamRecord& r : records) {
    const std::size_t bytes = record_bytes(r);
    if (bytes > options_.record_bytes_max) {
      return refused("MESSAGE_TOO_LARGE", "a record of " + std::to_string(bytes) +
                                              " bytes is over the limit of " +
                                              std::to_string(options_.record_bytes_max));
    }
    if (options_.compact && r.key.is_nil()) {
      return refused("INVALID_RECORD", "a compacted topic takes no record without a key");
    }
    r.bytes = static_cast<std::uint32_t>(bytes);
    r.epoch = epoch;
    r.batch = records.front().sequence;
  }
  const Value& id = records.front().producer;
  if (!id.is_nil()) {
    // A producer that is not known (any more) may begin anywhere: KIP-360.
    const auto known = producers_.find(id);
    const std::int64_t first = records.front().sequence;
    if (known != producers_.end() && first <= known->second.last) {
      for (const auto& [sequence, offset] : known->second.batches) {
        if (sequence == first) return Appended{offset, true};
      }
      return refused("DUPLICATE_SEQUENCE_NUMBER",
                     "sequence " + std::to_string(first) + " was appended too long ago");
    }
    if (known != producers_.end() && first != known->second.last + 1) {
      return refused("OUT_OF_ORDER_SEQUENCE_NUMBER", "sequence " + std::to_string(first) + " came after " +
                                                         std::to_string(known->second.last));
    }
  }
  const std::int64_t base = end_;
  for (StreamRecord& r : records) {
    r.offset = end_;
    push(now, std::move(r));
  }
  return Appended{base};
}

bool PartitionLog::append_copy(Instant now, StreamRecord record) {
  if (record.offset < end_) return false;
  push(now, std::move(record));
  return true;
}

void PartitionLog::note_epoch(const StreamRecord& record) {
  if (epochs_.empty() || epochs_.back().first < record.epoch)
    epochs_.emplace_back(record.epoch, record.offset);
}

void PartitionLog::note_producer(const StreamRecord& record) {
  if (record.producer.is_nil()) return;
  Producer& producer = producers_[record.producer];
  producer.last = record.sequence;
  if (!producer.batches.empty() && producer.batches.back().first == record.batch) return;
  producer.batches.emplace_back(record.batch, record.offset);
  if (producer.batches.size() > kRememberedBatches) producer.batches.pop_front();
}

void PartitionLog::push(Instant now, StreamRecord record) {
  if (segments_.empty() || segments_.back().bytes + record.bytes > options_.segment_bytes ||
      now - segments_.back().opened >= options_.segment_time) {
    // An active segment without records is used on, whatever its age.
    if (segments_.empty() || !segments_.back().records.empty()) {
      segments_.push_back({record.offset, {}, 0, now, record.timestamp, {}});
    } else {
      segments_.back().opened = now;
    }
  }
  Segment& segment = segments_.back();
  note_epoch(record);
  note_producer(record);
  segment.newest = segment.records.empty() ? record.timestamp : std::max(segment.newest, record.timestamp);
  segment.bytes += record.bytes;
  bytes_ += record.bytes;
  ++count_;
  end_ = record.offset + 1;
  segment.records.push_back(std::move(record));
}

std::vector<PartitionLog::Segment>::const_iterator PartitionLog::segment_of(std::int64_t offset) const {
  auto after = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                [](std::int64_t o, const Segment& s) { return o < s.base; });
  return after == segments_.begin() ? after : std::prev(after);
}

Expected<std::vector<StreamRecord>> PartitionLog::read(std::int64_t offset, std::size_t records,
                                                       std::size_t bytes, std::int64_t upto) const {
  if (offset < start_ || offset > end_) {
    return refused("OFFSET_OUT_OF_RANGE", "offset " + std::to_string(offset) + " is not in " +
                                              std::to_string(start_) + " to " + std::to_string(end_));
  }
  std::vector<StreamRecord> out;
  std::size_t taken = 0;
  for (auto segment = segment_of(offset); segment != segments_.end(); ++segment) {
    const std::vector<StreamRecord>& all = segment->records;
    auto record = all.begin();
    // Without gaps, and that is nearly always, a record lies where its offset says.
    if (offset > segment->base && !all.empty()) {
      const auto guess = static_cast<std::size_t>(offset - segment->base);
      record = guess < all.size() && all[guess].offset == offset
                   ? all.begin() + static_cast<std::ptrdiff_t>(guess)
                   : std::lower_bound(all.begin(), all.end(), offset,
                                      [](const StreamRecord& r, std::int64_t o) { return r.offset < o; });
    }
    for (; record != all.end(); ++record) {
      if (record->offset >= upto || out.size() >= records || (!out.empty() && taken + record->bytes > bytes))
        return out;
      taken += record->bytes;
      out.push_back(*record);
    }
  }
  return out;
}

std::int64_t PartitionLog::offset_at(Instant time) const {
  for (const Segment& segment : segments_) {
    if (segment.records.empty() || segment.newest < time) continue;
    for (const StreamRecord& r : segment.records) {
      if (r.timestamp >= time && r.offset >= start_) return r.offset;
    }
  }
  return end_;
}

std::pair<std::uint32_t, std::int64_t> PartitionLog::epoch_end(std::uint32_t epoch) const {
  for (std::size_t i = epochs_.size(); i-- > 0;) {
    if (epochs_[i].first <= epoch)
      return {epochs_[i].first, i + 1 < epochs_.size() ? epochs_[i + 1].second : end_};
  }
  return {0, start_};
}

void PartitionLog::truncate(std::int64_t end) {
  if (end >= end_) return;
  if (end <= start_) return restart(std::max<std::int64_t>(end, 0));
  while (!segments_.empty() && segments_.back().base >= end) segments_.pop_back();
  if (!segments_.empty()) {
    std::vector<StreamRecord>& records = segments_.back().records;
    while (!records.empty() && records.back().offset >= end) records.pop_back();
  }
  end_ = end;
  rebuild();
}

void PartitionLog::restart(std::int64_t offset) {
  segments_.clear();
  start_ = end_ = offset;
  rebuild();
}

void PartitionLog::trim(std::int64_t offset) {
  if (offset <= start_) return;
  if (offset >= end_) return restart(std::max(offset, end_));
  start_ = offset;
  std::size_t gone = 0;
  while (gone + 1 < segments_.size() && segments_[gone + 1].base <= offset) ++gone;
  if (gone == 0) return;
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(gone));
  rebuild();
}

void PartitionLog::rebuild() {
  count_ = bytes_ = 0;
  epochs_.clear();
  producers_.clear();
  for (Segment& segment : segments_) {
    segment.bytes = 0;
    for (const StreamRecord& r : segment.records) {
      segment.newest = &r == segment.records.data() ? r.timestamp : std::max(segment.newest, r.timestamp);
      segment.bytes += r.bytes;
      ++count_;
      note_epoch(r);
      note_producer(r);
    }
    bytes_ += segment.bytes;
  }
}

std::size_t PartitionLog::retain(Instant wall, std::int64_t upto) {
  if (!options_.remove) return 0;
  std::size_t gone = 0;
  std::size_t gone_records = 0;
  std::size_t left = bytes_;
  for (; gone + 1 < segments_.size(); ++gone) {
    const Segment& segment = segments_[gone];
    if (segments_[gone + 1].base > upto) break;
    const bool old = options_.retention != Duration::max() && wall - segment.newest > options_.retention;
    const bool much = options_.retention_bytes && left >= *options_.retention_bytes + segment.bytes;
    if (!old && !much) break;
    left -= segment.bytes;
    gone_records += segment.records.size();
  }
  if (gone > 0) trim(segments_[gone].base);
  return gone_records;
}

std::size_t PartitionLog::compact(Instant now, std::int64_t upto) {
  if (!options_.compact || segments_.size() < 2) return 0;
  std::map<Value, std::int64_t> last;
  std::size_t closed = 0;
  while (closed + 1 < segments_.size() && segments_[closed + 1].base <= upto) ++closed;
  for (std::size_t i = 0; i < closed; ++i) {
    for (const StreamRecord& r : segments_[i].records) last[r.key] = r.offset;
  }
  const std::size_t before = count_;
  for (std::size_t i = 0; i < closed; ++i) {
    Segment& segment = segments_[i];
    const bool tombstones_go = segment.compacted && now - *segment.compacted >= options_.tombstones;
    std::erase_if(segment.records, [&](const StreamRecord& r) {
      return last.at(r.key) != r.offset || (r.value.is_nil() && tombstones_go);
    });
    if (!segment.compacted) segment.compacted = now;
  }
  // The producers' memory outlives their records here: only what is new since then counts for duplicates.
  std::map<Value, Producer> producers = std::move(producers_);
  rebuild();
  producers_ = std::move(producers);
  return before - count_;
}

void PartitionLog::check_invariants() const {
  std::int64_t previous = -1;
  std::size_t count = 0, bytes = 0;
  std::uint32_t epoch = 0;
  for (const Segment& segment : segments_) {
    std::size_t here = 0;
    for (const StreamRecord& r : segment.records) {
      SYSLAB_ASSERT(r.offset > previous && r.offset >= segment.base && r.offset < end_);
      SYSLAB_ASSERT(r.epoch >= epoch && r.timestamp <= segment.newest);
      previous = r.offset;
      epoch = r.epoch;
      here += r.bytes;
      ++count;
    }
    SYSLAB_ASSERT(here == segment.bytes);
    bytes += here;
  }
  SYSLAB_ASSERT(count == count_ && bytes == bytes_ && start_ <= end_);
}

}  // namespace syslab
