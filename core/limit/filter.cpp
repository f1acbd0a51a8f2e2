#include "core/limit/filter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

std::uint64_t budget_of(const Request& request, LimitFilterOptions::By by) {
  return by == LimitFilterOptions::By::caller ? request.from.index : request.key().hash();
}

// What both kinds of limit filters do with what was decided.
class CountingFilter : public FilterService {
 protected:
  CountingFilter(bool dry_run, ServicePtr inner)
      : FilterService("limit", std::move(inner)), dry_run_(dry_run) {}

  void pass(Env& env, Duration delay, Request request, Reply reply) {
    ++admitted_;
    if (delay <= Duration::zero() || dry_run_) {
      inner_->call(env, std::move(request), std::move(reply));
      return;
    }
    ++delayed_;
    env.after(delay, [this, &env, request = std::move(request), reply = std::move(reply)] {
      inner_->call(env, request, reply);
    });
  }
  // Whether the request goes on all the same.
  bool count_refusal() {
    ++refused_;
    return dry_run_;
  }

  Value counters(std::string limiter) const {
    Value shown = Value::map({{"limiter", std::move(limiter)},
                              {"admitted", static_cast<double>(admitted_)},
                              {"delayed", static_cast<double>(delayed_)},
                              {"refused", static_cast<double>(refused_)}});
    return dry_run_ ? shown.with("dry_run", true) : shown;
  }

 private:
  const bool dry_run_;
  std::uint64_t admitted_ = 0;
  std::uint64_t delayed_ = 0;
  std::uint64_t refused_ = 0;
};

class RateFilter final : public CountingFilter {
 public:
  RateFilter(const LimitFilterOptions& options, ServicePtr inner)
      : CountingFilter(options.dry_run, std::move(inner)),
        limiter_(options.limiter ? options.limiter() : nullptr),
        keyed_(options.keyed_limiter ? options.keyed_limiter() : nullptr),
        by_(options.by) {}

  void call(Env& env, Request request, Reply reply) override {
    const Decision decision =
        limiter_ ? limiter_->admit(env.now()) : keyed_->admit(budget_of(request, by_), env.now());
    if (decision.admitted) {
      pass(env, decision.delay, std::move(request), std::move(reply));
    } else if (count_refusal()) {
      inner_->call(env, std::move(request), std::move(reply));
    } else {
      reply(make_error("rate_limited", decision.retry_after == Duration::max()
                                           ? "never admitted"
                                           : fmt::format("again in {} s", to_seconds(decision.retry_after))));
    }
  }

 private:
  Value state() const override { return counters(limiter_ ? limiter_->describe() : keyed_->describe()); }

  const std::unique_ptr<Limiter> limiter_;
  const std::unique_ptr<KeyedLimiter> keyed_;
  const LimitFilterOptions::By by_;
};

class ConcurrencyFilter final : public CountingFilter {
 public:
  ConcurrencyFilter(const LimitFilterOptions& options, ServicePtr inner)
      : CountingFilter(options.dry_run, std::move(inner)),
        limiter_(options.concurrency ? options.concurrency() : nullptr),
        keyed_(options.keyed_concurrency ? options.keyed_concurrency() : nullptr),
        by_(options.by) {}

  void call(Env& env, Request request, Reply reply) override {
    const std::uint64_t key = keyed_ ? budget_of(request, by_) : 0;
    const Admission admission = limiter_ ? limiter_->acquire() : keyed_->acquire(key);
    if (!admission.admitted) {
      if (count_refusal()) {
        inner_->call(env, std::move(request), std::move(reply));
      } else {
        reply(
            make_error("overloaded", fmt::format("{} requests are inside",
                                                 limiter_ ? limiter_->in_flight() : keyed_->in_flight(key))));
      }
      return;
    }
    // What is held back is no part of the service's latency.
    const Instant since = env.now() + admission.delay;
    pass(env, admission.delay, std::move(request),
         [this, &env, key, since, reply = std::move(reply)](Result result) {
           const RequestOutcome outcome = result                     ? RequestOutcome::success
                                   : is_fault(result.error()) ? RequestOutcome::dropped
                                                              : RequestOutcome::ignored;
           const Duration latency = std::max(env.now() - since, Duration::zero());
           if (limiter_) {
             limiter_->release(outcome, latency);
           } else {
             keyed_->release(key, outcome, latency);
           }
           reply(std::move(result));
         });
  }

 private:
  Value state() const override {
    Value shown = counters(limiter_ ? limiter_->describe() : keyed_->describe());
    if (!limiter_) return shown;
    return shown.with("inside", static_cast<double>(limiter_->in_flight())).with("limit", limiter_->limit());
  }

  const std::unique_ptr<ConcurrencyLimiter> limiter_;
  const std::unique_ptr<KeyedConcurrencyLimiter> keyed_;
  const LimitFilterOptions::By by_;
};

}  // namespace

Filter make_limit_filter(const LimitFilterOptions& options) {
  const bool rate = options.limiter != nullptr || options.keyed_limiter != nullptr;
  SYSLAB_ASSERT((options.limiter != nullptr) + (options.keyed_limiter != nullptr) +
                    (options.concurrency != nullptr) + (options.keyed_concurrency != nullptr) ==
                1);
  return [options, rate](ServicePtr inner) -> ServicePtr {
    if (rate) return std::make_shared<RateFilter>(options, std::move(inner));
    return std::make_shared<ConcurrencyFilter>(options, std::move(inner));
  };
}

}  // namespace syslab
