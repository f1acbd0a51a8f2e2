// JobQueue: work to be done, with states, priorities, retries and repetition. A pure state machine: time is
// an argument.
//
//              put              take                ack
//     delayed -----> ready -------------> taken ---------> done (gone)
//        ^            ^  ^                 |  |
//        |            |  '-- ttr is over --'  +-- release --> ready or delayed
//        '-- fail: backoff, then ready -------+-- bury ----> buried -- kick --> ready
//                                             '-- fail for the last time ----> buried
//
// Kinds, after tarantool/queue: `fifo` (no priority, ttl, ttr, delay), `fifottl` (with all of these), `utube`
// and `utubettl` (besides, at most one job of each tube is taken at a time). The smaller number is the higher
// priority; equal ones go first in, first out. Taking can be bounded by a rate (a token bucket) and by how
// many are taken at once.
//
// A take gives a token: whoever took a job that came back since then can no longer ack it.
// Error codes: not_found, not_taken, malformed. All are definite.
//
// Cost: O(log n) a call. Source: tarantool/queue README; retries: Brooker 2015, Exponential backoff and
// jitter.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/slot_index.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"
#include "core/queue/cron.hpp"
#include "core/queue/deadline_list.hpp"

namespace syslab {

struct JobQueueOptions {
  enum class Kind : std::uint8_t { fifo, fifottl, utube, utubettl };
  enum class Jitter : std::uint8_t { none, full, equal };
  Kind kind = Kind::fifottl;
  Duration ttl = Duration::max();  // a job that is not done by then is gone
  Duration ttr = Duration::max();  // a taken job goes back to ready after that
  Duration delay = Duration::zero();
  std::uint32_t attempts = 0;  // after so many takes that failed or timed out it is buried; 0: never
  Duration backoff = std::chrono::seconds(1);  // the first wait after a failure; doubles each time
  Duration backoff_max = std::chrono::hours(1);
  Jitter jitter = Jitter::full;
  double rate = 0;  // takes a second; 0: no bound
  double burst = 1;
  std::size_t concurrency = 0;  // jobs that may be taken at once; 0: no bound
  std::uint64_t seed = 0;       // of the jitter
};

struct NewJob {
  Value data = {};
  std::int64_t priority = 0;
  std::optional<Duration> ttl = {};
  std::optional<Duration> ttr = {};
  std::optional<Duration> delay = {};
  std::string tube = {};
};

struct TakenJob {
  std::uint64_t id;
  std::uint32_t take;  // the token: how many times it was taken
  std::int64_t priority;
  Value data;
  std::string tube;
};

class JobQueue {
 public:
  enum class State : std::uint8_t { free, delayed, ready, taken, buried };

  explicit JobQueue(JobQueueOptions options);
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  const JobQueueOptions& options() const { return options_; }

  // Errors: malformed, where the kind has no such option.
  Expected<std::uint64_t> put(Instant now, NewJob job);
  // None where nothing is ready or a bound forbids it; next_take() says when to ask again.
  std::optional<TakenJob> take(Instant now);
  // When a take may succeed that does not now; none where that depends on a put, ack or the like.
  std::optional<Instant> next_take(Instant now);

  // Errors of all these: not_found; not_taken, also where the token is an old one.
  Expected<bool> ack(Instant now, std::uint64_t id, std::uint32_t take);
  Expected<bool> release(Instant now, std::uint64_t id, std::uint32_t take,
                         Duration delay = Duration::zero());
  Expected<bool> bury(Instant now, std::uint64_t id, std::uint32_t take);
  // Gives it `more` time, both to run and to live.
  Expected<bool> touch(Instant now, std::uint64_t id, std::uint32_t take, Duration more);
  // The work failed: it waits for its backoff, or is buried after its last attempt. How long it waits; none:
  // buried.
  Expected<std::optional<Duration>> fail(Instant now, std::uint64_t id, std::uint32_t take);
  // In whatever state. Errors: not_found.
  Expected<bool> remove(Instant now, std::uint64_t id);
  // Makes up to n buried jobs ready again, oldest first; how many. Their attempts begin anew.
  std::size_t kick(Instant now, std::size_t n);

  // Puts a job at every time of a schedule, from now on. One of the same name is replaced. Where `overlap` is
  // false a time passes if the job of the time before is not done.
  void repeat(Instant now, std::string name, Schedule schedule, NewJob job, bool overlap = true);
  bool cancel_repeat(const std::string& name);

  // free: there is no such job (any more).
  State state(Instant now, std::uint64_t id);
  struct Counts {
    std::size_t ready = 0, taken = 0, delayed = 0, buried = 0;
    std::uint64_t put = 0, done = 0, expired = 0, timed_out = 0, failed = 0, skipped = 0;
  };
  Counts counts(Instant now);

 private:
  struct Job {
    std::uint64_t id = 0;
    Timed due = {};   // the end of its delay or of its ttr
    Timed life = {};  // the end of its ttl
    State state = State::free;
    std::uint32_t takes = 0;
    std::uint32_t tries = 0;  // takes since it was put or kicked
    std::int64_t priority = 0;
    std::size_t tube = 0;
    Duration ttr = Duration::max();
    Slot next_free = kNoSlot;
    Value data;
  };
  using Order = std::tuple<std::int64_t, std::uint64_t, Slot>;  // priority, id, slot
  struct Tube {
    std::string name;
    std::set<Order> ready;
    std::size_t taken = 0;
    std::size_t size = 0;
  };
  struct Repeat {
    Schedule schedule;
    NewJob job;
    bool overlap;
    Instant next;
    std::uint64_t last = 0;  // the id of its last job
  };

  bool tubes() const {
    return options_.kind == JobQueueOptions::Kind::utube || options_.kind == JobQueueOptions::Kind::utubettl;
  }
  bool with_times() const {
    return options_.kind == JobQueueOptions::Kind::fifottl ||
           options_.kind == JobQueueOptions::Kind::utubettl;
  }
  void advance(Instant now);
  Slot slot_of(std::uint64_t id) const;
  Expected<Slot> taken_slot(std::uint64_t id, std::uint32_t take) const;
  std::uint64_t accept(Instant now, NewJob job);
  void hide(std::size_t tube);  // takes a tube's head out of the offers
  void show(std::size_t tube);  // and puts it there if it may be taken
  void enter(Slot slot, State state, Instant due);
  void leave(Slot slot);
  void finish(Slot slot);
  bool may_take(Instant now) const;
  std::uint64_t last_id() const { return next_id_ - 1; }

  const JobQueueOptions options_;
  Rng rng_;
  std::vector<Job> jobs_;  // [0] is nobody
  Slot free_ = kNoSlot;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Slot> index_;
  std::vector<Tube> tubes_;
  std::vector<std::size_t> free_tubes_;
  std::map<std::string, std::size_t> tube_index_;
  std::set<std::pair<Order, std::size_t>> offers_;  // the head of every tube that may give one
  std::set<std::uint64_t> buried_;
  DeadlineList<Job, &Job::due> delays_;
  DeadlineList<Job, &Job::due> runs_;
  DeadlineList<Job, &Job::life> lives_;
  std::map<std::string, Repeat> repeats_;
  std::set<std::pair<Instant, std::string>> next_repeats_;
  Instant full_at_;  // when the token bucket is full again
  Counts totals_;
};

std::string_view to_string(JobQueue::State state);

}  // namespace syslab
