#include "core/topic/delivery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace syslab {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kProtocols[] = {"queue", "function", "http", "mail"};
constexpr std::string_view kTypes[] = {"send", "invoke", "post", "mail"};

}  // namespace

std::string_view to_string(DeliveryProtocol protocol) {
  return kProtocols[static_cast<std::size_t>(protocol)];
}

Expected<DeliveryProtocol> protocol_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kProtocols); ++i) {
    if (kProtocols[i] == name) return static_cast<DeliveryProtocol>(i);
  }
  return Error{"InvalidParameter",
               fmt::format("Invalid parameter: Protocol: '{}' is not queue, function, http or mail", name),
               true};
}

std::optional<Duration> RetryPlan::wait_before(std::uint32_t n) const {
  for (const Phase& phase : phases) {
    if (n > phase.attempts) {
      n -= phase.attempts;
      continue;
    }
    Duration wait = phase.wait;
    if (phase.wait_max > Duration::zero()) {
      for (std::uint32_t i = 1; i < n && wait < phase.wait_max; ++i)
        wait = std::min(wait * 2, phase.wait_max);
    }
    return wait;
  }
  return std::nullopt;
}

RetryPlan managed_retries() {
  return {.phases = {
              {3, Duration::zero()}, {2, seconds(1)}, {10, seconds(1), seconds(20)}, {100000, seconds(20)}}};
}

RetryPlan http_retries() {
  return {.phases = {{3, seconds(20)}}};
}

RetryPlan mail_retries() {
  return {.phases = {{2, seconds(10)}, {10, seconds(10), minutes(10)}, {38, minutes(10)}},
          .age_max = hours(6)};
}

RetryPlan bus_retries() {
  return {.phases = {{184, seconds(1), minutes(10)}}, .age_max = hours(24), .jitter = true};
}

Request request_for(const Endpoint& to, Value message) {
  if (to.protocol == DeliveryProtocol::queue) message = message.with("queue", to.queue);
  return {.type = std::string(kTypes[static_cast<std::size_t>(to.protocol)]), .body = std::move(message)};
}

struct Courier::Parcel {
  Endpoint to;
  Value message;
  RetryPlan plan;
  Endpoint dead_letters;
  Done done;
  Instant born;
  std::uint32_t attempts = 0;
  bool letter = false;  // on its way to the dead-letter queue
};

void Courier::deliver(Env& env, const Endpoint& to, Value message, const RetryPlan& plan,
                      const Endpoint& dead_letters, Done done) {
  ++counts_.pending;
  attempt(env, std::make_shared<Parcel>(
                   Parcel{to, std::move(message), plan, dead_letters, std::move(done), env.now()}));
}

void Courier::attempt(Env& env, std::shared_ptr<Parcel> parcel) {
  ++parcel->attempts;
  ++counts_.attempts;
  const auto node = env.find(parcel->to.node);
  if (!node) return give_up(env, parcel, node.error());
  env.call(*node, request_for(parcel->to, parcel->message), parcel->plan.timeout,
           [this, &env, parcel](const Result& result) {
             if (!result.ok()) return failed(env, parcel, result.error());
             ++(parcel->letter ? counts_.dead : counts_.delivered);
             finish(parcel);
           });
}

void Courier::failed(Env& env, const std::shared_ptr<Parcel>& parcel, const Error& error) {
  const bool may_pass = is_fault(error) || error.code == "rate_limited" || error.code == "RequestThrottled";
  const auto wait = parcel->plan.wait_before(parcel->attempts);
  if (!may_pass || !wait || env.now() - parcel->born > parcel->plan.age_max)
    return give_up(env, parcel, error);
  ++counts_.retried;
  Duration pause = *wait;
  if (parcel->plan.jitter) pause = from_seconds(to_seconds(pause) * (1 - env.rng().unit()));
  env.after(pause, [this, &env, parcel] { attempt(env, parcel); });
}

// The letter says where it was to go and why it did not get there. A dead-letter queue is tried as any
// managed one.
void Courier::give_up(Env& env, const std::shared_ptr<Parcel>& parcel, const Error& error) {
  if (parcel->letter || parcel->dead_letters.node.empty()) {
    ++counts_.dropped;
    return finish(parcel);
  }
  const Value& attributes = parcel->message["attributes"];
  parcel->message = parcel->message.with("attributes", (attributes.is_map() ? attributes : Value())
                                                           .with("endpoint", parcel->to.node)
                                                           .with("error", error.code));
  parcel->letter = true;
  parcel->to = parcel->dead_letters;
  parcel->plan = managed_retries();
  parcel->born = env.now();
  parcel->attempts = 0;
  attempt(env, parcel);
}

void Courier::finish(const std::shared_ptr<Parcel>& parcel) {
  --counts_.pending;
  if (parcel->done) parcel->done();
}

}  // namespace syslab
