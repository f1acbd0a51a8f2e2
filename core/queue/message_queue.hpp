// MessageQueue: a queue whose messages are hidden while somebody works on them, and come back if they are not
// deleted.
//
// A pure state machine: time is an argument and never runs backwards. One class for four orders:
//   standard   first in, first out as far as it goes: a message that comes back joins the end; duplicates and
//              reordering can be switched on
//   fifo       messages of a group strictly in order; while one of a group is in flight or delayed, the
//              later ones are withheld; what is sent twice within the dedup window is delivered once
//   priority   the highest priority first, first in first out within one
//   fair       groups (tenants) take turns, so that one with many messages does not keep the others waiting
//
//   send -> [delayed] -> ready -> in flight -> deleted
//                          ^--- timeout ---'
//
// A message that was received `max_receives` times goes to the dead-letter queue instead of being received
// again. After `retention` it is gone, wherever it is.
//
// A receive gives a receipt, which names this one receive: an older receipt of the same message is stale. On
// a standard queue deleting by a stale receipt succeeds and deletes nothing, on a fifo queue it is an error,
// as published.
//
// Error codes are those of the SQS interface: InvalidParameterValue, MissingParameter,
// InvalidMessageContents, OverLimit, ReceiptHandleIsInvalid, MessageNotInflight. All are definite: nothing
// was changed.
//
// Cost: O(1) amortised a call for constant timeouts, O(log n) where timeouts of single messages are changed;
// 184 bytes a message beside its body. Source: SQS developer guide (message quotas, FIFO key terms,
// dead-letter queues).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/slot_index.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/queue/access_policy.hpp"
#include "core/queue/deadline_list.hpp"
#include "core/queue/profile.hpp"

namespace syslab {

enum class Ordering : std::uint8_t { standard, fifo, priority, fair };
std::string_view to_string(Ordering ordering);

struct QueueOptions {
  std::string name = "queue";  // the beginning of its messages' ids
  Ordering ordering = Ordering::standard;
  Duration visibility = std::chrono::seconds(30);
  Duration retention = std::chrono::hours(96);
  Duration delay = Duration::zero();
  Duration wait = Duration::zero();  // how long a receive waits where it does not say; used by the service
  Duration counts_lag = Duration::zero();  // how old the counts may be that the service tells
  // Limits; see QueueProfile.
  std::size_t message_bytes_max = 262144;
  std::size_t batch_max = 10;
  std::size_t attributes_max = 10;
  std::size_t in_flight_max = 120000;
  Duration visibility_max = std::chrono::hours(12);
  Duration delay_max = std::chrono::minutes(15);
  Duration wait_max = std::chrono::seconds(20);
  double requests_max = 0;  // a second and kind of request, at the service; a batch is one; 0: no limit
  // Dead letters: after this many receives; 0: never.
  std::uint32_t max_receives = 0;
  // Fifo: a message without a dedup id gets the SHA-256 of its body as one.
  bool content_dedup = false;
  Duration dedup_window = std::chrono::minutes(5);
  // Priority: 0 to levels - 1, the highest first.
  std::uint32_t levels = 10;
  // Standard: the chance that a received message can be received again at once, and that a receive does not
  // take the first but one of the first ten.
  double duplicates = 0;
  double reorder = 0;
  std::uint64_t seed = 0;  // of these two
  AccessPolicy access = {};
};

// The limits of a profile in place of those in `options`.
QueueOptions with_profile(QueueOptions options, const QueueProfile& profile);

// What a producer hands in.
struct Outgoing {
  Value body = {};
  Value attributes = {};  // a map or nil
  std::string group = {};
  std::string dedup = {};
  std::optional<Duration> delay = {};
  std::uint32_t priority = 0;
};

struct Sent {
  std::uint64_t number;    // ascending in the order of acceptance: the sequence number
  bool duplicate = false;  // accepted, but not delivered again: `number` is that of the first one
};

// Names one receive of one message.
struct Receipt {
  Slot slot = kNoSlot;
  std::uint32_t receive = 0;
  std::uint64_t number = 0;

  std::string text() const;
  // Errors: ReceiptHandleIsInvalid.
  static Expected<Receipt> parse(std::string_view text);
};

struct Received {
  std::uint64_t number;
  Receipt receipt;
  std::uint32_t receives;  // this one included
  std::uint32_t priority;
  Instant sent_at;
  Instant first_received_at;
  Value body;
  Value attributes;
  Value group;   // a text, or nil
  Value origin;  // of a dead letter: the id that it had where it was sent; else nil
};

struct QueueCounts {
  std::size_t visible = 0;
  std::size_t in_flight = 0;
  std::size_t delayed = 0;
};

struct QueueTotals {
  std::uint64_t sent = 0;
  std::uint64_t duplicates = 0;  // sends that the dedup window swallowed
  std::uint64_t received = 0;    // deliveries
  std::uint64_t deleted = 0;
  std::uint64_t timed_out = 0;  // came back because nobody deleted them in time
  std::uint64_t dead = 0;       // moved to the dead-letter queue
  std::uint64_t expired = 0;    // gone by retention
};

// A message as it is kept, for whoever makes a queue durable.
struct KeptMessage {
  std::uint64_t number = 0;
  Instant sent_at;
  Instant ready_at;  // the end of its delay
  std::uint32_t receives = 0;
  std::uint32_t priority = 0;
  Value body;
  Value attributes;
  std::string group;
  Value origin;
};

// Hears of every change that a restart must not undo.
class QueueObserver {
 public:
  virtual ~QueueObserver() = default;
  virtual void accepted(const KeptMessage& message) = 0;
  virtual void received(std::uint64_t number, std::uint32_t receives) = 0;
  virtual void gone(std::uint64_t number) = 0;
  // A dedup id is remembered until a time, and then forgotten.
  virtual void remembered(std::uint64_t number, const std::string& dedup, Instant until) = 0;
  virtual void forgotten(std::uint64_t number) = 0;
};

class MessageQueue {
 public:
  explicit MessageQueue(QueueOptions options);
  MessageQueue(const MessageQueue&) = delete;
  MessageQueue& operator=(const MessageQueue&) = delete;

  const QueueOptions& options() const { return options_; }

  // Dead letters go there. Requires: max_receives > 0, same ordering, not this queue itself.
  void set_dead_letters(std::shared_ptr<MessageQueue> queue);
  const std::shared_ptr<MessageQueue>& dead_letters() const { return dead_letters_; }

  Expected<Sent> send(Instant now, Outgoing message);

  // Appends at most `max` messages to `out` and hides them for `visibility` (the queue's, if none); how many.
  // None is no error. Errors: InvalidParameterValue, OverLimit (a fifo queue over its limit just gives
  // nothing).
  Expected<std::size_t> receive(Instant now, std::size_t max, std::optional<Duration> visibility,
                                std::vector<Received>& out);

  // True where the message was deleted, false where there was nothing to delete.
  Expected<bool> remove(Instant now, const Receipt& receipt);
  // Hides the message for `timeout` from now on; zero gives it back. The receipt stays valid.
  Expected<bool> change_visibility(Instant now, const Receipt& receipt, Duration timeout);
  // Takes everything away; receipts become stale.
  void purge();

  // Moves up to `max` messages that are ready, oldest first, to `target` as new messages; how many. What
  // `target` refuses stays here.
  std::size_t redrive(Instant now, std::size_t max, MessageQueue& target);

  QueueCounts counts(Instant now);
  const QueueTotals& totals() const { return totals_; }
  std::size_t size() const { return lives_.size(); }
  // When the next message becomes ready by itself; none where no message waits for a time.
  std::optional<Instant> next_change();
  // How long the oldest message has been here; none where it is empty.
  std::optional<Duration> oldest_age(Instant now);

  // Requires: the observer outlives the queue, or is replaced (null: nobody).
  void set_observer(QueueObserver* observer) { observer_ = observer; }
  // Puts back what an observer was told; it is not told again. Requires: ascending numbers, before anything
  // else.
  void restore(Instant now, KeptMessage message);
  void restore_dedup(std::uint64_t number, std::string dedup, Instant until);
  // Numbers below this one were given before and are not given again, though nothing may be left of them.
  void restore_next(std::uint64_t number) { next_number_ = std::max(next_number_, number); }
  // No number below this one is needed any more; the next message gets the number next_number().
  std::uint64_t oldest_number();
  std::uint64_t next_number() const { return next_number_; }

  // What a fifo queue deduplicates the message by: its dedup id, else the digest of its body; empty where
  // there is none.
  std::string dedup_of(const Outgoing& message) const;

  // As scripts see it: a map of id, receipt, body, attributes, receives, sent_at ... (times in seconds).
  Value describe(const Received& message) const;
  // "orders-17"; a dead letter keeps the id it was sent under.
  std::string id_text(std::uint64_t number, const Value& origin = {}) const;

  // For tests: every message is in exactly the lists that its state says, and the counts agree.
  void check_invariants();

 private:
  enum class State : std::uint8_t { free, delayed, ready, in_flight };
  struct Message {
    std::uint64_t number = 0;
    Timed due = {};   // the end of its delay or of its flight
    Timed life = {};  // the end of its retention
    Slot line_previous =
        kNoSlot;               // in the line of the ready; a fifo message is in its group's line all its life
    Slot line_next = kNoSlot;  // of a free slot: the next free one
    std::uint32_t receives = 0;
    std::uint32_t group = 0;  // fifo, fair
    std::uint32_t priority = 0;
    State state = State::free;
    Instant sent_at;
    Instant received_at;  // last
    Instant first_received_at;
    Value body;
    Value attributes;
    Value origin;
  };
  struct Line {
    Slot head = kNoSlot;
    Slot tail = kNoSlot;
  };
  struct Group {
    Value name;
    Line line;
    std::uint32_t size = 0;  // messages of the group in any state
    std::uint32_t in_flight = 0;
    bool waiting = false;  // in the ring of the groups that have something to give
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
  };
  struct Remembered {
    Instant until;
    std::uint64_t number;
    std::uint64_t hash;
    std::string id;
  };

  bool grouped() const { return options_.ordering == Ordering::fifo || options_.ordering == Ordering::fair; }
  bool fifo() const { return options_.ordering == Ordering::fifo; }

  void advance(Instant now) {
    if (now >= next_event_) pass_to(now);
  }
  void pass_to(Instant now);
  void expect(Instant event) { next_event_ = std::min(next_event_, event); }
  const Remembered* find_dedup(const std::string& id) const;
  void remember(std::string id, std::uint64_t number, Instant until);
  Slot dedup_slot(std::size_t position) const;
  Slot allocate();
  Slot accept(Instant now, Instant sent_at, Outgoing&& message, Duration delay, Value origin = {});
  void forget(Slot slot);
  void push_line(Line& line, Slot slot);
  void unlink(Line& line, Slot slot);
  Line& line_of(const Message& message);
  void make_ready(Slot slot);
  void leave_ready(Slot slot);
  void settle_flight(Slot slot);
  Slot pick();
  void prefetch(Slot slot) const;
  void deliver(Instant now, Slot slot, Duration visibility, std::vector<Received>& out);
  void bury(Instant now, Slot slot);
  std::size_t receive_fifo(Instant now, std::size_t max, Duration visibility, std::vector<Received>& out);

  std::string group_text(const Message& message) const;
  std::uint32_t group_named(const std::string& name);
  void enter_ring(std::uint32_t group);
  void leave_ring(std::uint32_t group);
  void offer(std::uint32_t group);
  void release_group(std::uint32_t group);
  Message* find(const Receipt& receipt);

  const QueueOptions options_;
  Instant next_event_ = Instant::max();  // nothing happens by itself before this
  std::shared_ptr<MessageQueue> dead_letters_;
  QueueObserver* observer_ = nullptr;
  Rng rng_;
  std::vector<Message> messages_;  // [0] is nobody
  Slot free_ = kNoSlot;
  std::uint64_t next_number_ = 1;
  std::vector<Line> lines_;  // of the ready, one a priority
  DeadlineList<Message, &Message::due> delays_;
  DeadlineList<Message, &Message::due> flights_;
  DeadlineList<Message, &Message::life> lives_;
  std::vector<Group> groups_;  // [0] is the ring's anchor
  std::vector<std::uint32_t> free_groups_;
  std::unordered_map<std::string, std::uint32_t> group_index_;  // only looked up
  std::deque<Remembered> dedup_;                                // those who are forgotten first at the front
  std::uint32_t dedup_gone_ = 0;                                // how many have left it
  SlotIndex dedup_index_;  // by id; the slot says which one since the beginning, modulo 2^30
  QueueTotals totals_;
};

// What the service counts as the size of a message: the bytes of its body (of its JSON, if it is no text) and
// of its attributes.
std::size_t message_bytes(const Value& body, const Value& attributes);

}  // namespace syslab
