#include "core/queue/message_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "core/base/assert.hpp"
#include "core/queue/sha256.hpp"

namespace syslab {
namespace {

// A receive out of order takes one of so many.
constexpr std::uint64_t kReorderSpan = 10;
constexpr std::uint32_t kDedupSlots = std::uint32_t{1} << 30;

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325ull;  // FNV-1a
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return mix64(h);
}

Error refused(std::string_view code, std::string message) {
  return Error{std::string(code), std::move(message), true};
}

bool has_control_characters(std::string_view text) {
  // Without a way out of the loop, so that it is done sixteen bytes at a time.
  unsigned bad = 0;
  for (const char c : text) {
    bad |= static_cast<unsigned>((static_cast<unsigned char>(c) < 0x20) & (c != '\t') & (c != '\n') &
                                 (c != '\r'));
  }
  return bad != 0;
}

std::size_t text_bytes(const Value& value) {
  return value.is_string() ? value.string().size() : value.json().size();
}

}  // namespace

std::string_view to_string(Ordering ordering) {
  constexpr std::string_view kNames[] = {"standard", "fifo", "priority", "fair"};
  return kNames[static_cast<std::size_t>(ordering)];
}

std::size_t message_bytes(const Value& body, const Value& attributes) {
  std::size_t bytes = text_bytes(body);
  if (attributes.is_map()) {
    for (const auto& [name, value] : attributes.map()) bytes += name.size() + text_bytes(value);
  }
  return bytes;
}

QueueOptions with_profile(QueueOptions options, const QueueProfile& profile) {
  options.message_bytes_max = profile.message_bytes_max;
  options.batch_max = profile.batch_max;
  options.attributes_max = profile.attributes_max;
  options.in_flight_max =
      options.ordering == Ordering::fifo ? profile.fifo_in_flight_max : profile.in_flight_max;
  options.visibility_max = profile.visibility_max;
  options.delay_max = profile.delay_max;
  options.wait_max = profile.wait_max;
  options.requests_max = options.ordering == Ordering::fifo ? profile.fifo_requests_max : 0;
  return options;
}

std::string Receipt::text() const {
  return fmt::format("{:x}-{:x}-{:x}", slot, receive, number);
}

Expected<Receipt> Receipt::parse(std::string_view text) {
  Receipt r;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto part = [&](auto& out, bool last) {
    const auto [next, error] = std::from_chars(at, end, out, 16);
    if (error != std::errc() || (last ? next != end : next == end || *next != '-')) return false;
    at = next + 1;
    return true;
  };
  if (part(r.slot, false) && part(r.receive, false) && part(r.number, true)) return r;
  return refused("ReceiptHandleIsInvalid",
                 fmt::format("'{}' is no receipt of this queue", text.substr(0, 60)));
}

MessageQueue::MessageQueue(QueueOptions options) : options_(std::move(options)), rng_(options_.seed) {
  SYSLAB_ASSERT(options_.levels >= 1);
  messages_.resize(1);
  groups_.resize(1);
  lines_.resize(options_.ordering == Ordering::priority ? options_.levels : 1);
}

void MessageQueue::set_dead_letters(std::shared_ptr<MessageQueue> queue) {
  SYSLAB_ASSERT(queue != nullptr && queue.get() != this);
  SYSLAB_ASSERT(options_.max_receives > 0);
  SYSLAB_ASSERT(queue->options_.ordering == options_.ordering);
  dead_letters_ = std::move(queue);
}

// ---- lines, groups and the ring
//
// Ready messages stand in a line: one for all, one a priority, or one a group. Groups that have something to
// give stand in a ring, of which groups_[0] is the anchor. In a fifo queue a group's line holds its messages
// in any state, in order of acceptance; it is in the ring exactly if nothing of it is in flight and its first
// message is ready.

void MessageQueue::push_line(Line& line, Slot slot) {
  Message& m = messages_[slot];
  m.line_previous = line.tail;
  m.line_next = kNoSlot;
  (line.tail == kNoSlot ? line.head : messages_[line.tail].line_next) = slot;
  line.tail = slot;
}

void MessageQueue::unlink(Line& line, Slot slot) {
  Message& m = messages_[slot];
  (m.line_previous == kNoSlot ? line.head : messages_[m.line_previous].line_next) = m.line_next;
  (m.line_next == kNoSlot ? line.tail : messages_[m.line_next].line_previous) = m.line_previous;
}

MessageQueue::Line& MessageQueue::line_of(const Message& m) {
  if (grouped()) return groups_[m.group].line;
  return lines_[options_.ordering == Ordering::priority ? m.priority : 0];
}

std::string MessageQueue::group_text(const Message& m) const {
  return grouped() ? std::string(groups_[m.group].name.string()) : std::string();
}

std::uint32_t MessageQueue::group_named(const std::string& name) {
  if (const auto found = group_index_.find(name); found != group_index_.end()) return found->second;
  std::uint32_t index;
  if (free_groups_.empty()) {
    index = static_cast<std::uint32_t>(groups_.size());
    groups_.emplace_back();
  } else {
    index = free_groups_.back();
    free_groups_.pop_back();
    groups_[index] = Group();
  }
  groups_[index].name = Value(name);
  group_index_.emplace(name, index);
  return index;
}

void MessageQueue::enter_ring(std::uint32_t group) {
  Group& g = groups_[group];
  if (g.waiting) return;
  g.waiting = true;
  g.next = 0;
  g.previous = groups_[0].previous;
  groups_[g.previous].next = group;
  groups_[0].previous = group;
}

void MessageQueue::leave_ring(std::uint32_t group) {
  Group& g = groups_[group];
  if (!g.waiting) return;
  g.waiting = false;
  groups_[g.previous].next = g.next;
  groups_[g.next].previous = g.previous;
}

// Fifo: puts a group where it belongs after something in it has changed.
void MessageQueue::offer(std::uint32_t group) {
  const Group& g = groups_[group];
  if (g.in_flight == 0 && g.line.head != kNoSlot && messages_[g.line.head].state == State::ready) {
    enter_ring(group);
  } else {
    leave_ring(group);
  }
}

void MessageQueue::release_group(std::uint32_t group) {
  if (groups_[group].size > 0) return;
  leave_ring(group);
  group_index_.erase(std::string(groups_[group].name.string()));
  free_groups_.push_back(group);
}

// ---- a message's life

Slot MessageQueue::allocate() {
  if (free_ != kNoSlot) {
    const Slot slot = free_;
    free_ = messages_[slot].line_next;
    return slot;
  }
  messages_.emplace_back();
  return static_cast<Slot>(messages_.size() - 1);
}

Slot MessageQueue::accept(Instant now, Instant sent_at, Outgoing&& message, Duration delay, Value origin) {
  const Slot slot = allocate();
  Message& m = messages_[slot];
  m.number = next_number_++;
  m.sent_at = sent_at;
  m.receives = 0;
  m.priority = message.priority;
  m.body = std::move(message.body);
  m.attributes = std::move(message.attributes);
  m.origin = std::move(origin);
  if (observer_ != nullptr) {
    observer_->accepted({m.number, sent_at, saturating_add(now, delay), 0, m.priority, m.body, m.attributes,
                         message.group, m.origin});
  }
  if (grouped()) {
    m.group = group_named(message.group);
    ++groups_[m.group].size;
    if (fifo()) push_line(groups_[m.group].line, slot);
  }
  const Instant end = saturating_add(sent_at, options_.retention);
  lives_.add(messages_, slot, end);
  expect(end);
  if (delay > Duration::zero()) {
    m.state = State::delayed;
    const Instant ready_at = saturating_add(now, delay);
    delays_.add(messages_, slot, ready_at);
    expect(ready_at);
  } else {
    make_ready(slot);
  }
  return slot;
}

void MessageQueue::make_ready(Slot slot) {
  Message& m = messages_[slot];
  m.state = State::ready;
  if (fifo()) return offer(m.group);
  push_line(line_of(m), slot);
  if (grouped()) enter_ring(m.group);
}

// Takes a ready message out of its line; a fifo message stays in its group's.
void MessageQueue::leave_ready(Slot slot) {
  if (fifo()) return;
  const Message& m = messages_[slot];
  unlink(line_of(m), slot);
  if (grouped() && groups_[m.group].line.head == kNoSlot) leave_ring(m.group);
}

void MessageQueue::settle_flight(Slot slot) {
  flights_.remove(messages_, slot);
  if (grouped()) --groups_[messages_[slot].group].in_flight;
}

void MessageQueue::forget(Slot slot) {
  Message& m = messages_[slot];
  if (m.state == State::delayed) delays_.remove(messages_, slot);
  if (m.state == State::in_flight) settle_flight(slot);
  if (m.state == State::ready) leave_ready(slot);
  m.state = State::free;
  if (observer_ != nullptr) observer_->gone(m.number);
  if (grouped()) {
    Group& g = groups_[m.group];
    --g.size;
    if (fifo()) {
      unlink(g.line, slot);
      offer(m.group);
    }
    release_group(m.group);
  }
  lives_.remove(messages_, slot);
  m.body = Value();
  m.attributes = Value();
  m.origin = Value();
  m.line_next = free_;
  free_ = slot;
}

// Everything that happens by itself up to now, in the order of its times, so that how often somebody looks
// makes no difference.
void MessageQueue::pass_to(Instant now) {
  for (;;) {
    const Slot delayed = delays_.front(messages_);
    const Slot flying = flights_.front(messages_);
    const Slot living = lives_.front(messages_);
    constexpr Instant kNever = Instant::max();
    const Instant ready_at = delayed == kNoSlot ? kNever : messages_[delayed].due.due;
    const Instant back_at = flying == kNoSlot ? kNever : messages_[flying].due.due;
    const Instant end_at = living == kNoSlot ? kNever : messages_[living].life.due;
    const Instant first = std::min({ready_at, back_at, end_at});
    if (first > now || first == kNever) break;
    if (end_at == first) {
      ++totals_.expired;
      forget(living);
    } else if (ready_at == first) {
      delays_.remove(messages_, delayed);
      make_ready(delayed);
    } else {
      ++totals_.timed_out;
      settle_flight(flying);
      make_ready(flying);
    }
  }
  while (!dedup_.empty() && dedup_.front().until <= now) {
    const Remembered& gone = dedup_.front();
    if (observer_ != nullptr) observer_->forgotten(gone.number);
    dedup_index_.erase(gone.hash, dedup_slot(0));
    dedup_.pop_front();
    ++dedup_gone_;
  }
  next_event_ = dedup_.empty() ? Instant::max() : dedup_.front().until;
  if (const Slot slot = delays_.front(messages_); slot != kNoSlot) expect(messages_[slot].due.due);
  if (const Slot slot = flights_.front(messages_); slot != kNoSlot) expect(messages_[slot].due.due);
  if (const Slot slot = lives_.front(messages_); slot != kNoSlot) expect(messages_[slot].life.due);
}

// ---- dedup ids
//
// They are remembered for a constant time, so they are forgotten in the order in which they came: a
// double-ended queue, and an index from ids to places in it that survive that the front goes.

Slot MessageQueue::dedup_slot(std::size_t position) const {
  return ((dedup_gone_ + static_cast<std::uint32_t>(position)) & (kDedupSlots - 1)) + 1;
}

const MessageQueue::Remembered* MessageQueue::find_dedup(const std::string& id) const {
  const Remembered* found = nullptr;
  dedup_index_.find(hash_text(id), [&](Slot slot) {
    const Remembered& r = dedup_[(slot - 1 - dedup_gone_) & (kDedupSlots - 1)];
    if (r.id != id) return false;
    found = &r;
    return true;
  });
  return found;
}

void MessageQueue::remember(std::string id, std::uint64_t number, Instant until) {
  SYSLAB_ASSERT(dedup_.size() < kDedupSlots);
  const std::uint64_t hash = hash_text(id);
  dedup_index_.insert(hash, dedup_slot(dedup_.size()));
  dedup_.push_back({until, number, hash, std::move(id)});
  expect(until);
}

// ---- verbs

Expected<Sent> MessageQueue::send(Instant now, Outgoing message) {
  const Value& body = message.body;
  const std::string_view text = body.is_string() ? body.string() : std::string_view();
  if (body.is_nil() || (body.is_string() && text.empty())) {
    return refused("MissingParameter", "the request must contain the parameter MessageBody");
  }
  if (has_control_characters(text)) {
    return refused("InvalidMessageContents", "the message contains characters outside the allowed set");
  }
  if (!message.attributes.is_nil() && !message.attributes.is_map()) {
    return refused("InvalidParameterValue", "attributes are a table of names and values");
  }
  if (message.attributes.is_map() && message.attributes.map().size() > options_.attributes_max) {
    return refused("InvalidParameterValue", "number of message attributes exceeds the allowed maximum [" +
                                                std::to_string(options_.attributes_max) + "]");
  }
  const bool plain = body.is_string() && message.attributes.is_nil();
  if ((plain ? text.size() : message_bytes(body, message.attributes)) > options_.message_bytes_max) {
    return refused("InvalidParameterValue",
                   "message must be shorter than " + std::to_string(options_.message_bytes_max) + " bytes");
  }
  if (message.delay && (fifo() || *message.delay < Duration::zero() || *message.delay > options_.delay_max)) {
    return refused(
        "InvalidParameterValue",
        fifo() ? "DelaySeconds: a fifo queue has one delay for all messages, its own"
               : "DelaySeconds must be from 0 to " + std::to_string(options_.delay_max.count() / 1000000000));
  }
  if (!grouped() && !message.group.empty()) {
    return refused("InvalidParameterValue", "MessageGroupId is not valid for this queue type");
  }
  if (!fifo() && !message.dedup.empty()) {
    return refused("InvalidParameterValue", "MessageDeduplicationId is not valid for this queue type");
  }
  if (message.priority >= (options_.ordering == Ordering::priority ? options_.levels : 1)) {
    return refused("InvalidParameterValue",
                   options_.ordering == Ordering::priority
                       ? "the highest priority of this queue is " + std::to_string(options_.levels - 1)
                       : "a priority is not valid for this queue type");
  }
  advance(now);
  if (fifo()) {
    if (message.group.empty()) {
      return refused("MissingParameter", "the request must contain the parameter MessageGroupId");
    }
    message.dedup = dedup_of(message);
    if (message.dedup.empty()) {
      return refused("InvalidParameterValue",
                     "the queue should either have ContentBasedDeduplication enabled or "
                     "MessageDeduplicationId provided explicitly");
    }
    if (const Remembered* known = find_dedup(message.dedup); known != nullptr) {
      ++totals_.duplicates;
      return Sent{known->number, true};
    }
    if (options_.dedup_window > Duration::zero()) {
      const Instant until = saturating_add(now, options_.dedup_window);
      if (observer_ != nullptr) observer_->remembered(next_number_, message.dedup, until);
      remember(std::move(message.dedup), next_number_, until);
    }
  }
  ++totals_.sent;
  const Duration delay = message.delay.value_or(options_.delay);
  const Slot slot = accept(now, now, std::move(message), delay);
  return Sent{messages_[slot].number};
}

std::string MessageQueue::dedup_of(const Outgoing& message) const {
  if (!fifo() || !message.dedup.empty() || !options_.content_dedup) return message.dedup;
  return sha256_hex(message.body.is_string() ? std::string(message.body.string()) : message.body.json());
}

// The message that is next, or kNoSlot; it stays where it is.
Slot MessageQueue::pick() {
  if (grouped()) return groups_[0].next == 0 ? kNoSlot : groups_[groups_[0].next].line.head;
  for (std::size_t i = lines_.size(); i-- > 0;) {
    Slot slot = lines_[i].head;
    if (slot == kNoSlot) continue;
    if (options_.reorder > 0 && rng_.chance(options_.reorder)) {
      for (std::uint64_t steps = rng_.below(kReorderSpan); steps > 0 && messages_[slot].line_next != kNoSlot;
           --steps) {
        slot = messages_[slot].line_next;
      }
    }
    return slot;
  }
  return kNoSlot;
}

void MessageQueue::deliver(Instant now, Slot slot, Duration visibility, std::vector<Received>& out) {
  Message& m = messages_[slot];
  leave_ready(slot);
  if (m.receives == 0) m.first_received_at = now;
  ++m.receives;
  m.received_at = now;
  ++totals_.received;
  if (observer_ != nullptr) observer_->received(m.number, m.receives);
  m.state = State::in_flight;
  const Instant back_at = saturating_add(now, visibility);
  flights_.add(messages_, slot, back_at);
  expect(back_at);
  if (grouped()) {
    ++groups_[m.group].in_flight;
    if (!fifo() && groups_[m.group].waiting) {  // the other groups' turn
      leave_ring(m.group);
      enter_ring(m.group);
    }
  }
  out.push_back({m.number, Receipt{slot, m.receives, m.number}, m.receives, m.priority, m.sent_at,
                 m.first_received_at, m.body, m.attributes, grouped() ? groups_[m.group].name : Value(),
                 m.origin});
  // A replica that has not heard of this receive gives the message again.
  if (options_.duplicates > 0 && !fifo() && rng_.chance(options_.duplicates)) {
    settle_flight(slot);
    make_ready(slot);
  }
}

void MessageQueue::bury(Instant now, Slot slot) {
  Message& m = messages_[slot];
  ++totals_.dead;
  Outgoing message{m.body, m.attributes, group_text(m), {}, {}, m.priority};
  Value origin = m.origin.is_nil() ? Value(id_text(m.number)) : m.origin;
  // Its age counts from where it was sent first; in a fifo queue from the move.
  const Instant sent_at = fifo() ? now : m.sent_at;
  forget(slot);
  dead_letters_->advance(now);
  dead_letters_->accept(now, sent_at, std::move(message), Duration::zero(), std::move(origin));
}

Expected<std::size_t> MessageQueue::receive(Instant now, std::size_t max, std::optional<Duration> visibility,
                                            std::vector<Received>& out) {
  if (max < 1 || max > options_.batch_max) {
    return refused("InvalidParameterValue",
                   "MaxNumberOfMessages must be from 1 to " + std::to_string(options_.batch_max));
  }
  const Duration hidden = visibility.value_or(options_.visibility);
  if (hidden < Duration::zero() || hidden > options_.visibility_max) {
    return refused("InvalidParameterValue", "VisibilityTimeout must be from 0 to " +
                                                std::to_string(options_.visibility_max.count() / 1000000000));
  }
  advance(now);
  if (fifo()) return receive_fifo(now, max, hidden, out);
  std::size_t n = 0;
  while (n < max) {
    const Slot slot = pick();
    if (slot == kNoSlot) break;
    if (dead_letters_ != nullptr && messages_[slot].receives >= options_.max_receives) {
      bury(now, slot);
      continue;
    }
    if (flights_.size() >= options_.in_flight_max) {
      if (n > 0) break;
      return refused("OverLimit",
                     "too many messages in flight: the limit is " + std::to_string(options_.in_flight_max));
    }
    prefetch(messages_[slot].line_next);
    deliver(now, slot, hidden, out);
    ++n;
  }
  return n;
}

// What is given soon has not been touched for as long as it has waited: in a long queue it is in no cache any more.
void MessageQueue::prefetch(Slot slot) const {
  const char* const message = reinterpret_cast<const char*>(&messages_[slot]);
  for (std::size_t at = 0; at < sizeof(Message); at += 64) __builtin_prefetch(message + at);
}

// As many as there are of the group that has waited longest, then of the next one.
std::size_t MessageQueue::receive_fifo(Instant now, std::size_t max, Duration visibility,
                                       std::vector<Received>& out) {
  std::size_t n = 0;
  while (n < max && groups_[0].next != 0) {
    const std::uint32_t group = groups_[0].next;
    leave_ring(group);
    Slot slot = groups_[group].line.head;
    while (slot != kNoSlot && n < max && messages_[slot].state == State::ready &&
           flights_.size() < options_.in_flight_max) {
      const Slot next = messages_[slot].line_next;
      prefetch(next);
      if (dead_letters_ != nullptr && messages_[slot].receives >= options_.max_receives) {
        bury(now, slot);
        leave_ring(group);  // until this receive is done with it
      } else {
        deliver(now, slot, visibility, out);
        ++n;
      }
      slot = next;
    }
    if (groups_[group].size > 0) offer(group);
    if (flights_.size() >= options_.in_flight_max) break;
  }
  prefetch(groups_[groups_[groups_[0].next].next].line.head);
  return n;
}

MessageQueue::Message* MessageQueue::find(const Receipt& receipt) {
  if (receipt.slot == kNoSlot || receipt.slot >= messages_.size()) return nullptr;
  Message& m = messages_[receipt.slot];
  return m.state != State::free && m.number == receipt.number ? &m : nullptr;
}

Expected<bool> MessageQueue::remove(Instant now, const Receipt& receipt) {
  advance(now);
  const Message* m = find(receipt);
  if (m == nullptr) return false;  // deleted before, or expired
  if (fifo() && (m->state != State::in_flight || m->receives != receipt.receive)) {
    return refused("InvalidParameterValue", "ReceiptHandle: the receipt handle has expired");
  }
  if (m->receives != receipt.receive) return false;  // somebody else has it now
  ++totals_.deleted;
  forget(receipt.slot);
  return true;
}

Expected<bool> MessageQueue::change_visibility(Instant now, const Receipt& receipt, Duration timeout) {
  if (timeout < Duration::zero() || timeout > options_.visibility_max) {
    return refused("InvalidParameterValue", "VisibilityTimeout must be from 0 to " +
                                                std::to_string(options_.visibility_max.count() / 1000000000));
  }
  advance(now);
  const Message* m = find(receipt);
  if (m == nullptr) {
    return refused(
        "InvalidParameterValue",
        "ReceiptHandle: the message does not exist or is not available for visibility timeout change");
  }
  if (m->state != State::in_flight) return refused("MessageNotInflight", "the message is not in flight");
  if (m->receives != receipt.receive) {
    return refused("InvalidParameterValue", "ReceiptHandle: the receipt handle has expired");
  }
  if (now - m->received_at > options_.visibility_max - timeout) {
    return refused("InvalidParameterValue", "total VisibilityTimeout for the message is beyond the limit");
  }
  flights_.remove(messages_, receipt.slot);
  if (timeout > Duration::zero()) {
    const Instant back_at = saturating_add(now, timeout);
    flights_.add(messages_, receipt.slot, back_at);
    expect(back_at);
  } else {
    if (grouped()) --groups_[m->group].in_flight;
    make_ready(receipt.slot);
  }
  return true;
}

void MessageQueue::purge() {
  for (Slot slot; (slot = lives_.front(messages_)) != kNoSlot;) forget(slot);
}

std::size_t MessageQueue::redrive(Instant now, std::size_t max, MessageQueue& target) {
  advance(now);
  target.advance(now);
  std::size_t n = 0;
  for (; n < max; ++n) {
    const Slot slot = pick();
    if (slot == kNoSlot) break;
    const Message& m = messages_[slot];
    Outgoing message{m.body, m.attributes, group_text(m), {}, {}, m.priority};
    forget(slot);
    target.accept(now, now, std::move(message), Duration::zero());
    ++target.totals_.sent;
  }
  return n;
}

QueueCounts MessageQueue::counts(Instant now) {
  advance(now);
  return {lives_.size() - delays_.size() - flights_.size(), flights_.size(), delays_.size()};
}

std::optional<Instant> MessageQueue::next_change() {
  const Slot delayed = delays_.front(messages_);
  const Slot flying = flights_.front(messages_);
  if (delayed == kNoSlot && flying == kNoSlot) return std::nullopt;
  if (delayed == kNoSlot) return messages_[flying].due.due;
  if (flying == kNoSlot) return messages_[delayed].due.due;
  return std::min(messages_[delayed].due.due, messages_[flying].due.due);
}

std::optional<Duration> MessageQueue::oldest_age(Instant now) {
  advance(now);
  const Slot oldest = lives_.front(messages_);
  if (oldest == kNoSlot) return std::nullopt;
  return now - messages_[oldest].sent_at;
}

void MessageQueue::restore(Instant now, KeptMessage kept) {
  SYSLAB_ASSERT(kept.number >= next_number_);
  QueueObserver* const observer = std::exchange(observer_, nullptr);
  next_number_ = kept.number;
  const Duration delay = kept.ready_at > now ? kept.ready_at - now : Duration::zero();
  const Slot slot =
      accept(now, kept.sent_at,
             {std::move(kept.body), std::move(kept.attributes), std::move(kept.group), {}, {}, kept.priority},
             delay, std::move(kept.origin));
  messages_[slot].receives = kept.receives;
  observer_ = observer;
}

void MessageQueue::restore_dedup(std::uint64_t number, std::string dedup, Instant until) {
  next_number_ = std::max(next_number_, number + 1);
  remember(std::move(dedup), number, until);
}

std::uint64_t MessageQueue::oldest_number() {
  std::uint64_t oldest = next_number_;
  if (const Slot slot = lives_.front(messages_); slot != kNoSlot) oldest = messages_[slot].number;
  if (!dedup_.empty()) oldest = std::min(oldest, dedup_.front().number);
  return oldest;
}

Value MessageQueue::describe(const Received& m) const {
  Value::Map map = {{"id", id_text(m.number, m.origin)},
                    {"sequence", static_cast<double>(m.number)},
                    {"receipt", m.receipt.text()},
                    {"body", m.body},
                    {"receives", static_cast<double>(m.receives)},
                    {"sent_at", to_seconds(m.sent_at)},
                    {"first_received_at", to_seconds(m.first_received_at)}};
  if (!m.attributes.is_nil()) map.emplace_back("attributes", m.attributes);
  if (m.group.is_string() && !m.group.string().empty()) map.emplace_back("group", m.group);
  if (options_.ordering == Ordering::priority) map.emplace_back("priority", static_cast<double>(m.priority));
  return Value::map(std::move(map));
}

std::string MessageQueue::id_text(std::uint64_t number, const Value& origin) const {
  if (origin.is_string()) return std::string(origin.string());
  return fmt::format("{}-{}", options_.name, number);
}

void MessageQueue::check_invariants() {
  std::size_t delayed = 0, ready = 0, flying = 0;
  std::vector<std::uint32_t> sizes(groups_.size()), flights(groups_.size());
  for (Slot slot = 1; slot < messages_.size(); ++slot) {
    const Message& m = messages_[slot];
    if (m.state == State::free) continue;
    SYSLAB_ASSERT(m.life.place != Timed::Place::none);
    SYSLAB_ASSERT((m.due.place == Timed::Place::none) == (m.state == State::ready));
    delayed += m.state == State::delayed;
    ready += m.state == State::ready;
    flying += m.state == State::in_flight;
    if (grouped()) {
      ++sizes[m.group];
      flights[m.group] += m.state == State::in_flight;
    }
  }
  SYSLAB_ASSERT(delayed == delays_.size());
  SYSLAB_ASSERT(flying == flights_.size());
  SYSLAB_ASSERT(delayed + ready + flying == lives_.size());
  std::size_t in_lines = 0;
  const auto walk = [&](const Line& line) {
    Slot previous = kNoSlot;
    for (Slot slot = line.head; slot != kNoSlot; slot = messages_[slot].line_next) {
      SYSLAB_ASSERT(messages_[slot].line_previous == previous);
      SYSLAB_ASSERT(fifo() || messages_[slot].state == State::ready);
      SYSLAB_ASSERT(!fifo() || previous == kNoSlot || messages_[previous].number < messages_[slot].number);
      previous = slot;
      ++in_lines;
    }
    SYSLAB_ASSERT(line.tail == previous);
  };
  for (const Line& line : lines_) walk(line);
  for (std::uint32_t g = 1; g < groups_.size(); ++g) {
    if (sizes[g] == 0) continue;
    const Group& group = groups_[g];
    SYSLAB_ASSERT(group.size == sizes[g]);
    SYSLAB_ASSERT(group.in_flight == flights[g]);
    walk(group.line);
    const bool offers =
        group.line.head != kNoSlot &&
        (!fifo() || (group.in_flight == 0 && messages_[group.line.head].state == State::ready));
    SYSLAB_ASSERT(group.waiting == offers);
  }
  SYSLAB_ASSERT(in_lines == (fifo() ? lives_.size() : ready));
}

}  // namespace syslab
