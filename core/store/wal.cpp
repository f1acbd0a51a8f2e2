#include "core/store/wal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash/hash64.hpp"
#include "core/store/coding.hpp"

namespace syslab {
namespace {

struct Record {
  enum class State : std::uint8_t { whole, torn, damaged } state;
  Lsn lsn = 0;
  std::string_view payload = {};
};

std::uint32_t check_of(std::uint32_t length, Lsn lsn) {
  return static_cast<std::uint32_t>(hash64(lsn, length));
}

Record parse(std::string_view block) {
  if (block.size() < Wal::kHeaderBytes) return {Record::State::torn};
  const auto length = fixed_at<std::uint32_t>(block.data());
  const auto check = fixed_at<std::uint32_t>(block.data() + 4);
  const auto lsn = fixed_at<Lsn>(block.data() + 8);
  if (check != check_of(length, lsn)) return {Record::State::damaged};
  const std::string_view payload = block.substr(Wal::kHeaderBytes);
  if (payload.size() < length) return {Record::State::torn};
  if (payload.size() > length || fixed_at<std::uint64_t>(block.data() + 16) != hash64(payload, lsn)) {
    return {Record::State::damaged};
  }
  return {Record::State::whole, lsn, payload};
}

}  // namespace

void Wal::write_record(FileId file, Lsn lsn, std::string_view payload) {
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string block;
  block.reserve(kHeaderBytes + payload.size());
  put_fixed(block, length);
  put_fixed(block, check_of(length, lsn));
  put_fixed(block, lsn);
  put_fixed(block, hash64(payload, lsn));
  block.append(payload);
  size_bytes_ += block.size();
  segments_.back().bytes += block.size();
  medium_.append(file, std::move(block), why_);
}

void Wal::begin_segment() {
  if (stale_) {
    for (const Segment& segment : segments_) medium_.remove(file_of(segment.number));
    segments_.clear();
    size_bytes_ = 0;
    stale_ = false;
  }
  if (segments_.size() == kSlots) return;
  const std::uint64_t number = next_segment_++;
  segments_.push_back({number, next_, next_ - 1, 0});
  full_ = false;
  // Half a segment that an earlier process left.
  const Expected<std::size_t> there = medium_.blocks(file_of(number));
  if (!there.ok() || *there > 0) medium_.remove(file_of(number));
  std::string head;
  put_fixed(head, number);
  write_record(file_of(number), next_, head);
}

Lsn Wal::append(std::string_view payload, Instant now) {
  if (full_) begin_segment();
  write_record(file_of(segments_.back().number), next_, payload);
  segments_.back().last = next_;
  full_ = segments_.back().bytes >= options_.segment_bytes;
  if (!waiting_since_) waiting_since_ = now;
  return next_++;
}

bool Wal::wants_sync(Instant now) const {
  if (!waiting_since_ || medium_.durable() < sync_ticket_) return false;
  return options_.sync == SyncPolicy::always ||
         (options_.sync == SyncPolicy::interval && now - *waiting_since_ >= options_.interval);
}

void Wal::sync() {
  synced_ = synced();
  sync_ticket_ = medium_.sync();
  syncing_ = appended();
  waiting_since_.reset();
}

Lsn Wal::synced() const {
  return medium_.durable() >= sync_ticket_ ? std::max(syncing_, synced_) : synced_;
}

void Wal::release(Lsn upto) {
  while (segments_.size() > 1 && segments_.front().last <= upto) {
    medium_.remove(file_of(segments_.front().number));
    size_bytes_ -= segments_.front().bytes;
    segments_.pop_front();
  }
}

Expected<std::deque<Wal::Segment>> Wal::find_segments(Lsn promised, bool& torn) {
  std::deque<Segment> found;
  for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
    const FileId file{kind_, slot};
    const Expected<std::size_t> blocks = medium_.blocks(file);
    if (!blocks.ok()) return blocks.error();
    if (*blocks == 0) continue;
    const Expected<Block> block = medium_.read(file, 0, Purpose::open);
    if (!block.ok()) return block.error();
    const Record record = parse(**block);
    if (record.state == Record::State::torn && *blocks == 1) {
      torn = true;  // nothing was in it yet
    } else if (record.state == Record::State::whole && record.payload.size() == 8 &&
               fixed_at<std::uint64_t>(record.payload.data()) % kSlots == slot) {
      found.push_back(
          {fixed_at<std::uint64_t>(record.payload.data()), record.lsn, record.lsn - 1, (*block)->size()});
    } else if (promised == kAll) {
      return make_error("io_error", fmt::format("the beginning of {} {} is damaged", to_string(kind_), slot));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Segment& a, const Segment& b) { return a.number < b.number; });
  return found;
}

Expected<Wal::Stop> Wal::read_segment(Segment& segment, Lsn from, const Replay& replay, Recovery& recovery) {
  const FileId file = file_of(segment.number);
  const Expected<std::size_t> blocks = medium_.blocks(file);
  if (!blocks.ok()) return blocks.error();
  recovery.last = segment.first - 1;
  for (std::size_t i = 1; i < *blocks; ++i) {
    const Expected<Block> block = medium_.read(file, i, Purpose::open);
    if (!block.ok()) return block.error();
    segment.bytes += (*block)->size();
    const Record record = parse(**block);
    if (record.state != Record::State::whole || record.lsn != recovery.last + 1) {
      for (std::size_t behind = i + 1; behind < *blocks; ++behind) {
        const Expected<Block> rest = medium_.read(file, behind, Purpose::open);
        if (!rest.ok()) return rest.error();
        segment.bytes += (*rest)->size();
      }
      const bool last = i + 1 == *blocks;
      return Stop{last && record.state == Record::State::torn,
                  fmt::format("record {} of {} {} is {}", recovery.last + 1, to_string(kind_), file.number,
                              record.state == Record::State::whole ? "missing" : "damaged")};
    }
    recovery.last = segment.last = record.lsn;
    if (record.lsn <= from) continue;
    ++recovery.records;
    if (std::optional<Error> error = replay(record.lsn, record.payload)) return *error;
  }
  return Stop{};
}

Expected<Wal::Recovery> Wal::recover(Lsn from, const Replay& replay, Lsn promised) {
  Recovery recovery;
  Expected<std::deque<Segment>> found = find_segments(promised, recovery.torn);
  if (!found.ok()) return found.error();
  if (from == kAll) from = found->empty() ? 0 : found->front().first - 1;
  bool cut = false;
  for (std::size_t i = 0; i < found->size() && !cut; ++i) {
    Segment& segment = (*found)[i];
    if (i == 0 && segment.first > from + 1) {
      return make_error("io_error",
                        fmt::format("record {} of the {} is missing", from + 1, to_string(kind_)));
    }
    const Expected<Stop> stop = read_segment(segment, from, replay, recovery);
    if (!stop.ok()) return stop.error();
    // A segment that goes on from here was begun by a recovery that knew, or by the log itself.
    const bool goes_on = i + 1 < found->size() && (*found)[i + 1].number == segment.number + 1 &&
                         (*found)[i + 1].first == recovery.last + 1;
    if (goes_on) continue;
    const bool last = i + 1 == found->size();
    if (last && (stop->what.empty() || stop->torn)) {
      recovery.torn |= stop->torn;
    } else if (recovery.last >= promised) {
      for (std::size_t behind = i + 1; behind < found->size(); ++behind) {
        medium_.remove(file_of((*found)[behind].number));
      }
      found->resize(i + 1);
      cut = true;
    } else {
      return make_error("io_error", stop->what.empty() ? fmt::format("record {} of the {} is missing",
                                                                     recovery.last + 1, to_string(kind_))
                                                       : stop->what);
    }
  }
  if (promised != kAll && std::max(recovery.last, from) < promised) {
    return make_error("io_error",
                      fmt::format("record {} of the {} is missing", recovery.last + 1, to_string(kind_)));
  }
  segments_ = std::move(*found);
  next_segment_ = segments_.empty() ? 0 : segments_.back().number + 1;
  for (const Segment& segment : segments_) size_bytes_ += segment.bytes;
  stale_ = recovery.last < from;
  recovery.last = std::max(recovery.last, from);
  next_ = recovery.last + 1;
  synced_ = recovery.last;
  if (cut) begin_segment();
  return recovery;
}

void Wal::check_invariants() const {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& s = segments_[i];
    bytes += s.bytes;
    SYSLAB_ASSERT(s.last + 1 >= s.first);
    if (i > 0) SYSLAB_ASSERT(s.first == segments_[i - 1].last + 1 && s.number == segments_[i - 1].number + 1);
  }
  SYSLAB_ASSERT(bytes == size_bytes_);
  SYSLAB_ASSERT(synced() <= appended());
}

}  // namespace syslab
