#include <fmt/format.h>

#include <algorithm>

#include "bindings/host/convert.hpp"
#include "bindings/host/lua_host.hpp"
#include "bindings/host/object.hpp"
#include "core/queue/job_queue.hpp"

namespace syslab {
namespace {

Instant job_now(lua_State* L, const Arguments& a) {
  return Instant(from_seconds(a.number("now", LuaHost::of(L).seconds())));
}

Param now_param() {
  return number("now", "the time in seconds; it does not run backwards")
      .at_least(0)
      .at_most(9e9)
      .optional("the last world's");
}

std::vector<Param> job_params(std::vector<Param> more) {
  std::vector<Param> params = {count("id", "of the job"),
                               count("take", "the token of the take").at_most(4e9)};
  for (Param& p : more) params.push_back(std::move(p));
  params.push_back(now_param());
  return params;
}

std::uint32_t token(const Arguments& a) {
  return static_cast<std::uint32_t>(a.count("take"));
}

int push_done(lua_State* L, const Expected<bool>& done) {
  if (!done) return push_failure(L, done.error());
  lua_pushboolean(L, *done);
  return 1;
}

NewJob new_job(const Arguments& a) {
  NewJob job;
  job.data = a.value("data");
  job.priority = static_cast<std::int64_t>(a.number("priority", 0));
  job.ttl = a.maybe_duration("ttl");
  job.ttr = a.maybe_duration("ttr");
  job.delay = a.maybe_duration("delay");
  job.tube = a.string("tube", "");
  return job;
}

std::vector<Param> new_job_params() {
  return {value("data", "what is to be done").optional("nil"),
          number("priority", "the smaller, the sooner").at_least(-1e15).at_most(1e15).optional("0"),
          duration("ttl", "how long it lives").optional("the queue's"),
          duration("ttr", "how long it may run before it goes back").optional("the queue's"),
          duration("delay", "not before then").optional("the queue's"),
          string("tube", "of utubes: one job of a tube at a time").optional("none")};
}

int put(lua_State* L, JobQueue& q, Arguments& a) {
  const auto id = q.put(job_now(L, a), new_job(a));
  if (!id) return push_failure(L, id.error());
  lua_pushnumber(L, static_cast<double>(*id));
  return 1;
}

int take(lua_State* L, JobQueue& q, Arguments& a) {
  const auto job = q.take(job_now(L, a));
  if (!job) {
    lua_pushnil(L);
    return 1;
  }
  push_value(L, Value::map({{"id", static_cast<double>(job->id)},
                            {"take", static_cast<double>(job->take)},
                            {"priority", static_cast<double>(job->priority)},
                            {"tube", job->tube},
                            {"data", job->data}}));
  return 1;
}

int ack(lua_State* L, JobQueue& q, Arguments& a) {
  return push_done(L, q.ack(job_now(L, a), a.count("id"), token(a)));
}
int release(lua_State* L, JobQueue& q, Arguments& a) {
  return push_done(L,
                   q.release(job_now(L, a), a.count("id"), token(a), a.duration("delay", Duration::zero())));
}
int bury(lua_State* L, JobQueue& q, Arguments& a) {
  return push_done(L, q.bury(job_now(L, a), a.count("id"), token(a)));
}
int touch(lua_State* L, JobQueue& q, Arguments& a) {
  return push_done(L, q.touch(job_now(L, a), a.count("id"), token(a), a.duration("more")));
}
int remove(lua_State* L, JobQueue& q, Arguments& a) {
  return push_done(L, q.remove(job_now(L, a), a.count("id")));
}

int fail(lua_State* L, JobQueue& q, Arguments& a) {
  const auto wait = q.fail(job_now(L, a), a.count("id"), token(a));
  if (!wait) return push_failure(L, wait.error());
  if (*wait) {
    lua_pushnumber(L, to_seconds(**wait));
  } else {
    lua_pushboolean(L, 0);
  }
  return 1;
}

int kick(lua_State* L, JobQueue& q, Arguments& a) {
  lua_pushnumber(L, static_cast<double>(q.kick(job_now(L, a), a.count("count", 1))));
  return 1;
}

int repeats(lua_State* L, JobQueue& q, Arguments& a) {
  if (a.has("cron") == a.has("every")) a.reject("cron", "give either cron or every");
  Schedule schedule = Schedule::every(std::chrono::seconds(1));
  if (a.has("every")) {
    schedule = Schedule::every(a.duration("every"));
  } else {
    auto cron = Schedule::cron(a.string("cron"));
    if (!cron) a.reject("cron", cron.error().message);
    schedule = *cron;
  }
  q.repeat(job_now(L, a), a.string("name"), schedule, new_job(a), a.boolean("overlap", true));
  return 0;
}

int cancel(lua_State* L, JobQueue& q, Arguments& a) {
  lua_pushboolean(L, q.cancel_repeat(a.string("name")));
  return 1;
}

int state(lua_State* L, JobQueue& q, Arguments& a) {
  const std::string_view text = to_string(q.state(job_now(L, a), a.count("id")));
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int next_take(lua_State* L, JobQueue& q, Arguments& a) {
  const auto at = q.next_take(job_now(L, a));
  if (!at) return 0;
  lua_pushnumber(L, to_seconds(*at));
  return 1;
}

int counts(lua_State* L, JobQueue& q, Arguments& a) {
  const JobQueue::Counts c = q.counts(job_now(L, a));
  const auto n = [](auto count) { return Value(static_cast<double>(count)); };
  push_value(L, Value::map({{"ready", n(c.ready)},
                            {"taken", n(c.taken)},
                            {"delayed", n(c.delayed)},
                            {"buried", n(c.buried)},
                            {"put", n(c.put)},
                            {"done", n(c.done)},
                            {"expired", n(c.expired)},
                            {"timed_out", n(c.timed_out)},
                            {"failed", n(c.failed)},
                            {"skipped", n(c.skipped)}}));
  return 1;
}

std::vector<Param> repeat_params() {
  std::vector<Param> params = {
      string("name", "of the repetition; one of the same name is replaced"),
      string("cron", "five fields: minute hour day month weekday; time 0 is Thursday 1970-01-01 00:00 UTC")
          .optional("none"),
      duration("every", "an interval instead").above(0).optional("none"),
      boolean("overlap", "put one even if the job of the time before is not done").optional("true")};
  for (Param& p : new_job_params()) params.push_back(std::move(p));
  params.push_back(now_param());
  return params;
}

std::vector<Param> put_params() {
  std::vector<Param> params = new_job_params();
  params.push_back(now_param());
  return params;
}

const Type job_queue{describe_type<JobQueue>(
    "JobQueue",
    "Jobs that are ready, delayed, taken, buried or done. Time is an argument (left out, that of the last "
    "world).",
    {
        method<&ack>("ack", job_params({}), "true | nil, err", "The job is done."),
        method<&bury>("bury", job_params({}), "true | nil, err", "Puts it aside until somebody kicks it."),
        method<&cancel>("cancel", {string("name", "of the repetition")}, "boolean", "Ends a repetition."),
        method<&counts>("counts", {now_param()}, "table", "Jobs in each state, and totals."),
        method<&remove>("delete", {count("id", "of the job"), now_param()}, "true | nil, err",
                        "Takes it away in any state."),
        method<&fail>("fail", job_params({}), "seconds until the retry, false if buried | nil, err",
                      "The work failed: it is retried after a backoff, or buried after its last attempt."),
        method<&kick>("kick", {count("count", "how many").optional("1"), now_param()}, "number",
                      "Makes buried jobs ready again, oldest first."),
        method<&next_take>("next_take", {now_param()}, "seconds | nil", "When a take may succeed."),
        method<&put>("put", put_params(), "id | nil, err", "Adds a job."),
        method<&release>("release", job_params({duration("delay", "not before then").optional("0")}),
                         "true | nil, err", "Gives it back."),
        method<&repeats>("repeats", repeat_params(), "", "Puts a job at every time of a schedule."),
        method<&state>("state", {count("id", "of the job"), now_param()},
                       "ready | taken | delayed | buried | done", "Its state."),
        method<&take>("take", {now_param()}, "{ id, take, data, priority, tube } | nil",
                      "Takes the next job."),
        method<&touch>("touch", job_params({duration("more", "seconds")}), "true | nil, err",
                       "More time to run and live."),
    },
    [](lua_State*, int) -> std::string { return "jobs"; })};

const Component jobs{{
    .name = "queue.jobs",
    .summary = "A job queue: priorities, time to live and to run, delays, tubes, retries with backoff and "
               "jitter, bounds on "
               "rate and concurrency, repetition by interval or cron line.",
    .params = {choice("kind", {"fifo", "fifottl", "utube", "utubettl"},
                      "fifo: neither priority nor times; utube: one job of a tube at a time")
                   .optional("'fifottl'"),
               duration("ttl", "how long a job lives").optional("for ever"),
               duration("ttr", "how long a job may run before it goes back").optional("for ever"),
               duration("delay", "how long a job waits at first").optional("0"),
               count("attempts", "takes that fail or time out before a job is buried")
                   .at_most(4e9)
                   .optional("no bound"),
               duration("backoff", "the first wait after a failure; it doubles").optional("1 s"),
               duration("backoff_max", "the longest wait").optional("1 h"),
               choice("jitter", {"none", "full", "equal"}, "how the waits vary").optional("full"),
               rate("rate", "takes a second").optional("no bound"),
               number("burst", "takes at once").at_least(1).at_most(1e9).optional("1"),
               count("concurrency", "jobs taken at once").optional("no bound"),
               count("seed", "of the jitter").optional("the session's seed")},
    .returns = "JobQueue",
    .cost = "O(log n) a call",
    .paper = "tarantool/queue; Brooker 2015, Exponential backoff and jitter",
    .example = R"(
local q = lab.queue.jobs{ attempts = 2, backoff = 10, jitter = "none" }
q:put("later", { priority = 5, now = 0 }); q:put("now", { now = 0 })
local job = q:take{ now = 0 }
local retry_in = q:fail(job.id, job.take, { now = 1 })
local other = q:take{ now = 1 }
local again = q:take{ now = 11 }
local buried = q:fail(again.id, again.take, { now = 12 }) == false
return job.data == "now" and retry_in == 10 and other.data == "later" and again.data == "now" and buried
  and q:kick{ now = 13 } == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          JobQueueOptions o;
          using Kind = JobQueueOptions::Kind;
          using Jitter = JobQueueOptions::Jitter;
          const std::string kind = a.string("kind", "fifottl");
          o.kind = kind == "fifo"       ? Kind::fifo
                   : kind == "utube"    ? Kind::utube
                   : kind == "utubettl" ? Kind::utubettl
                                        : Kind::fifottl;
          const bool timed = kind == "fifottl" || kind == "utubettl";
          for (const char* name : {"ttl", "ttr", "delay"}) {
            if (a.has(name) && !timed)
              a.reject(name, fmt::format("'{}' has no times: use fifottl or utubettl", kind));
          }
          o.ttl = a.duration("ttl", o.ttl);
          o.ttr = a.duration("ttr", o.ttr);
          o.delay = a.duration("delay", o.delay);
          o.attempts = static_cast<std::uint32_t>(a.count("attempts", 0));
          o.backoff = a.duration("backoff", o.backoff);
          o.backoff_max = a.duration("backoff_max", o.backoff_max);
          const std::string jitter = a.string("jitter", "full");
          o.jitter = jitter == "none" ? Jitter::none : jitter == "equal" ? Jitter::equal : Jitter::full;
          o.rate = a.number("rate", 0);
          o.burst = a.number("burst", 1);
          o.concurrency = a.count("concurrency", 0);
          o.seed = a.count("seed", LuaHost::of(L).options().seed);
          return push(L, std::make_shared<JobQueue>(o));
        },
}};

}  // namespace
}  // namespace syslab
