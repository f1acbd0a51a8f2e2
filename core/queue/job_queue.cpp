#include "core/queue/job_queue.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

using State = JobQueue::State;

std::string_view to_string(JobQueue::State state) {
  constexpr std::string_view kNames[] = {"done", "delayed", "ready", "taken", "buried"};
  return kNames[static_cast<std::size_t>(state)];
}

JobQueue::JobQueue(JobQueueOptions options) : options_(options), rng_(options.seed) {
  SYSLAB_ASSERT(options.burst >= 1);
  jobs_.resize(1);
}

// ---- tubes
//
// Every job belongs to a tube; without tubes to the one named "". A tube offers its first ready job, unless
// it is a utube with a job taken. The offers of all tubes are one ordered set, whose first is what the next
// take gives.

void JobQueue::hide(std::size_t tube) {
  const Tube& t = tubes_[tube];
  if (!t.ready.empty()) offers_.erase({*t.ready.begin(), tube});
}

void JobQueue::show(std::size_t tube) {
  const Tube& t = tubes_[tube];
  if (!t.ready.empty() && !(tubes() && t.taken > 0)) offers_.insert({*t.ready.begin(), tube});
}

void JobQueue::enter(Slot slot, State state, Instant due) {
  Job& job = jobs_[slot];
  Tube& tube = tubes_[job.tube];
  hide(job.tube);
  job.state = state;
  if (state == State::ready) tube.ready.insert({job.priority, job.id, slot});
  if (state == State::delayed) delays_.add(jobs_, slot, due);
  if (state == State::buried) buried_.insert(job.id);
  if (state == State::taken) {
    ++tube.taken;
    runs_.add(jobs_, slot, due);
  }
  show(job.tube);
}

void JobQueue::leave(Slot slot) {
  Job& job = jobs_[slot];
  Tube& tube = tubes_[job.tube];
  hide(job.tube);
  if (job.state == State::ready) tube.ready.erase({job.priority, job.id, slot});
  if (job.state == State::delayed) delays_.remove(jobs_, slot);
  if (job.state == State::buried) buried_.erase(job.id);
  if (job.state == State::taken) {
    --tube.taken;
    runs_.remove(jobs_, slot);
  }
  show(job.tube);
}

void JobQueue::finish(Slot slot) {
  leave(slot);
  Job& job = jobs_[slot];
  job.state = State::free;
  lives_.remove(jobs_, slot);
  index_.erase(job.id);
  Tube& tube = tubes_[job.tube];
  if (--tube.size == 0) {
    tube_index_.erase(tube.name);
    free_tubes_.push_back(job.tube);
  }
  job.data = Value();
  job.next_free = free_;
  free_ = slot;
}

std::uint64_t JobQueue::accept(Instant now, NewJob job) {
  Slot slot = free_;
  if (slot == kNoSlot) {
    jobs_.emplace_back();
    slot = static_cast<Slot>(jobs_.size() - 1);
  } else {
    free_ = jobs_[slot].next_free;
  }
  const auto [found, fresh] = tube_index_.try_emplace(tubes() ? job.tube : std::string());
  if (fresh) {
    if (free_tubes_.empty()) {
      found->second = tubes_.size();
      tubes_.emplace_back();
    } else {
      found->second = free_tubes_.back();
      free_tubes_.pop_back();
      tubes_[found->second] = Tube();
    }
    tubes_[found->second].name = found->first;
  }
  ++tubes_[found->second].size;
  ++totals_.put;
  Job& j = jobs_[slot];
  j.id = next_id_++;
  j.takes = j.tries = 0;
  j.priority = job.priority;
  j.tube = found->second;
  j.ttr = job.ttr.value_or(options_.ttr);
  j.data = std::move(job.data);
  index_.emplace(j.id, slot);
  lives_.add(jobs_, slot, saturating_add(now, job.ttl.value_or(options_.ttl)));
  const Duration delay = job.delay.value_or(options_.delay);
  if (delay > Duration::zero()) {
    enter(slot, State::delayed, saturating_add(now, delay));
  } else {
    enter(slot, State::ready, now);
  }
  return j.id;
}

void JobQueue::advance(Instant now) {
  constexpr Instant kNever = Instant::max();
  for (;;) {
    const Slot delayed = delays_.front(jobs_);
    const Slot running = runs_.front(jobs_);
    const Slot living = lives_.front(jobs_);
    const Instant ready_at = delayed == kNoSlot ? kNever : jobs_[delayed].due.due;
    const Instant back_at = running == kNoSlot ? kNever : jobs_[running].due.due;
    const Instant end_at = living == kNoSlot ? kNever : jobs_[living].life.due;
    const Instant repeat_at = next_repeats_.empty() ? kNever : next_repeats_.begin()->first;
    const Instant first = std::min({ready_at, back_at, end_at, repeat_at});
    if (first > now || first == kNever) return;
    if (end_at == first) {
      ++totals_.expired;
      finish(living);
    } else if (ready_at == first) {
      leave(delayed);
      enter(delayed, State::ready, now);
    } else if (back_at == first) {
      ++totals_.timed_out;
      leave(running);
      const bool last = options_.attempts > 0 && jobs_[running].tries >= options_.attempts;
      enter(running, last ? State::buried : State::ready, now);
    } else {
      const std::string name = next_repeats_.begin()->second;
      next_repeats_.erase(next_repeats_.begin());
      Repeat& r = repeats_.at(name);
      if (r.overlap || slot_of(r.last) == kNoSlot) {
        r.last = accept(first, r.job);
      } else {
        ++totals_.skipped;
      }
      r.next = r.schedule.after(first);
      if (r.next != kNever) next_repeats_.insert({r.next, name});
    }
  }
}

Slot JobQueue::slot_of(std::uint64_t id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? kNoSlot : found->second;
}

Expected<Slot> JobQueue::taken_slot(std::uint64_t id, std::uint32_t take) const {
  const Slot slot = slot_of(id);
  if (slot == kNoSlot) return Error{"not_found", "there is no job " + std::to_string(id), true};
  const Job& job = jobs_[slot];
  if (job.state != State::taken || job.takes != take) {
    return Error{
        "not_taken",
        "job " + std::to_string(id) + " is not taken by you: it is " + std::string(to_string(job.state)),
        true};
  }
  return slot;
}

// ---- verbs

Expected<std::uint64_t> JobQueue::put(Instant now, NewJob job) {
  if (!with_times() && (job.priority != 0 || job.ttl || job.ttr || job.delay)) {
    return Error{"malformed",
                 "this kind of queue has no priority, ttl, ttr or delay: use fifottl or utubettl", true};
  }
  if (!tubes() && !job.tube.empty()) {
    return Error{"malformed", "this kind of queue has no tubes: use utube or utubettl", true};
  }
  for (const auto& d : {job.ttl, job.ttr, job.delay}) {
    if (d && *d < Duration::zero()) return Error{"malformed", "a duration is below 0", true};
  }
  advance(now);
  return accept(now, std::move(job));
}

// The token bucket as one number, the time at which it will be full (a GCRA).
bool JobQueue::may_take(Instant now) const {
  if (options_.concurrency > 0 && runs_.size() >= options_.concurrency) return false;
  if (options_.rate <= 0) return true;
  const Duration empty = from_seconds((options_.burst - 1) / options_.rate);
  return full_at_ <= saturating_add(now, empty);
}

std::optional<TakenJob> JobQueue::take(Instant now) {
  advance(now);
  if (offers_.empty() || !may_take(now)) return std::nullopt;
  if (options_.rate > 0) full_at_ = std::max(full_at_, now) + from_seconds(1 / options_.rate);
  const Slot slot = std::get<2>(offers_.begin()->first);
  Job& job = jobs_[slot];
  leave(slot);
  ++job.takes;
  ++job.tries;
  enter(slot, State::taken, saturating_add(now, job.ttr));
  return TakenJob{job.id, job.takes, job.priority, job.data, tubes_[job.tube].name};
}

std::optional<Instant> JobQueue::next_take(Instant now) {
  advance(now);
  if (!offers_.empty()) {
    if (may_take(now)) return now;
    if (options_.rate > 0 && (options_.concurrency == 0 || runs_.size() < options_.concurrency)) {
      return full_at_ - from_seconds((options_.burst - 1) / options_.rate);
    }
  }
  Instant first = Instant::max();
  if (const Slot slot = delays_.front(jobs_); slot != kNoSlot) first = std::min(first, jobs_[slot].due.due);
  if (const Slot slot = runs_.front(jobs_); slot != kNoSlot) first = std::min(first, jobs_[slot].due.due);
  if (const Slot slot = lives_.front(jobs_); slot != kNoSlot) first = std::min(first, jobs_[slot].life.due);
  if (!next_repeats_.empty()) first = std::min(first, next_repeats_.begin()->first);
  if (first == Instant::max()) return std::nullopt;
  return first;
}

Expected<bool> JobQueue::ack(Instant now, std::uint64_t id, std::uint32_t take) {
  advance(now);
  const auto slot = taken_slot(id, take);
  if (!slot) return slot.error();
  finish(*slot);
  ++totals_.done;
  return true;
}

Expected<bool> JobQueue::release(Instant now, std::uint64_t id, std::uint32_t take, Duration delay) {
  advance(now);
  const auto slot = taken_slot(id, take);
  if (!slot) return slot.error();
  leave(*slot);
  enter(*slot, delay > Duration::zero() ? State::delayed : State::ready, saturating_add(now, delay));
  return true;
}

Expected<bool> JobQueue::bury(Instant now, std::uint64_t id, std::uint32_t take) {
  advance(now);
  const auto slot = taken_slot(id, take);
  if (!slot) return slot.error();
  leave(*slot);
  enter(*slot, State::buried, now);
  return true;
}

Expected<bool> JobQueue::touch(Instant now, std::uint64_t id, std::uint32_t take, Duration more) {
  advance(now);
  const auto slot = taken_slot(id, take);
  if (!slot) return slot.error();
  const Instant run = jobs_[*slot].due.due, life = jobs_[*slot].life.due;
  runs_.remove(jobs_, *slot);
  runs_.add(jobs_, *slot, saturating_add(run, more));
  lives_.remove(jobs_, *slot);
  lives_.add(jobs_, *slot, saturating_add(life, more));
  return true;
}

Expected<std::optional<Duration>> JobQueue::fail(Instant now, std::uint64_t id, std::uint32_t take) {
  advance(now);
  const auto found = taken_slot(id, take);
  if (!found) return found.error();
  const Slot slot = *found;
  ++totals_.failed;
  leave(slot);
  const Job& job = jobs_[slot];
  if (options_.attempts > 0 && job.tries >= options_.attempts) {
    enter(slot, State::buried, now);
    return std::optional<Duration>();
  }
  Duration wait = options_.backoff;
  for (std::uint32_t i = 1; i < job.tries && wait < options_.backoff_max; ++i) {
    wait = wait > options_.backoff_max / 2 ? options_.backoff_max : wait * 2;
  }
  wait = std::min(wait, options_.backoff_max);
  using Jitter = JobQueueOptions::Jitter;
  if (options_.jitter == Jitter::full) wait = from_seconds(to_seconds(wait) * rng_.unit());
  if (options_.jitter == Jitter::equal) wait = wait / 2 + from_seconds(to_seconds(wait / 2) * rng_.unit());
  enter(slot, wait > Duration::zero() ? State::delayed : State::ready, saturating_add(now, wait));
  return std::optional(wait);
}

Expected<bool> JobQueue::remove(Instant now, std::uint64_t id) {
  advance(now);
  const Slot slot = slot_of(id);
  if (slot == kNoSlot) return Error{"not_found", "there is no job " + std::to_string(id), true};
  finish(slot);
  return true;
}

std::size_t JobQueue::kick(Instant now, std::size_t n) {
  advance(now);
  std::size_t kicked = 0;
  for (; kicked < n && !buried_.empty(); ++kicked) {
    const Slot slot = slot_of(*buried_.begin());
    leave(slot);
    jobs_[slot].tries = 0;
    enter(slot, State::ready, now);
  }
  return kicked;
}

void JobQueue::repeat(Instant now, std::string name, Schedule schedule, NewJob job, bool overlap) {
  advance(now);
  cancel_repeat(name);
  const Instant next = schedule.after(now);
  if (next != Instant::max()) next_repeats_.insert({next, name});
  repeats_.insert_or_assign(std::move(name), Repeat{schedule, std::move(job), overlap, next});
}

bool JobQueue::cancel_repeat(const std::string& name) {
  const auto found = repeats_.find(name);
  if (found == repeats_.end()) return false;
  next_repeats_.erase({found->second.next, name});
  repeats_.erase(found);
  return true;
}

JobQueue::State JobQueue::state(Instant now, std::uint64_t id) {
  advance(now);
  const Slot slot = slot_of(id);
  return slot == kNoSlot ? State::free : jobs_[slot].state;
}

JobQueue::Counts JobQueue::counts(Instant now) {
  advance(now);
  Counts counts = totals_;
  counts.taken = runs_.size();
  counts.delayed = delays_.size();
  counts.buried = buried_.size();
  counts.ready = index_.size() - counts.taken - counts.delayed - counts.buried;
  return counts;
}

}  // namespace syslab
