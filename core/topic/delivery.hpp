// Delivery: brings one message to an endpoint, with retries in phases, and to a dead-letter queue when all
// have failed.
//
// A failure that speaks of the endpoint's health (a timeout, a crash, an overload) or of its rate is retried;
// one that speaks of the request (no such queue, no access) is not, because it would fail again. Cost: a call
// and a timer an attempt; memory O(deliveries under way).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/service.hpp"

namespace syslab {

// What stands behind a node's service, so what it is asked: {type = "send", queue, body ...}, {type =
// "invoke", ...}, {type = "post", ...}, {type = "mail", ...}.
enum class DeliveryProtocol : std::uint8_t { queue, function, http, mail };
std::string_view to_string(DeliveryProtocol protocol);
Expected<DeliveryProtocol> protocol_named(std::string_view name);  // errors: InvalidParameter

struct Endpoint {
  std::string node = {};
  DeliveryProtocol protocol = DeliveryProtocol::queue;
  std::string queue = {};  // of protocol queue
};

// Waits between attempts: phases of equal waits, or of waits that grow from `wait` to `wait_max` by doubling.
struct RetryPlan {
  struct Phase {
    std::uint32_t attempts;
    Duration wait;
    Duration wait_max = Duration::zero();  // zero: all waits are equal
  };
  std::vector<Phase> phases = {};
  Duration age_max = Duration::max();           // none after that
  bool jitter = false;                          // waits are uniform in (0, wait]
  Duration timeout = std::chrono::seconds(15);  // of one attempt

  // The wait before attempt `n` (the first retry is 1); none after the last one.
  std::optional<Duration> wait_before(std::uint32_t n) const;
};

// Published plans (from memory where the page was not at hand, so defaults of ours):
//   managed  queues and functions of the same vendor: 3 at once, 2 after 1 s, 10 from 1 s to 20 s, 100 000
//            every 20 s
//   http     3 retries, 20 s apart
//   mail     as SNS for mail and SMS: 50 in all over 6 hours
//   bus      185 attempts over 24 hours, exponential with jitter
RetryPlan managed_retries();
RetryPlan http_retries();
RetryPlan mail_retries();
RetryPlan bus_retries();

struct DeliveryCounts {
  std::uint64_t attempts = 0;
  std::uint64_t delivered = 0;
  std::uint64_t retried = 0;
  std::uint64_t dead = 0;     // reached the dead-letter queue
  std::uint64_t dropped = 0;  // had none, or it failed, too
  std::uint64_t pending = 0;
};

// Deliveries of one process; it must outlive them, as services do.
class Courier {
 public:
  using Done = std::function<void()>;
  // `dead_letters` without a node: none. `done` is called when it is delivered, dead or dropped.
  void deliver(Env& env, const Endpoint& to, Value message, const RetryPlan& plan,
               const Endpoint& dead_letters, Done done = {});
  const DeliveryCounts& counts() const { return counts_; }

 private:
  struct Parcel;
  void attempt(Env& env, std::shared_ptr<Parcel> parcel);
  void failed(Env& env, const std::shared_ptr<Parcel>& parcel, const Error& error);
  void give_up(Env& env, const std::shared_ptr<Parcel>& parcel, const Error& error);
  void finish(const std::shared_ptr<Parcel>& parcel);

  DeliveryCounts counts_;
};

// The request that brings a message to an endpoint.
Request request_for(const Endpoint& to, Value message);

}  // namespace syslab
