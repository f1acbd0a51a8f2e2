// Topic: a service to which one publishes once and from which every subscriber gets a copy.
//
// A filter: the service inside says what a request costs. Requests:
//
//   publish {body, subject, attributes, group, dedup}
//       -> {id, duplicate}; answered before anything is delivered
//   subscribe {name, to, protocol, queue, filter, scope, raw, dead_letter = {to, queue}}
//       -> true
//   unsubscribe {name}
//       -> whether there was one
//   set_filter {name, filter, scope}
//       -> true, at once; it takes effect after `propagation`
//   set_propagation {seconds}
//       -> true: later changes take that long; nil: as at first. The fault lab.fault.propagation does this.
//   subscriptions {}
//       -> list of {name, to, protocol, filter, delivered ...}
//
// A subscriber is a node and a protocol: a queue of a broker, a function, an http endpoint, a mailbox. Its
// filter looks at the message's attributes, or (scope = "body") at its body. With `raw` a queue gets the body
// as it was published, else an envelope {type, id, topic, subject, body, attributes, sent_at}. Each delivery
// is retried by the plan of its protocol and then goes to the subscription's dead-letter queue, if it has
// one.
//
// fifo: messages carry a group and a dedup id (or content_dedup), a message is published once in five
// minutes, and each subscriber gets each group in order, one message at a time.
//
// Subscriptions given as options are there again after a crash; those made by requests, and deliveries under
// way, are not. Error codes as published: InvalidParameter, FilterPolicyLimitExceeded, NotFound. All are
// definite. Cost: O(subscriptions) a publish, and a call a delivery. Source: SNS developer guide.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/topic/delivery.hpp"
#include "core/topic/filter_policy.hpp"

namespace syslab {

struct Subscription {
  std::string name;
  Endpoint to;
  std::optional<FilterPolicy> filter = {};
  bool body_scope = false;
  bool raw = false;
  Endpoint dead_letters = {};
};

// From a map as in `subscribe`. Errors: InvalidParameter, FilterPolicyLimitExceeded.
Expected<Subscription> parse_subscription(const Value& given);

struct TopicOptions {
  std::string name = "topic";
  std::vector<Subscription> subscriptions = {};
  bool fifo = false;
  bool content_dedup = false;
  Duration dedup_window = std::chrono::minutes(5);
  std::size_t message_bytes_max = 262144;
  std::size_t filters_max = 200;          // policies of one topic
  DistributionPtr propagation = {};       // of a filter's change, in seconds; null: at once
  std::optional<RetryPlan> retries = {};  // in place of every protocol's own
};

Filter make_topic(TopicOptions options);

}  // namespace syslab
