#include "core/resilience/breaker.hpp"

#include <algorithm>
#include <string>

#include "core/base/assert.hpp"

namespace syslab {

Breaker::Breaker(const BreakerOptions& options)
    : options_(options), ring_(std::max(options.window, options.trials)) {
  SYSLAB_ASSERT(options.window >= 1);
  SYSLAB_ASSERT(options.trials >= 1);
  SYSLAB_ASSERT(options.failure_rate > 0 && options.failure_rate <= 1);
  SYSLAB_ASSERT(options.slow_rate > 0 && options.slow_rate <= 1);
  enter(State::closed, Instant{});
}

std::string_view Breaker::name_of(State state) {
  return state == State::closed ? "closed" : state == State::open ? "open" : "half_open";
}

void Breaker::enter(State state, Instant now) {
  state_ = state;
  since_ = now;
  ++period_;
  admitted_ = 0;
  size_ = state == State::half_open ? options_.trials : options_.window;
  next_ = filled_ = 0;
  failures_ = slows_ = 0;
}

std::optional<Breaker::Ticket> Breaker::admit(Instant now) {
  if (state_ == State::half_open && options_.trial_time && now - since_ >= *options_.trial_time)
    enter(State::open, now);
  if (state_ == State::open) {
    if (now - since_ < options_.open_time) return std::nullopt;
    enter(State::half_open, now);
  }
  if (state_ == State::half_open) {
    if (admitted_ == options_.trials) return std::nullopt;
    ++admitted_;
  }
  return Ticket{period_};
}

void Breaker::record(Instant now, Ticket ticket, bool failed, Duration took) {
  if (ticket.period != period_) return;
  const bool slow = options_.slow && took >= *options_.slow;
  if (filled_ == size_) {
    failures_ -= (ring_[next_] & kFailed) != 0;
    slows_ -= (ring_[next_] & kSlow) != 0;
  } else {
    ++filled_;
  }
  ring_[next_] = static_cast<std::uint8_t>((failed ? kFailed : 0) | (slow ? kSlow : 0));
  failures_ += failed;
  slows_ += slow;
  next_ = next_ + 1 == size_ ? 0 : next_ + 1;

  if (state_ == State::half_open) {
    if (filled_ == size_) enter(too_bad() ? State::open : State::closed, now);
  } else if (filled_ >= std::min(options_.minimum_calls, options_.window) && too_bad()) {
    enter(State::open, now);
  }
}

bool Breaker::too_bad() const {
  return failure_rate() >= options_.failure_rate || (options_.slow && slow_rate() >= options_.slow_rate);
}

double Breaker::failure_rate() const {
  return filled_ == 0 ? 0 : static_cast<double>(failures_) / static_cast<double>(filled_);
}
double Breaker::slow_rate() const {
  return filled_ == 0 ? 0 : static_cast<double>(slows_) / static_cast<double>(filled_);
}

namespace {

class BreakerFilter final : public FilterService {
 public:
  BreakerFilter(const BreakerOptions& options, ServicePtr inner)
      : FilterService("breaker", std::move(inner)), breaker_(options) {}

  void call(Env& env, Request request, Reply reply) override {
    const std::optional<Breaker::Ticket> ticket = breaker_.admit(env.now());
    note_change(env);
    if (!ticket) {
      ++refused_;
      reply(make_error("unavailable", "the circuit breaker is " + shown_state()));
      return;
    }
    inner_->call(env, std::move(request),
                 [this, &env, ticket = *ticket, begun = env.now(), reply = std::move(reply)](Result result) {
                   const bool failed = !result.ok() && is_fault(result.error());
                   breaker_.record(env.now(), ticket, failed, env.now() - begun);
                   note_change(env);
                   reply(std::move(result));
                 });
  }

 private:
  std::string shown_state() const {
    return breaker_.state() == Breaker::State::half_open ? "half open"
                                                         : std::string(Breaker::name_of(breaker_.state()));
  }

  void note_change(Env& env) {
    if (breaker_.state() == last_) return;
    last_ = breaker_.state();
    opened_ += last_ == Breaker::State::open;
    env.log("the circuit breaker is " + shown_state(), Value::map({{"state", Breaker::name_of(last_)}}));
  }

  Value state() const override {
    return Value::map({{"state", Breaker::name_of(breaker_.state())},
                       {"failure_rate", breaker_.failure_rate()},
                       {"slow_rate", breaker_.slow_rate()},
                       {"results", static_cast<double>(breaker_.results())},
                       {"opened", static_cast<double>(opened_)},
                       {"refused", static_cast<double>(refused_)}});
  }

  Breaker breaker_;
  Breaker::State last_ = Breaker::State::closed;
  std::uint64_t opened_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

Filter make_breaker(const BreakerOptions& options) {
  return [options](ServicePtr inner) { return std::make_shared<BreakerFilter>(options, std::move(inner)); };
}

}  // namespace syslab
