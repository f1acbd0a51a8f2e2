// The checker of queues, proved by mutants: a plain model of a queue, with one mistake at a time, is used at
// random, and the checker must name the rule that the mistake breaks. Without a mistake, and for the real
// queue, it must be content.
#include "core/check/queue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <vector>

#include "core/queue/message_queue.hpp"
#include "core/queue/recorder.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

enum class Mistake {
  none,
  loses,             // one accepted message in forty is not stored
  early_redelivery,  // one nanosecond before the timeout
  undeletes,         // one delete in ten does nothing
  early_delay,       // one nanosecond before the delay ends
  late_retention,    // one nanosecond after the retention
  group_leaks,       // gives the next message of a group while one is in flight
  swaps,             // takes the second message of a group first
  short_window,      // dedup window one nanosecond too short
  long_window,       // and too long
  forgets_dedup,     // when the message is deleted
  dead_late,         // after N + 1 receives
  dead_early,        // after N - 1
};

// A queue as one would write it down: a list that is searched.
class Model {
 public:
  Model(QueueOptions options, Mistake mistake, Model* dead)
      : options_(options), mistake_(mistake), dead_(dead) {}

  Expected<Sent> send(Instant now, Outgoing m) {
    const bool fifo = options_.ordering == Ordering::fifo;
    if (fifo) {
      const Duration window = options_.dedup_window - (mistake_ == Mistake::short_window ? 1ns : 0ns) +
                              (mistake_ == Mistake::long_window ? 1ns : 0ns);
      if (const auto known = dedup_.find(m.dedup);
          known != dedup_.end() && now < known->second.first + window) {
        return Sent{known->second.second, true};
      }
      dedup_[m.dedup] = {now, next_};
    }
    const std::uint64_t number = next_++;
    if (mistake_ == Mistake::loses && number % 40 == 0) return Sent{number};
    const Duration delay = m.delay.value_or(options_.delay);
    messages_.push_back({number,
                         now,
                         now + delay - (mistake_ == Mistake::early_delay && delay > 0ns ? 1ns : 0ns),
                         false,
                         0,
                         std::move(m),
                         {}});
    return Sent{number};
  }

  Expected<std::size_t> receive(Instant now, std::size_t max, std::optional<Duration> visibility,
                                std::vector<Received>& out) {
    const Duration retention = options_.retention + (mistake_ == Mistake::late_retention ? 1ns : 0ns);
    std::erase_if(messages_, [&](const Message& m) { return now >= m.sent_at + retention; });
    const bool fifo = options_.ordering == Ordering::fifo;
    std::vector<std::string> blocked;
    for (const Message& m : messages_) {
      if (fifo && mistake_ != Mistake::group_leaks && now < m.ready_at) blocked.push_back(m.out.group);
    }
    if (mistake_ == Mistake::swaps) {
      for (std::size_t i = 0; i + 1 < messages_.size(); ++i) {
        if (messages_[i].out.group == messages_[i + 1].out.group) {
          std::swap(messages_[i], messages_[i + 1]);
          break;
        }
      }
    }
    std::size_t n = 0;
    for (std::size_t i = 0; i < messages_.size() && n < max; ++i) {
      Message& m = messages_[i];
      if (now < m.ready_at || std::find(blocked.begin(), blocked.end(), m.out.group) != blocked.end())
        continue;
      if (dead_ != nullptr && m.receives >= limit()) {
        dead_->messages_.push_back({m.number, now, now, false, 0, m.out, Value(id(m.number))});
        messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i--));
        continue;
      }
      ++m.receives;
      m.taken = true;
      m.ready_at = now + visibility.value_or(options_.visibility) -
                   (mistake_ == Mistake::early_redelivery ? 1ns : 0ns);
      out.push_back({m.number,
                     Receipt{1, m.receives, m.number},
                     m.receives,
                     0,
                     m.sent_at,
                     now,
                     m.out.body,
                     {},
                     m.out.group,
                     m.origin});
      ++n;
    }
    return n;
  }

  Expected<bool> remove(Instant, const Receipt& receipt) {
    const auto found = std::find_if(messages_.begin(), messages_.end(), [&](const Message& m) {
      return m.number == receipt.number && m.receives == receipt.receive;
    });
    if (found == messages_.end()) return false;
    if (mistake_ == Mistake::forgets_dedup) dedup_.erase(found->out.dedup);
    if (mistake_ == Mistake::undeletes && receipt.number % 10 == 0) return true;
    messages_.erase(found);
    return true;
  }

  // Moments at which something changes, for a driver that likes edges.
  std::vector<Instant> edges() const {
    std::vector<Instant> at;
    for (const Message& m : messages_) {
      at.push_back(m.ready_at);
      at.push_back(m.sent_at + options_.retention);
    }
    for (const auto& [id, known] : dedup_) at.push_back(known.first + options_.dedup_window);
    return at;
  }

 private:
  struct Message {
    std::uint64_t number;
    Instant sent_at;
    Instant ready_at;
    bool taken;
    std::uint32_t receives;
    Outgoing out;
    Value origin;
  };
  std::string id(std::uint64_t number) const { return options_.name + "-" + std::to_string(number); }
  std::uint32_t limit() const {
    return options_.max_receives + (mistake_ == Mistake::dead_late ? 1 : 0) -
           (mistake_ == Mistake::dead_early ? 1 : 0);
  }

  QueueOptions options_;
  Mistake mistake_;
  Model* dead_;
  std::uint64_t next_ = 1;
  std::vector<Message> messages_;
  std::map<std::string, std::pair<Instant, std::uint64_t>> dedup_;
};

QueueOptions options_of(Ordering ordering, const char* name) {
  QueueOptions o;
  o.name = name;
  o.ordering = ordering;
  o.retention = 3600s;
  o.max_receives = 3;
  return o;
}

// Uses a queue (and reads its dead letters) at random, with a liking for the edges of time, and empties it at
// the end.
template <class Queue, class Edges>
QueueVerdict drive(std::uint64_t seed, const QueueOptions& o, Queue& queue, Queue& dead, Edges&& edges) {
  const auto history = std::make_shared<History>();
  QueueRecorder recorder(history);
  QueueOptions dead_options = o;
  dead_options.name = "dead";
  const MessageQueue scribe(o), dead_scribe(dead_options);
  Rng rng(seed);
  Instant now{};
  std::vector<Receipt> held;
  std::uint64_t fresh = 0;
  const auto receive = [&](Queue& from, const MessageQueue& by, std::size_t max) {
    std::vector<Received> got;
    REQUIRE(from.receive(now, max, std::nullopt, got).ok());
    recorder.receive(now, by.options().name, o.visibility, got, by);
    return got;
  };
  for (int step = 0; step < 600; ++step) {
    const std::uint64_t what = rng.below(10);
    if (what < 3) {
      Outgoing m;
      m.body = Value("x");
      if (o.ordering == Ordering::fifo) {
        m.group = std::string(1, static_cast<char>('a' + rng.below(3)));
        m.dedup = std::to_string(
            rng.chance(0.3) && fresh > 0 ? fresh - rng.below(std::min<std::uint64_t>(fresh, 4)) : ++fresh);
      } else if (rng.chance(0.3)) {
        m.delay = 10s;
      }
      const Outgoing copy = m;
      const auto sent = queue.send(now, std::move(m));
      REQUIRE(sent.ok());
      recorder.send(now, o.name, copy, sent, scribe);
    } else if (what < 6) {
      for (const Received& m : receive(queue, scribe, 1 + rng.below(3))) held.push_back(m.receipt);
    } else if (what < 7) {
      receive(dead, dead_scribe, 10);
    } else if (what < 8 && !held.empty()) {
      const std::size_t i = rng.below(held.size());
      recorder.remove(now, o.name, held[i], queue.remove(now, held[i]));
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      std::vector<Instant> next = edges();
      std::erase_if(next, [&](Instant t) { return t <= now; });
      if (!next.empty() && rng.chance(0.7)) {
        std::sort(next.begin(), next.end());
        const Instant edge = next[rng.below(std::min<std::size_t>(next.size(), 3))];
        now = std::max(now, edge - (rng.chance(0.5) ? 1ns : 0ns));
      } else {
        now += rng.below(20) * 1s;
      }
    }
  }
  now += 100s;
  for (int rounds = 0; rounds < 1000; ++rounds) {
    const auto got = receive(queue, scribe, 10);
    receive(dead, dead_scribe, 10);
    if (got.empty()) break;
    for (const Received& m : got) recorder.remove(now, o.name, m.receipt, queue.remove(now, m.receipt));
  }
  QueueRules rules{.queue = o.name,
                   .fifo = o.ordering == Ordering::fifo,
                   .visibility = o.visibility,
                   .retention = o.retention,
                   .max_receives = o.max_receives,
                   .dead_letters = "dead"};
  QueueRules dead_rules{
      .queue = "dead", .fifo = rules.fifo, .visibility = o.visibility, .retention = o.retention};
  return check_queue(*history, {rules, dead_rules});
}

QueueVerdict drive_model(Ordering ordering, Mistake mistake, std::uint64_t seed) {
  const QueueOptions o = options_of(ordering, "q");
  QueueOptions plain = o;
  plain.max_receives = 0;
  Model dead(plain, Mistake::none, nullptr);
  Model queue(o, mistake, &dead);
  return drive(seed, o, queue, dead, [&] { return queue.edges(); });
}

}  // namespace

TEST_CASE("check queue: a faithful model keeps all rules", "[check][queue]") {
  for (const Ordering ordering : {Ordering::standard, Ordering::fifo}) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const QueueVerdict verdict = drive_model(ordering, Mistake::none, seed);
      INFO(to_string(ordering) << " " << seed << ": " << verdict.message);
      CHECK(verdict.outcome == Outcome::ok);
      CHECK(verdict.loss_judged);
    }
  }
}

TEST_CASE("check queue: every mistake is found, and named by the rule it breaks", "[check][queue]") {
  const struct {
    Mistake mistake;
    Ordering ordering;
    const char* rule;
  } mutants[] = {
      {Mistake::loses, Ordering::standard, "loss"},
      {Mistake::loses, Ordering::fifo, "order"},  // what follows in the group comes too early
      {Mistake::early_redelivery, Ordering::standard, "redelivery"},
      {Mistake::undeletes, Ordering::standard, "redelivery"},
      {Mistake::early_delay, Ordering::standard, "delay"},
      {Mistake::late_retention, Ordering::standard, "retention"},
      {Mistake::group_leaks, Ordering::fifo, "in_flight"},
      {Mistake::swaps, Ordering::fifo, "order"},
      {Mistake::short_window, Ordering::fifo, "dedup"},
      {Mistake::long_window, Ordering::fifo, "dedup"},
      {Mistake::forgets_dedup, Ordering::fifo, "dedup"},
      {Mistake::dead_late, Ordering::standard, "dead_letter"},
      {Mistake::dead_early, Ordering::standard, "dead_letter"},
  };
  for (const auto& m : mutants) {
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed)
      found += drive_model(m.ordering, m.mistake, seed).rule == m.rule;
    INFO(m.rule << ", mistake " << static_cast<int>(m.mistake));
    CHECK(found >= 10);
  }
}

TEST_CASE("check queue: the real queue keeps all rules, and its own invariants", "[check][queue]") {
  for (const Ordering ordering : {Ordering::standard, Ordering::fifo}) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const QueueOptions o = options_of(ordering, "q");
      QueueOptions dead_options = o;
      dead_options.name = "dead";
      dead_options.max_receives = 0;
      const auto dead = std::make_shared<MessageQueue>(dead_options);
      MessageQueue queue(o);
      queue.set_dead_letters(dead);
      const QueueVerdict verdict = drive(seed, o, queue, *dead, [&] {
        queue.check_invariants();
        dead->check_invariants();
        const auto next = queue.next_change();
        return next ? std::vector<Instant>{*next} : std::vector<Instant>();
      });
      INFO(to_string(ordering) << " " << seed << ": " << verdict.message);
      CHECK(verdict.outcome == Outcome::ok);
    }
  }
}

TEST_CASE("check queue: of what clients saw only the certain counts", "[check][queue]") {
  const auto judge = [](double again) {
    History h;
    const auto sent = h.invoke(1, "send", Value("q"), Value::map({}), Instant(0s));
    h.complete(sent, Value::map({{"id", "q-1"}}), Instant(1s));
    const auto first = h.invoke(1, "receive", Value("q"), Value::map({}), Instant(2s));
    h.complete(first, Value::list({Value::map({{"id", "q-1"}, {"receipt", "a"}})}), Instant(4s));
    const auto second = h.invoke(1, "receive", Value("q"), Value::map({}), Instant(5s));
    h.complete(second, Value::list({Value::map({{"id", "q-1"}, {"receipt", "b"}})}),
               Instant(from_seconds(again)));
    return check_queue(h, {{.queue = "q"}});
  };
  // The first receive took effect between 2 s and 4 s, so 32 s is the first moment that may be right.
  CHECK(judge(31.9).rule == "redelivery");
  CHECK(judge(32).outcome == Outcome::ok);
}
