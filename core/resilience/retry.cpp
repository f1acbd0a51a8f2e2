#include "core/resilience/retry.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

// Millionths of a retry: a budget of 0.1 must allow the tenth request a retry exactly, which sums of doubles
// do not.
constexpr std::int64_t kRetry = 1'000'000;

class Retry final : public FilterService {
 public:
  Retry(const RetryOptions& options, ServicePtr inner)
      : FilterService("retry", std::move(inner)),
        options_(options),
        earned_(options.budget ? std::llround(*options.budget * static_cast<double>(kRetry)) : 0),
        saved_(reserve()) {}

  void call(Env& env, Request request, Reply reply) override {
    ++requests_;
    saved_ = std::min(reserve(), saved_ + earned_);
    attempt(env, std::make_shared<Job>(Job{std::move(request), std::move(reply), env.now()}));
  }

 private:
  struct Job {
    Request request;
    Reply reply;
    Instant begun;
    std::uint32_t attempts = 0;
    Duration waited = Duration::zero();  // before the last attempt
    bool definite = true;                // every attempt so far certainly did nothing
  };
  using JobPtr = std::shared_ptr<Job>;

  std::int64_t reserve() const { return options_.reserve * kRetry; }

  void attempt(Env& env, const JobPtr& job) {
    const std::uint32_t number = ++job->attempts;
    inner_->call(env, job->request, [this, &env, job, number](Result result) {
      if (number == job->attempts && job->reply) attempted(env, job, std::move(result));
    });
  }

  void attempted(Env& env, const JobPtr& job, Result result) {
    if (result.ok()) {
      finish(*job, std::move(result));
      return;
    }
    Error error = result.error();
    job->definite = job->definite && error.definite;
    if (may_pass(error) && (error.definite || options_.idempotent) && wait_and_retry(env, job)) return;
    error.definite = job->definite;
    finish(*job, std::move(error));
  }

  // Not inline: GCC 12 then believes that the error of a result that is a value is read, and warns.
  [[gnu::noinline]] static void finish(Job& job, Result result) { answer(job.reply, std::move(result)); }

  static bool may_pass(const Error& error) {
    return is_fault(error) || error.code == "rate_limited" || error.code == "not_leader";
  }

  // False where the job has had its share.
  bool wait_and_retry(Env& env, const JobPtr& job) {
    if (job->attempts >= options_.attempts) {
      ++exhausted_;
      return false;
    }
    const Duration wait = next_wait(env, *job);
    if (options_.within && env.now() - job->begun + wait > *options_.within) {
      ++exhausted_;
      return false;
    }
    if (options_.budget) {
      if (saved_ < kRetry) {
        ++over_budget_;
        return false;
      }
      saved_ -= kRetry;
    }
    ++retries_;
    job->waited = wait;
    // By a timer even where there is no wait: a service that fails at once would otherwise recurse.
    env.after(wait, [this, &env, job] { attempt(env, job); });
    return true;
  }

  Duration next_wait(Env& env, const Job& job) {
    if (!rng_) rng_ = env.rng().split("retry");
    using Jitter = RetryOptions::Jitter;
    if (options_.jitter == Jitter::decorrelated) {
      const Duration before = std::max(job.waited, options_.base);
      const Duration top = before > options_.max / 3 ? options_.max : before * 3;
      return std::min(options_.max, uniform(std::min(options_.base, top), top));
    }
    Duration wait = std::min(options_.base, options_.max);
    for (std::uint32_t n = 1; n < job.attempts && wait > Duration::zero() && wait < options_.max; ++n) {
      wait = wait > options_.max / 2 ? options_.max : wait * 2;
    }
    if (options_.jitter == Jitter::full) return uniform(Duration::zero(), wait);
    if (options_.jitter == Jitter::equal) return uniform(wait / 2, wait);
    return wait;
  }

  // Both ends included.
  Duration uniform(Duration low, Duration high) {
    return low + Duration(static_cast<std::int64_t>(
                     rng_->below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }

  Value state() const override {
    Value shown = Value::map({{"requests", static_cast<double>(requests_)},
                              {"retries", static_cast<double>(retries_)},
                              {"exhausted", static_cast<double>(exhausted_)}});
    if (!options_.budget) return shown;
    return shown.with("over_budget", static_cast<double>(over_budget_))
        .with("saved", static_cast<double>(saved_) / static_cast<double>(kRetry));
  }

  const RetryOptions options_;
  const std::int64_t earned_;  // by each request
  std::int64_t saved_;
  std::optional<Rng> rng_;
  std::uint64_t requests_ = 0;
  std::uint64_t retries_ = 0;
  std::uint64_t exhausted_ = 0;    // requests that failed after all attempts, or out of time
  std::uint64_t over_budget_ = 0;  // retries that were not made
};

}  // namespace

Filter make_retry(const RetryOptions& options) {
  SYSLAB_ASSERT(options.attempts >= 1);
  SYSLAB_ASSERT(options.base >= Duration::zero() && options.max >= Duration::zero());
  SYSLAB_ASSERT(!options.budget || (*options.budget >= 0 && *options.budget <= 1000));
  return [options](ServicePtr inner) { return std::make_shared<Retry>(options, std::move(inner)); };
}

}  // namespace syslab
